"""Elementwise ops, comparisons, and the values of derivatives at kinks."""
import torch
import torch.nn.functional as F

# Pairs of shapes that broadcast: the same, a row, both ways, a number, across dimensions, nothing.
PAIRS = [
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2, 3)),
    ((2, 1, 3), (4, 1)),
    ((0, 3), (1, 3)),
]

UNARY = [  # name, function, range
    ("neg", torch.neg, {}),
    ("exp", torch.exp, {}),
    ("log", torch.log, {"low": 0.1, "high": 4}),
    ("log1p", torch.log1p, {"low": -0.9, "high": 3}),
    ("sqrt", torch.sqrt, {"low": 0.1, "high": 4}),
    ("rsqrt", torch.rsqrt, {"low": 0.1, "high": 4}),
    ("square", torch.square, {}),
    ("abs", torch.abs, {"away": 0.1}),
    ("sign", torch.sign, {"away": 0.1}),
    ("sin", torch.sin, {}),
    ("cos", torch.cos, {}),
    ("tanh", torch.tanh, {}),
    ("erf", torch.erf, {}),
    ("floor", torch.floor, {}),
    ("round", torch.round, {}),
    ("sigmoid", torch.sigmoid, {}),
    ("relu", torch.relu, {"away": 0.1}),
    ("leaky_relu", F.leaky_relu, {"away": 0.1}),
    ("gelu", F.gelu, {}),
    ("silu", F.silu, {}),
    ("softplus", lambda x: F.softplus(x, threshold=700), {}),
]


def elementwise(f):
    for name, function, limits in UNARY:
        f.add(name, function, f.numbers(2, 3, **limits))
        f.add(name, function, f.numbers(37, **limits))  # whole vectors and a tail
    for name in ["exp", "sin", "cos", "tanh", "erf", "sigmoid", "gelu", "silu", "softplus"]:
        function = dict((n, fn) for n, fn, _ in UNARY)[name]
        wide = torch.cat([f.numbers(1, 1, 3), f.numbers(2, 1, 3, low=-25, high=25)])
        f.add(name, function, wide)
    f.add("leaky_relu", lambda x: F.leaky_relu(x, 0.25), f.numbers(2, 3), slope=0.25)
    f.add("gelu", lambda x: F.gelu(x, approximate="tanh"), f.numbers(2, 3), form="tanh")
    binary(f)
    with_scalar(f)
    choices(f)


def binary(f):
    ops = [
        ("add", torch.add, {}),
        ("sub", torch.sub, {}),
        ("mul", torch.mul, {}),
        ("div", torch.div, {"away": 0.25}),
        ("maximum", torch.maximum, {}),
        ("minimum", torch.minimum, {}),
    ]
    for name, function, limits in ops:
        for a, b in PAIRS:
            f.add(name, function, f.numbers(*a), f.numbers(*b, **limits))
    for a, b in PAIRS:
        f.add("pow", torch.pow, f.numbers(*a, low=0.2, high=3), f.numbers(*b))
    for name, function, _ in ops[:3] + ops[4:]:  # integers are not divided
        f.add(name, function, f.integers(9, 2, 3), f.integers(9, 3))


def with_scalar(f):
    ops = [
        ("add", torch.add),
        ("sub", torch.sub),
        ("mul", torch.mul),
        ("div", torch.div),
        ("maximum", lambda x, s: torch.maximum(x, torch.tensor(s))),
        ("minimum", lambda x, s: torch.minimum(x, torch.tensor(s))),
    ]
    for name, function in ops:
        f.add(name + "_scalar", lambda x: function(x, 0.75), f.numbers(2, 3), scalar=0.75)
    f.add("scalar_sub", lambda x: 0.75 - x, f.numbers(2, 3), scalar=0.75)
    f.add("scalar_div", lambda x: 0.75 / x, f.numbers(2, 3, away=0.25), scalar=0.75)
    for exponent in [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 2.5]:
        low = -2 if exponent.is_integer() else 0.2
        x = f.numbers(2, 3, low=low, away=0.2)
        f.add("pow_scalar", lambda x: torch.pow(x, exponent), x, scalar=exponent)
    f.add("add_scalar", lambda x: x + 3, f.integers(9, 2, 3), scalar=3)
    f.add("mul_scalar", lambda x: x * 3, f.integers(9, 2, 3), scalar=3)


def choices(f):
    for bounds in [(-0.5, 1.0), (-0.5, None), (None, 1.0)]:
        named = {key: value for key, value in zip(("low", "high"), bounds) if value is not None}
        f.add("clamp", lambda x: torch.clamp(x, *bounds), f.numbers(4, 5), **named)
    shapes = [((2, 3), (2, 3), (2, 3)), ((3,), (2, 3), (2, 1)), ((2, 1), (3,), (1, 3)),
              ((2, 1, 3), (), (4, 1))]
    for condition, a, b in shapes:
        f.add("where", torch.where, f.mask(*condition), f.numbers(*a), f.numbers(*b))
    f.add("where_scalar", lambda c, a: torch.where(c, a, 1.5), f.mask(2, 3), f.numbers(3),
          scalar=1.5)
    f.add("scalar_where", lambda c, b: torch.where(c, 1.5, b), f.mask(2, 1), f.numbers(3),
          scalar=1.5)


