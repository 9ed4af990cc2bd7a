"""Convolutions, pooling and batch normalisation."""
import torch
import torch.nn.functional as F
from torch import nn


def images(f):
    convolutions(f)
    pooling(f)
    batch_norm(f)


def convolutions(f):
    options = [{}, {"stride": 2}, {"padding": 2}, {"dilation": 2}, {"bias": False},
               {"groups": 2, "stride": 3, "padding": 1}]
    for option in options:
        module = f.fill(nn.Conv1d(4, 2, 3, **option))
        f.add("Conv1d", module, f.numbers(2, 4, 7), module=module, in_channels=4, out_channels=2,
              kernel_size=[3], **as_lists(option))
        module = f.fill(nn.Conv2d(4, 2, (3, 2), **option))
        f.add("Conv2d", module, f.numbers(1, 4, 5, 6), module=module, in_channels=4,
              out_channels=2, kernel_size=[3, 2], **as_lists(option))
    both = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 3)}
    module = f.fill(nn.Conv2d(1, 3, 3, **both))
    f.add("Conv2d", module, f.numbers(2, 1, 4, 7), module=module, in_channels=1, out_channels=3,
          kernel_size=[3], **as_lists(both))


def as_lists(option):
    """Sizes as lists, as the C++ side reads them."""
    wide = ("stride", "padding", "dilation")
    return {k: list(v) if isinstance(v, tuple) else [v] if k in wide else v
            for k, v in option.items()}


def pooling(f):
    for kernel, option in [(2, {}), (3, {"stride": 1}), (3, {"stride": 2, "padding": 1})]:
        named = dict(as_lists(option), kernel_size=[kernel])
        f.add("MaxPool1d", nn.MaxPool1d(kernel, **option), f.numbers(2, 2, 7), **named)
        f.add("AvgPool1d", nn.AvgPool1d(kernel, **option), f.numbers(2, 2, 7), **named)
        f.add("MaxPool2d", nn.MaxPool2d(kernel, **option), f.numbers(1, 2, 5, 6), **named)
        f.add("AvgPool2d", nn.AvgPool2d(kernel, **option), f.numbers(1, 2, 5, 6), **named)
    wide = {"stride": (2, 1), "padding": (0, 1)}
    named = dict(as_lists(wide), kernel_size=[3, 2])
    f.add("MaxPool2d", nn.MaxPool2d((3, 2), **wide), f.numbers(3, 5, 4), **named)
    f.add("AvgPool2d", nn.AvgPool2d((3, 2), count_include_pad=False, **wide), f.numbers(3, 5, 4),
          count_include_pad=False, **named)


def batch_norm(f):
    for shape in [(4, 3), (2, 3, 5), (2, 3, 2, 3)]:
        f.add("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
              f.numbers(*shape), f.numbers(3), f.numbers(3))
        f.add("batch_norm_eval", lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, eps=0.1),
              f.numbers(*shape), f.numbers(3), f.numbers(3), f.numbers(3),
              f.numbers(3, low=0.5, high=2), constants=(3, 4), eps=0.1)
        f.add("running", lambda x, y: followed(x, y, 0.3), f.numbers(*shape), f.numbers(*shape),
              constants=(0, 1), momentum=0.3)


def followed(x, y, momentum):
    """The statistics of two batches, and what they make of the first in evaluation."""
    module = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
    norm = module(3, momentum=momentum, affine=False)
    norm(x), norm(y)
    norm.eval()
    return norm(x), norm.running_mean, norm.running_var, norm.num_batches_tracked
