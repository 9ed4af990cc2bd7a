"""Reductions, products of matrices, softmax and layer_norm."""
import torch
import torch.nn.functional as F


def over(dims, keepdim):
    """Attributes of a reduction; absent where they are the default."""
    return ({"dims": dims} if dims else {}) | ({"keepdim": True} if keepdim else {})


def reduce(f):
    choices = [([], False), ([0], False), ([1], True), ([-1], False), ([0, 2], False),
               ([2, 1], True), ([], True)]
    every = (0, 1, 2)
    ops = [
        ("sum", torch.sum),
        ("mean", torch.mean),
        ("logsumexp", torch.logsumexp),
        ("amax", torch.amax),
        ("amin", torch.amin),
    ]
    for name, function in ops:
        for dims, keepdim in choices:
            f.add(name, lambda x: function(x, tuple(dims) or every, keepdim=keepdim),
                  f.numbers(2, 3, 4), **over(dims, keepdim))
    for name, function in [("var", torch.var), ("std", torch.std)]:
        for dims, keepdim in choices[:6]:
            f.add(name, lambda x: function(x, tuple(dims) or every, keepdim=keepdim),
                  f.numbers(2, 3, 4), **over(dims, keepdim))
        for correction in [0, 2]:
            f.add(name, lambda x: function(x, (1,), correction=correction), f.numbers(2, 5),
                  dims=[1], correction=correction)
    for p in [1, 2, float("inf")]:
        order = {"p": p} if p < 3 else {"order": "infinity"}
        for dims, keepdim in choices[:5]:
            f.add("norm", lambda x: torch.linalg.vector_norm(x, p, tuple(dims) or None, keepdim),
                  f.numbers(2, 3, 4, away=0.1), **order, **over(dims, keepdim))
    extremes(f)
    edges(f)


def extremes(f):
    for name in ["max", "min"]:
        function = getattr(torch, name)
        f.add(name + "_all", function, f.numbers(2, 3, 4))
        for dim, keepdim in [(0, False), (1, True), (-1, False)]:
            f.add(name, lambda x: function(x, dim, keepdim=keepdim), f.numbers(2, 3, 4), dim=dim,
                  keepdim=keepdim)
    for name in ["argmax", "argmin"]:
        function = getattr(torch, name)
        f.add(name + "_all", function, f.numbers(2, 3, 4), constants=(0,))
        for dim, keepdim in [(0, False), (1, True), (-1, False)]:
            f.add(name, lambda x: function(x, dim, keepdim=keepdim), f.numbers(2, 3, 4),
                  constants=(0,), dim=dim, keepdim=keepdim)


def edges(f):
    for dim in [0, 1, -1]:
        f.add("cumsum", lambda x: x.cumsum(dim), f.numbers(2, 3, 4), dim=dim)
    for name, function in [("any", torch.any), ("all", torch.all)]:
        f.add(name, lambda x: function(x), f.mask(2, 3, 4))
        f.add(name, lambda x: function(x, 1), f.mask(2, 3, 4), dims=[1])
        f.add(name, lambda x: function(x, 2, keepdim=True), f.mask(2, 3, 4), dims=[2],
              keepdim=True)
    f.add("sum", lambda x: x.sum(1), f.integers(9, 2, 3), dims=[1])
    f.add("sum", lambda x: x.sum(0), f.mask(2, 3), dims=[0])
    f.add("cumsum", lambda x: x.cumsum(0), f.integers(9, 4), dim=0)
    f.add("sum", lambda x: x.sum(1), torch.empty(2, 0), dims=[1])
    f.add("logsumexp", lambda x: x.logsumexp(1), torch.empty(2, 0), dims=[1])
    f.add("sum", torch.sum, f.numbers())
    f.add("mean", torch.mean, f.numbers())
    f.add("logsumexp", lambda x: x.logsumexp(0), f.numbers(6, low=-1e4, high=1e4), dims=[0])
    infinite = f.numbers(2, 4)
    infinite[0, 1] = infinite[1, 3] = float("-inf")
    f.add("logsumexp", lambda x: x.logsumexp(1), infinite, dims=[1])


