"""Ops that move elements or pick them by numbers, and sorting."""
import torch
import torch.nn.functional as F


def shape(f):
    views(f)
    parts(f)
    joins(f)


def views(f):
    x = lambda: f.numbers(2, 3, 4)
    for sizes in [(6, 4), (2, 12), (-1, 4), (24,), (2, 3, 2, 2), (1, 24)]:
        f.add("reshape", lambda x: x.reshape(sizes), x(), sizes=sizes)
    f.add("reshape", lambda x: x.reshape(()), f.numbers(1, 1), sizes=[])
    f.add("reshape", lambda x: x.reshape(3, 0), f.numbers(0, 2), sizes=[3, 0])
    f.add("reshape_transposed", lambda x: x.mT.reshape(6, 4), x(), sizes=[6, 4])  # a copy
    f.add("view", lambda x: x.view(6, 4), x(), sizes=[6, 4])
    for first, last in [(0, -1), (1, 2), (0, 1), (1, 1)]:
        f.add("flatten", lambda x: x.flatten(first, last), x(), first=first, last=last)
    f.add("flatten", lambda x: x.flatten(), f.numbers(), first=0, last=-1)
    for dims in [(2, 0, 1), (0, 2, 1), (-1, 1, 0)]:
        f.add("permute", lambda x: x.permute(dims), x(), dims=dims)
    for a, b in [(0, 1), (-1, 0), (1, 1)]:
        f.add("transpose", lambda x: x.transpose(a, b), x(), dims=[a, b])
    for sizes, wide in [((3,), (2, 3)), ((2, 1), (-1, 4)), ((1, 3, 1), (2, 3, 4)), ((), (2, 2)),
                        ((1, 3), (0, 3))]:
        f.add("expand", lambda x: x.expand(wide), f.numbers(*sizes), sizes=wide)
    f.add("squeeze_all", torch.squeeze, f.numbers(1, 3, 1, 2))
    for dim in [0, -2, 1]:
        f.add("squeeze", lambda x: x.squeeze(dim), f.numbers(1, 3, 1, 2), dim=dim)
    for dim in [0, 1, -1]:
        f.add("unsqueeze", lambda x: x.unsqueeze(dim), f.numbers(2, 3), dim=dim)
    for name in ["contiguous", "clone"]:
        f.add(name, lambda x: x.mT.contiguous(), x())  # of a transposed matrix
    f.add("to_i64", lambda x: x.long(), x(), constants=(0,))
    f.add("to_u8", lambda x: x.to(torch.bool), f.mask(2, 3))


def parts(f):
    x = lambda: f.numbers(4, 3, 5)
    for dim, start, length in [(0, 1, 2), (1, 0, 3), (2, -3, 2), (0, 2, 0)]:
        f.add("narrow", lambda x: x.narrow(dim, start, length), x(), dim=dim, start=start,
              length=length)
    for dim, index in [(0, 1), (1, -1), (-1, 0)]:
        f.add("select", lambda x: x.select(dim, index), x(), dim=dim, index=index)
    f.add("subscript", lambda x: x[-2], x(), index=-2)
    slices = [(0, 1, 3, 1), (1, -2, 9, 1), (2, 0, 5, 2), (2, 1, -1, 3), (0, 3, 1, 1)]
    for dim, start, end, step in slices:
        index = tuple([slice(None)] * dim + [slice(start, end, step)])
        f.add("slice", lambda x: x[index], x(), dim=dim, start=start, end=end, step=step)
    for size, dim in [(2, 0), (3, -1), (9, 1)]:
        f.add("split", lambda x: x.split(size, dim), x(), size=size, dim=dim)
    f.add("split_sizes", lambda x: x.split([1, 0, 4], 2), x(), sizes=[1, 0, 4], dim=2)
    for chunks, dim in [(2, 0), (2, 2), (4, 2)]:
        f.add("chunk", lambda x: x.chunk(chunks, dim), x(), chunks=chunks, dim=dim)
    for dim in [0, 1, -1]:
        f.add("unbind", lambda x: x.unbind(dim), x(), dim=dim)
    for diagonal in [0, 1, -2]:
        for name, function in [("tril", torch.tril), ("triu", torch.triu)]:
            f.add(name, lambda x: function(x, diagonal), f.numbers(4, 3), diagonal=diagonal)
    f.add("tril", torch.tril, f.numbers(2, 3, 3))
    f.add("triu", torch.triu, f.numbers(2, 3, 3))