def comparison(f):
    nan, inf = float("nan"), float("inf")
    special = torch.tensor([nan, inf, -inf, 0.0, -0.0, 1.0])
    for name in ["eq", "ne", "lt", "le", "gt", "ge"]:
        function = getattr(torch, name)
        for a, b in PAIRS[:5]:
            f.add(name, function, f.integers(3, *a).double(), f.integers(3, *b).double(),
                  constants=(0, 1))
        f.add(name, function, special.reshape(6, 1), special, constants=(0, 1))
        f.add(name, function, f.integers(3, 2, 3), f.integers(3, 2, 3))
        f.add(name + "_scalar", lambda x: function(x, 1.0), f.integers(3, 2, 3).double(),
              constants=(0,), scalar=1.0)
        f.add(name + "_scalar", lambda x: function(x, 1), f.integers(3, 2, 3), scalar=1)
    for name in ["logical_and", "logical_or"]:
        function = getattr(torch, name)
        f.add(name, function, f.mask(2, 3), f.mask(2, 3))
        f.add(name, function, f.mask(2, 1), f.mask(3))
    f.add("logical_not", torch.logical_not, f.mask(2, 3))
    f.add("isfinite", torch.isfinite, special, constants=(0,))
    f.add("isnan", torch.isnan, special, constants=(0,))


def kinks(f):
    """Values and derivatives where there is a choice: all exact. Not here: at the bounds of clamp
    heed passes the gradient, as PyTorch once did; 2.15 gives 0. sign(NaN) is NaN in heed."""
    at_zero = torch.tensor([-1.0, -0.0, 0.0, 1.0])
    special = torch.tensor([[float("nan"), float("inf"), float("-inf")]])
    for name, function, _ in UNARY:
        if name in ("abs", "sign", "relu", "floor", "round"):
            f.add(name, function, at_zero)
            if name != "sign":
                f.add(name, function, special, constants=(0,))
    f.add("sqrt", torch.sqrt, torch.tensor([0.0, 4.0, float("inf")]))
    f.add("round", torch.round, torch.tensor([-1.5, -0.5, 0.5, 1.5, 2.5]).reshape(5, 1))
    f.add("leaky_relu", lambda x: F.leaky_relu(x, 0.5), at_zero, slope=0.5)
    f.add("leaky_relu", lambda x: F.leaky_relu(x, 0.5), special, constants=(0,), slope=0.5)
    f.add("clamp", lambda x: x.clamp(-1, 1), special, constants=(0,), low=-1, high=1)
    for name, function in [("maximum", torch.maximum), ("minimum", torch.minimum)]:
        f.add(name, function, torch.tensor([1.0, 1, 2, 3]), torch.tensor([1.0, 1, 3, 2]))
        f.add(name, function, special, special.mT, constants=(0, 1))
    f.add("where", lambda c, x: torch.where(c, x.sqrt(), 0.0), torch.tensor([True, False]),
          torch.tensor([4.0, 0.0]))  # the gradient 0 / 0 of the branch not taken comes through
    for exponent in [0.0, 1.0, 2.0]:
        f.add("pow_scalar", lambda x: x**exponent, at_zero, scalar=exponent)
    ties_and_nothing(f)


def ties_and_nothing(f):
    nan = float("nan")
    ties = torch.tensor([[3.0, 1, 3, 2], [2, 1, 1, 1]])  # twice the largest, four times the least
    f.add("max_all", torch.max, ties)
    f.add("min_all", torch.min, ties)
    for name in ["amax", "amin"]:
        function = getattr(torch, name)
        f.add(name, lambda x: function(x, (0, 1)), ties)
        f.add(name, lambda x: function(x, 0), ties, dims=[0])
    for name in ["max", "min"]:
        function = getattr(torch, name)
        f.add(name, lambda x: function(x, 1), ties, dim=1)
        f.add(name, lambda x: function(x, 0), torch.tensor([[1.0, nan], [nan, 2]]), dim=0)
    zeros = torch.zeros(2, 3)
    f.add("norm", lambda x: torch.linalg.vector_norm(x), zeros)
    f.add("norm", lambda x: torch.linalg.vector_norm(x, 1), zeros, p=1)
    f.add("norm", lambda x: torch.linalg.vector_norm(x, float("inf")),
          torch.tensor([[2.0, -2], [1, 0]]), order="infinity")
    f.add("std", lambda x: torch.std(x, 1), torch.ones(2, 3), dims=[1])
    f.add("l1_loss", lambda a, b: F.l1_loss(a, b, reduction="sum"), ties, ties.flip(1))
    f.add("hinge_loss", lambda x, t: torch.relu(1 - t * x).sum(), torch.tensor([1.0, -1, 0, 2]),
          torch.tensor([1.0, -1, 1, -1]), constants=(1,))
    f.add("sum", torch.sum, torch.empty(0, 3))
    f.add("mean", torch.mean, torch.empty(0, 3))
    f.add("cross_entropy", lambda x, t: F.cross_entropy(x, t), torch.zeros(2, 3),
          torch.full((2,), -100))
