"""A family of parity cases: inputs, attributes, and what PyTorch makes of them, as one JSON file.

{"torch": "2.15.0", "cases": [
 {"op": "sum", "attributes": {"dims": [0]}, "inputs": [T], "outputs": [T],
  "cotangents": [T], "gradients": [T]}, ...]}

T is {"dtype": "f64", "shape": [2, 3], "data": base64 of the little-endian numbers}. Everything that
goes in is exact in f32 and stored as such; outputs and gradients are f64. "gradients" has null for
inputs that have none. A case of a module also has "state", the parameters by name, and
"state_gradients". Cases without floating outputs have no gradients.
"""
import base64
import json
import math
import random
import struct

import torch

BITS = 18  # of a random number: exact in f32, and hardly ever equal to another

FORMATS = {"f32": "f", "f64": "d", "i64": "q", "u8": "B"}


def encode(x, single=False):
    """A tensor as JSON; floating ones as f64, or as f32 where they are exact in it."""
    x = x.detach()
    if x.is_floating_point():
        dtype = "f32" if single else "f64"
        if single and not torch.equal(x.float().double().nan_to_num(), x.double().nan_to_num()):
            raise ValueError("an input is not exact in f32")
    else:
        dtype = "u8" if x.dtype == torch.bool else "i64"
    numbers = x.flatten().tolist()
    data = struct.pack(f"<{len(numbers)}{FORMATS[dtype]}", *numbers)
    return {"dtype": dtype, "shape": list(x.shape), "data": base64.b64encode(data).decode()}


def as_list(outputs):
    return list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]


class Family:
    """Collects cases. Random numbers come from Python's generator, seeded with the name."""

    def __init__(self, name):
        self.name = name
        self.random = random.Random("heed " + name)
        self.cases = []

    def numbers(self, *shape, low=-2.0, high=2.0, away=0.0):
        """f64 uniform in [low, high], at least `away` from zero."""
        grid = 2.0 ** (BITS - 1 - math.ceil(math.log2(max(abs(low), abs(high)))))
        count = torch.Size(shape).numel()
        values = []
        while len(values) < count:
            value = self.random.randint(round(low * grid), round(high * grid)) / grid
            if abs(value) >= away:
                values.append(value)
        return torch.tensor(values, dtype=torch.float64).reshape(shape)

    def integers(self, high, *shape):
        """i64 in [0, high)."""
        count = torch.Size(shape).numel()
        values = [self.random.randrange(high) for _ in range(count)]
        return torch.tensor(values, dtype=torch.int64).reshape(shape)

    def mask(self, *shape):
        """Truth values, half of them true."""
        return self.integers(2, *shape).bool()

    def fill(self, module, scale=0.6):
        """Gives every parameter of a module new numbers in [-scale, scale]."""
        module.double()
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(self.numbers(*parameter.shape, low=-scale, high=scale))
        return module

    def add(self, op, function, *inputs, module=None, constants=(), **attributes):
        """Runs function(*inputs) and its gradient for a random cotangent. Floating inputs are
        differentiated but for those whose places are in constants."""
        leaves = [
            x.clone().requires_grad_() if x.is_floating_point() and i not in constants else x
            for i, x in enumerate(inputs)
        ]
        outputs = as_list(function(*leaves))
        state = dict(module.named_parameters()) if module else {}
        case = self.begin(op, attributes, inputs, outputs, state)
        if constants:
            case["constants"] = list(constants)
        if not any(y.requires_grad for y in outputs):
            return
        cotangents = [self.numbers(*y.shape) if y.requires_grad else None for y in outputs]
        wanted = [x for x in leaves if x.requires_grad] + list(state.values())
        gradients = iter(
            torch.autograd.grad(
                [y for y in outputs if y.requires_grad],
                wanted,
                [c for c in cotangents if c is not None],
                allow_unused=True,
                materialize_grads=True,
            )
        )
        case["cotangents"] = [None if c is None else encode(c, single=True) for c in cotangents]
        case["gradients"] = [encode(next(gradients)) if x.requires_grad else None for x in leaves]
        if state:
            case["state_gradients"] = {name: encode(next(gradients)) for name in state}

    def begin(self, op, attributes, inputs, outputs, state=None):
        """Stores a case without gradients; returns it."""
        case = {"op": op}
        if attributes:
            case["attributes"] = attributes
        case["inputs"] = [encode(x, single=True) for x in inputs]
        case["outputs"] = [encode(y) for y in outputs]
        if state:
            case["state"] = {name: encode(p, single=True) for name, p in state.items()}
        self.cases.append(case)
        return case

    def write(self, folder):
        """One case a line; returns the number of cases and bytes."""
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in self.cases)
        version = torch.__version__.split("+")[0]
        text = f'{{"torch":"{version}","cases":[\n{lines}\n]}}\n'
        (folder / f"{self.name}.json").write_text(text)
        return len(self.cases), len(text)