def joins(f):
    for dim in [0, 1, -1]:
        shapes = [[2, 3, 4], [2, 3, 4], [2, 3, 4]]
        shapes[1][dim], shapes[2][dim] = 1, 0
        f.add("cat", lambda *x: torch.cat(x, dim), *[f.numbers(*s) for s in shapes], dim=dim)
    for dim in [0, 1, -1]:
        f.add("stack", lambda *x: torch.stack(x, dim), *[f.numbers(2, 3) for _ in range(3)],
              dim=dim)
    f.add("stack", lambda *x: torch.stack(x), f.numbers(), f.numbers(), dim=0)
    for repeats in [(2, 3), (1, 2), (2, 1, 2), (0, 1)]:
        f.add("repeat", lambda x: x.repeat(repeats), f.numbers(2, 3), repeats=repeats)
    for dims in [(0,), (1, 2), (-1,)]:
        f.add("flip", lambda x: x.flip(dims), f.numbers(2, 3, 4), dims=dims)
    for pads, value in [((1, 2), 0.0), ((0, 1, 2, 0), 1.5), ((-1, 1), 0.0), ((-1, -1, 1, 0), 0.5)]:
        f.add("pad", lambda x: F.pad(x, pads, value=value), f.numbers(2, 4), pads=pads,
              value=value)


def index(f):
    for dim, size in [(0, 4), (1, 3), (-1, 5)]:
        f.add("index_select", lambda x, i: x.index_select(dim, i), f.numbers(4, 3, 5),
              f.integers(size, 6), dim=dim)
    f.add("index_select", lambda x, i: x.index_select(0, i), f.numbers(4, 3),
          torch.empty(0, dtype=torch.int64), dim=0)
    for dim, shape in [(0, (5, 3)), (1, (4, 2)), (-1, (2, 7)), (0, (2, 2))]:
        size = (4, 3)[dim]
        f.add("gather", lambda x, i: x.gather(dim, i), f.numbers(4, 3), f.integers(size, *shape),
              dim=dim)
        f.add("scatter_add", lambda x, i, s: x.scatter_add(dim, i, s), f.numbers(4, 3),
              f.integers(size, *shape), f.numbers(*shape), dim=dim)
    f.add("scatter_add", lambda x, i, s: x.scatter_add(1, i, s), f.numbers(4, 3),
          f.integers(3, 2, 2), f.numbers(3, 4), constants=(2,), dim=1)  # torch: no gradient
    f.add("gather", lambda x, i: x.gather(2, i), f.numbers(2, 3, 4), f.integers(4, 2, 3, 1), dim=2)
    for mask in [(2, 3, 4), (4,), (2, 1, 1)]:
        f.add("masked_fill", lambda x, m: x.masked_fill(m, -1.5), f.numbers(2, 3, 4),
              f.mask(*mask), value=-1.5)
    for ids in [(5,), (2, 3), (), (0,)]:
        f.add("embedding", lambda w, i: F.embedding(i, w), f.numbers(6, 3), f.integers(6, *ids))
    ids = torch.tensor([[1, 0, 1], [5, 1, 0]])
    for padding in [0, 1]:
        f.add("embedding", lambda w, i: F.embedding(i, w, padding_idx=padding), f.numbers(6, 3),
              ids, padding=padding)
    f.add("one_hot", lambda i: F.one_hot(i, 4), f.integers(4, 2, 3), classes=4)
    sorting(f)


def sorting(f):
    for dim in [0, 1, -1]:
        for descending in [False, True]:
            f.add("sort", lambda x: x.sort(dim, descending), f.numbers(3, 4, 5), dim=dim,
                  descending=descending)
    f.add("sort", lambda x: x.sort(dim=0, stable=True), f.integers(3, 9), dim=0, descending=False)
    f.add("argsort", lambda x: x.argsort(-1), f.numbers(3, 5), constants=(0,), dim=-1)
    for k, dim, largest in [(2, -1, True), (2, 0, False), (5, 1, True), (0, -1, True)]:
        f.add("topk", lambda x: x.topk(k, dim, largest), f.numbers(3, 5), k=k, dim=dim,
              largest=largest)