def product(f):
    shapes = [((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 2)), ((3, 4), (4, 2)), ((1, 4), (4, 1)),
              ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)),
              ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((2, 0), (0, 3)), ((0, 3), (3, 2)),
              ((2, 3, 0), (0, 4)), ((0, 2, 3), (3, 4)), ((17, 33), (33, 9))]
    for a, b in shapes:
        f.add("matmul", torch.matmul, f.numbers(*a), f.numbers(*b))
    for left, right in [(True, False), (False, True), (True, True)]:
        a, b = f.numbers(3, 4), f.numbers(4, 2)
        f.add("matmul", lambda a, b: (a.mT if left else a) @ (b.mT if right else b),
              a.mT.contiguous() if left else a, b.mT.contiguous() if right else b,
              transpose_a=left, transpose_b=right)
    for x in [(4,), (3, 4), (2, 3, 4), (0, 4)]:
        f.add("linear", F.linear, f.numbers(*x), f.numbers(5, 4))
        f.add("linear", F.linear, f.numbers(*x), f.numbers(5, 4), f.numbers(5))
    equations = {
        "ij->ji": [(2, 3)], "ba": [(2, 3)], "ij->": [(2, 3)], "ij->j": [(2, 3)],
        "ii->i": [(3, 3)], "ii": [(3, 3)], "bii->bi": [(2, 3, 3)], "bii->b": [(2, 3, 3)],
        "i,i->": [(3,), (3,)], "i,j->ij": [(2,), (3,)], "ij,ij->ij": [(2, 3), (2, 3)],
        "ij,ij->i": [(2, 3), (2, 3)], "ij,jk": [(2, 3), (3, 4)], "ij,jk->ki": [(2, 3), (3, 4)],
        "bij,bjk->bik": [(2, 3, 4), (2, 4, 5)], "bij,bkj->bik": [(2, 3, 4), (2, 5, 4)],
        "bhqd,bhkd->bhqk": [(2, 2, 3, 4), (2, 2, 5, 4)], "ijk,kl->ijl": [(2, 3, 4), (4, 5)],
        "bsd,bs->bd": [(2, 3, 4), (2, 3)], "ij,kl->ijkl": [(2, 3), (2, 2)],
        "ijk,jil->kl": [(2, 3, 4), (3, 2, 5)], "i,ij,j->": [(2,), (2, 3), (3,)],
        "ab,bc,cd->ad": [(2, 3), (3, 4), (4, 2)], "ij,k->": [(2, 3), (4,)],
        "bi,bj,bk->bijk": [(2, 2), (2, 3), (2, 2)],
    }
    for equation, operands in equations.items():
        f.add("einsum", lambda *x: torch.einsum(equation, *x), *[f.numbers(*s) for s in operands],
              equation=equation)


def softmax(f):
    for name, function in [("softmax", torch.softmax), ("log_softmax", torch.log_softmax)]:
        for shape, dim in [((5,), 0), ((3, 4), 0), ((3, 4), -1), ((2, 3, 4), 1), ((2, 3, 4), 2),
                           ((3, 1), 1), ((0, 4), 1), ((2, 37), 1)]:
            f.add(name, lambda x: function(x, dim), f.numbers(*shape), dim=dim)
        f.add(name, lambda x: function(x, 1), f.numbers(3, 5, 1, low=-1e4, high=1e4),
              constants=(0,), dim=1)
    infinite = f.numbers(2, 4)
    infinite[0, 1] = infinite[1, 3] = float("-inf")
    f.add("softmax", lambda x: torch.softmax(x, 1), infinite, dim=1)
    for shape, mask, dim in [((3, 4), (3, 4), 1), ((2, 3, 4), (4,), 2), ((2, 3, 4), (2, 1, 4), 2),
                             ((3, 4), (3, 1), 0)]:
        allowed = f.mask(*mask)
        allowed[..., 0] = True
        if dim == 0:
            allowed[0] = True
        f.add("masked_softmax",
              lambda x, m: torch.softmax(x.masked_fill(~m, float("-inf")), dim),
              f.numbers(*shape), allowed, dim=dim)
    for shape in [(5,), (3, 4), (2, 3, 4), (2, 37)]:
        size = shape[-1:]
        f.add("layer_norm", lambda x: F.layer_norm(x, size), f.numbers(*shape))
        f.add("layer_norm", lambda x, w, b: F.layer_norm(x, size, w, b), f.numbers(*shape),
              f.numbers(*size), f.numbers(*size))
    f.add("layer_norm", lambda x, w: F.layer_norm(x, (4,), w), f.numbers(3, 4), f.numbers(4))
    f.add("layer_norm", lambda x: F.layer_norm(x, (4,), eps=0.5), f.numbers(3, 4), eps=0.5)
