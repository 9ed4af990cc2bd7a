"""Modules, loaded from PyTorch's state dicts: layers, recurrent networks, attention."""
import math

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def layer(f):
    for x in [(4,), (3, 4), (2, 3, 4)]:
        for bias in [True, False]:
            module = f.fill(nn.Linear(4, 3, bias=bias))
            f.add("Linear", module, f.numbers(*x), module=module, in_features=4, out_features=3,
                  bias=bias)
    for padding in [None, 0, 2, -1]:
        module = f.fill(nn.Embedding(6, 3, padding_idx=padding))
        ids = torch.tensor([[1, 0, 1, 5], [5, 2, 0, 3]])
        f.add("Embedding", module, ids, module=module, num_embeddings=6, embedding_dim=3,
              **({} if padding is None else {"padding_idx": padding}))
    for shape, options in [((4,), {}), ((4,), {"bias": False}), ((3, 4), {}), ((4,), {"eps": 0.1}),
                           ((4,), {"elementwise_affine": False})]:
        module = f.fill(nn.LayerNorm(shape, **options))
        f.add("LayerNorm", module, f.numbers(2, 3, 4), module=module, shape=shape, **options)
    activations = {"tanh": nn.Tanh(), "relu": nn.ReLU(), "sigmoid": nn.Sigmoid(), "gelu": nn.GELU()}
    for name, activation in activations.items():
        module = f.fill(nn.Sequential(nn.Linear(3, 4), activation, nn.Linear(4, 2)))
        f.add("Sequential", module, f.numbers(5, 3), module=module, activation=name)


KINDS = {  # name, PyTorch's layer and cell, options
    "LSTM": (nn.LSTM, nn.LSTMCell, {}),
    "GRU": (nn.GRU, nn.GRUCell, {}),
    "RNN": (nn.RNN, nn.RNNCell, {}),
    "RNN_relu": (nn.RNN, nn.RNNCell, {"nonlinearity": "relu"}),
}

OPTIONS = [
    {},
    {"bias": False},
    {"num_layers": 2},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": False},
]


def recurrent(f):
    for name, (layer_type, cell_type, extra) in KINDS.items():
        for options in OPTIONS:
            run_layer(f, name, layer_type, options, extra, lengths=None, initial=False)
        for options in [{}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True}]:
            run_layer(f, name, layer_type, options, extra, [2, 4, 1], initial=False)
        run_layer(f, name, layer_type, {}, extra, None, initial=True)
        run_layer(f, name, layer_type, {"bidirectional": True}, extra, [2, 4, 1], initial=True)
        both = {"batch_first": False, "bidirectional": True}
        run_layer(f, name, layer_type, both, extra, [4, 1, 3], initial=True)
        for bias in [True, False]:
            for initial in [True, False]:
                run_cell(f, name + "Cell", cell_type, bias, initial, extra)


def run_layer(f, name, layer_type, options, extra, lengths, initial):
    """x (3, 4, 2) through a layer of 3 units."""
    batch_first = options.get("batch_first", True)
    module = f.fill(layer_type(2, 3, **(options | extra | {"batch_first": batch_first})))
    rows = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    states = [f.numbers(rows, 3, 3, low=-1, high=1) for _ in range(2 if name == "LSTM" else 1)]

    def function(x, *rest):
        state = rest[: len(states)] if initial else None
        if state and len(state) == 1:
            state = state[0]
        if not lengths:
            y, end = module(x, state)
        else:
            packed = pack_padded_sequence(x, rest[-1], batch_first, enforce_sorted=False)
            y, end = module(packed, state)
            y, _ = pad_packed_sequence(y, batch_first, total_length=4)
        return (y, *end) if isinstance(end, tuple) else (y, end)

    x = f.numbers(3, 4, 2) if batch_first else f.numbers(4, 3, 2)
    inputs = [x] + (states if initial else []) + ([torch.tensor(lengths)] if lengths else [])
    flags = {"initial": True} if initial else {}
    if lengths:
        flags["lengths"] = True
    f.add(name, function, *inputs, module=module, input_size=2, hidden_size=3, **options, **flags)


def run_cell(f, name, cell_type, bias, initial, extra):
    module = f.fill(cell_type(2, 3, bias=bias, **extra))
    states = [f.numbers(4, 3, low=-1, high=1) for _ in range(2 if name == "LSTMCell" else 1)]

    def function(x, *state):
        if len(state) == 1:
            state = state[0]
        return module(x, state) if initial else module(x)

    f.add(name, function, f.numbers(4, 2), *(states if initial else []), module=module,
          input_size=2, hidden_size=3, bias=bias)


