"""Writes tests/data/parity/*.json: what PyTorch computes, for tests/parity_*_test.cpp.

    pip install torch                       # the stored files come from 2.15, f64, CPU
    python3 tools/parity/make_cases.py [FAMILY ...]

Inputs come from Python's generator with fixed seeds, so a new PyTorch changes outputs only. The
table on the C++ side (op name -> call) must know each op that is used here.
"""
import pathlib
import sys

import torch

sys.dont_write_bytecode = True  # no __pycache__ in the source tree

import elementwise
import images
import layout
import losses
import modules
import reductions
import training
import transformers
from family import Family

FAMILIES = {
    "elementwise": elementwise.elementwise,
    "comparison": elementwise.comparison,
    "kinks": elementwise.kinks,
    "reduce": reductions.reduce,
    "product": reductions.product,
    "softmax": reductions.softmax,
    "shape": layout.shape,
    "index": layout.index,
    "loss": losses.loss,
    "layer": modules.layer,
    "images": images.images,
    "recurrent": modules.recurrent,
    "attention": modules.attention,
    "optimizer": training.optimizer,
    "schedule": training.schedule,
    "model": training.model,
    "transformer": transformers.transformer,
    "gpt": transformers.gpt,
}


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    folder = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "parity"
    folder.mkdir(parents=True, exist_ok=True)
    total = size = 0
    for name in sys.argv[1:] or FAMILIES:
        family = Family(name)
        FAMILIES[name](family)
        count, length = family.write(folder)
        print(f"{name:12} {count:4} cases {length:8} bytes")
        total, size = total + count, size + length
    print(f"{'together':12} {total:4} cases {size:8} bytes")


if __name__ == "__main__":
    main()
