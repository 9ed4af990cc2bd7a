"""Losses with all their options."""
import torch
import torch.nn.functional as F

REDUCTIONS = ["mean", "sum", "none"]


def loss(f):
    cross_entropy(f)
    nll_loss(f)
    for reduction in REDUCTIONS:
        named = {"reduction": reduction}
        f.add("mse_loss", lambda a, b: F.mse_loss(a, b, **named), f.numbers(3, 4),
              f.numbers(3, 4), **named)
        f.add("l1_loss", lambda a, b: F.l1_loss(a, b, **named), f.numbers(3, 4), f.numbers(3, 4),
              **named)
        f.add("hinge_loss", lambda x, t: hinge(x, t, reduction), f.numbers(7),
              2.0 * f.mask(7).double() - 1, constants=(1,), **named)
        binary_cross_entropy(f, named)
    for name in ["mse_loss", "l1_loss"]:
        f.add(name, getattr(F, name), f.numbers(), f.numbers())


def hinge(score, target, reduction):
    """PyTorch has no such loss; this is Cortes & Vapnik's formula."""
    rows = torch.clamp(1 - target * score, min=0)
    return {"mean": rows.mean(), "sum": rows.sum(), "none": rows}[reduction]


def binary_cross_entropy(f, named):
    function = F.binary_cross_entropy_with_logits
    f.add("bce_with_logits", lambda x, t: function(x, t, **named), f.numbers(3, 4),
          f.numbers(3, 4, low=0, high=1), **named)
    wide = torch.cat([f.numbers(3, 1), f.numbers(4, 1, low=-50, high=50)])
    f.add("bce_with_logits", lambda x, t: function(x, t, **named), wide, f.mask(7, 1).double(),
          constants=(1,), **named)
    f.add("bce_with_logits", lambda x, t, p: function(x, t, pos_weight=p, **named),
          f.numbers(3, 4), f.numbers(3, 4, low=0, high=1), f.numbers(4, low=0.5, high=3),
          constants=(2,), **named)


def classes_last(function, logits, targets, **options):
    """PyTorch wants the classes second."""
    if logits.dim() > 2:
        logits = logits.movedim(-1, 1)
    return function(logits, targets, **options)


def cross_entropy(f):
    options = [{}, {"ignore_index": 2}, {"label_smoothing": 0.1}, {"weighted": True},
               {"ignore_index": 2, "label_smoothing": 0.25},
               {"ignore_index": 2, "weighted": True},
               {"label_smoothing": 0.25, "weighted": True},
               {"ignore_index": 0, "label_smoothing": 0.125, "weighted": True}]
    for shape in [(6, 5), (2, 3, 5)]:
        for option in options:
            for reduction in REDUCTIONS:
                named = dict(option, reduction=reduction)
                weights = [f.numbers(5, low=0.5, high=2)] if named.pop("weighted", False) else []
                targets = f.integers(5, *shape[:-1])
                targets.flatten()[:2] = torch.tensor([option.get("ignore_index", 1), 4])

                def function(x, t, *w):
                    weight = {"weight": w[0]} if w else {}
                    return classes_last(F.cross_entropy, x, t, **weight, **named)

                f.add("cross_entropy", function, f.numbers(*shape), targets, *weights,
                      constants=(2,), **named)
    f.add("cross_entropy", F.cross_entropy, f.numbers(3, 1), torch.zeros(3, dtype=torch.int64))
    f.add("cross_entropy", F.cross_entropy, f.numbers(1, 5, low=-1e4, high=1e4), f.integers(5, 1))
    default = torch.tensor([1, -100, 3])  # the default of ignore_index
    f.add("cross_entropy", F.cross_entropy, f.numbers(3, 5), default)


def nll_loss(f):
    for shape in [(4, 5), (2, 3, 5)]:
        for reduction in REDUCTIONS:
            for option in [{}, {"ignore_index": 1}]:
                for weighted in [False, True]:
                    named = dict(option, reduction=reduction)
                    weights = [f.numbers(5, low=0.5, high=2)] if weighted else []
                    targets = f.integers(5, *shape[:-1])
                    targets.flatten()[:2] = torch.tensor([1, 4])

                    def function(x, t, *w):
                        return classes_last(F.nll_loss, x, t, **named,
                                            **({"weight": w[0]} if w else {}))

                    f.add("nll_loss", function, f.numbers(*shape), targets, *weights,
                          constants=(2,), **named)