def attention(f):
    multihead(f)
    for score in ["additive", "dot", "general", "scaled_dot"]:
        sizes = (4, 3) if score in ("additive", "general") else (4, 4)
        for masked in [False, True]:
            module = f.fill(Attention(score, *sizes))
            mask = torch.tensor([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1]]).bool()
            query = f.numbers(2, sizes[0], low=-1, high=1)
            memory = f.numbers(2, 5, sizes[1], low=-1, high=1)
            f.add("Attention", module, query, memory, *([mask] if masked else []), module=module,
                  score=score, query_size=sizes[0], key_size=sizes[1], hidden_size=module.hidden)
    for mask in [(2, 5), None]:
        allowed = f.mask(*mask) if mask else None
        if mask:
            allowed[:, 2] = True
        shapes = [(2, 4), (2, 5, 4), (2, 5, 3), (4,)]  # query, keys, values, v
        inputs = [f.numbers(*shape, low=-1, high=1) for shape in shapes]
        f.add("additive_attention", additive_attention, *inputs, *([allowed] if mask else []))
    f.add("length_mask", lambda lengths: torch.arange(5) < lengths[:, None],
          torch.tensor([0, 5, 3, 1]), steps=5)


def align(scores, values, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(-1)
    return torch.einsum("bs,bsd->bd", weights, values), weights


def additive_attention(query, keys, values, v, mask=None):
    """Bahdanau et al. 2015, appendix A.1.2."""
    return align(torch.tanh(query[:, None] + keys) @ v, values, mask)


class Attention(nn.Module):
    """heed's nn::Attention, with its parameter names."""

    def __init__(self, score, query_size, key_size):
        super().__init__()
        self.score = score
        self.hidden = 6 if score == "additive" else 0
        if score == "additive":
            self.query = nn.Linear(query_size, self.hidden, bias=False)
            self.key = nn.Linear(key_size, self.hidden, bias=False)
            self.v = nn.Parameter(torch.empty(self.hidden))
        elif score == "general":
            self.key = nn.Linear(key_size, query_size, bias=False)

    def prepare(self, memory):
        """What is compared with queries."""
        return self.key(memory) if self.score in ("additive", "general") else memory

    def look(self, query, keys, values, mask=None):
        if self.score == "additive":
            return additive_attention(self.query(query), keys, values, self.v, mask)
        if self.score == "scaled_dot":
            query = query / math.sqrt(query.shape[1])
        return align(torch.einsum("bq,bsq->bs", query, keys), values, mask)

    def forward(self, query, memory, mask=None):
        return self.look(query, self.prepare(memory), memory, mask)


def multihead(f):
    own = {"self_attention": True}
    run_multihead(f, own)
    run_multihead(f, own, bias=False)
    run_multihead(f, own, batch_first=False)
    run_multihead(f, {})
    run_multihead(f, {}, batch_first=False)
    run_multihead(f, {}, kdim=3, vdim=5)
    run_multihead(f, {}, kdim=3, vdim=5, bias=False)
    run_multihead(f, {}, kdim=3)
    run_multihead(f, {}, num_heads=1)
    run_multihead(f, {"need_weights": False})
    run_multihead(f, {"average_attn_weights": False})
    for masks in ["padding", "bool", "float", "heads", "padding bool", "padding heads"]:
        run_multihead(f, {"masks": masks})
    run_multihead(f, {"masks": "padding", "average_attn_weights": False})
    run_multihead(f, {"masks": "float", "need_weights": False})
    run_multihead(f, {"masks": "padding bool"}, batch_first=False)
    run_multihead(f, {"masks": "bool"}, kdim=3, vdim=5)


def multihead_masks(f, names):
    """In a mask of truth values true means not allowed. Every query may attend to key 1."""
    masks = {}
    if "padding" in names:
        masks["key_padding_mask"] = torch.tensor([[False] * 5, [False, False, True, True, True]])
    if "bool" in names:
        masks["attn_mask"] = torch.ones(3, 5).triu(2).bool()
    if "float" in names:
        masks["attn_mask"] = f.numbers(3, 5)
    if "heads" in names:
        masks["attn_mask"] = f.mask(2 * 2, 3, 5)
        masks["attn_mask"][:, :, 1] = False
    return masks


def run_multihead(f, call, **options):
    """Queries (2, 3, 4) and keys (2, 5, ...) through an attention with two heads."""
    call = dict(call)
    arguments = {k: call[k] for k in ("need_weights", "average_attn_weights") if k in call}
    options = {"embed_dim": 4, "num_heads": 2, "batch_first": True} | options
    module = f.fill(nn.MultiheadAttention(**options))
    masks = multihead_masks(f, call.get("masks", ""))
    sizes = [(2, 3, 4), (2, 5, options.get("kdim", 4)), (2, 5, options.get("vdim", 4))]
    inputs = [f.numbers(*s) for s in (sizes[:1] if "self_attention" in call else sizes)]
    if not options["batch_first"]:
        inputs = [x.transpose(0, 1).contiguous() for x in inputs]

    def function(*x):
        sequences = [x[0]] * 3 if "self_attention" in call else x[:3]
        named = dict(zip(masks, x[len(inputs):]))
        y, weights = module(*sequences, **named, **arguments)
        return y if weights is None else (y, weights)

    f.add("MultiheadAttention", function, *inputs, *masks.values(), module=module, **options,
          **call)
