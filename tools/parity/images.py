"""Convolutions, pooling, batch normalisation, and classifiers made of such layers."""
import torch
import torch.nn.functional as F
from torch import nn


def images(f):
    convolutions(f)
    pooling(f)
    batch_norm(f)
    classifiers(f)


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


class Vit(nn.Module):
    """Dosovitskiy et al. 2021 with images of 4 x 6, patches of 2 x 2."""

    def __init__(self):
        super().__init__()
        self.conv_proj = nn.Conv2d(2, 4, 2, 2)
        self.class_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.pos_embedding = nn.Parameter(torch.zeros(1, 7, 4))
        layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(4), enable_nested_tensor=False)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        patches = self.conv_proj((x - 0.5) / 0.25).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(x.shape[0], 1, 4), patches], 1)
        return self.head(self.encoder(tokens + self.pos_embedding)[:, 0])


class RowLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2 * 6, 4, 2, batch_first=True)
        self.output = nn.Linear(4, 3)

    def forward(self, x):
        rows = ((x - 0.5) / 0.25).transpose(1, 2).flatten(2)
        return self.output(self.lstm(rows)[1][0][-1])


class TextClassifier(nn.Module):
    """Yang et al. 2016, section 2.2.2, one text at a time."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 3)
        self.encoder = nn.GRU(3, 2, batch_first=True, bidirectional=True)
        self.attention = nn.Linear(4, 4)
        self.context = nn.Parameter(torch.zeros(4))
        self.output = nn.Linear(4, 3)

    def forward(self, tokens):
        rows = [self.read(row[row != 0].unsqueeze(0)) for row in tokens]
        return torch.cat(rows)

    def read(self, tokens):
        h = self.encoder(self.embedding(tokens))[0]
        weights = torch.softmax(torch.tanh(self.attention(h)) @ self.context, 1)
        return self.output((weights.unsqueeze(2) * h).sum(1))


def classifiers(f):
    pictures = f.numbers(2, 2, 4, 6, low=0, high=1)
    for module in [Vit(), RowLstm()]:
        f.add(type(module).__name__, f.fill(module), pictures, module=module, constants=(0,))
    texts = TextClassifier()
    f.add("TextClassifier", f.fill(texts), torch.tensor([[3, 1, 6, 2], [5, 4, 0, 0]]),
          module=texts)
