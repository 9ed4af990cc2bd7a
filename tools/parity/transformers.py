"""Transformer layers as torch.nn has them, and GPT as nanoGPT writes it."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_

from training import STEPS, record


def transformer(f):
    rms_norm(f)
    encoder_layer(f)
    decoder_layer(f)
    whole(f)
    for options in GPT_OPTIONS:
        net = f.fill(Gpt(**TINY, **options))
        f.add("Gpt", net, f.integers(TINY["tokens"], 2, 5), module=net, **TINY, **options)


def rms_norm(f):
    for shape, eps, affine in [((2, 3, 4), 1e-6, True), ((5,), 0.1, True), ((3, 4), 1e-6, False)]:
        module = f.fill(nn.RMSNorm(shape[-1], eps, affine))
        f.add("RMSNorm", module, f.numbers(*shape), module=module, size=shape[-1], eps=eps,
              elementwise_affine=affine)


SIZES = {"d_model": 4, "nhead": 2, "dim_feedforward": 6}

LAYER_OPTIONS = [
    {},
    {"norm_first": True, "activation": "gelu"},
    {"bias": False},
    {"batch_first": False, "layer_norm_eps": 0.1},
]

FUTURE = torch.ones(3, 3).triu(1).bool()
PADDING = torch.tensor([[False] * 3, [False, False, True]])


def encoder_layer(f):
    """x (2, 3, 4) through a layer with two heads, with all masks; once without any."""
    for options in LAYER_OPTIONS:
        module = f.fill(nn.TransformerEncoderLayer(
            **SIZES, **({"dropout": 0.0, "batch_first": True} | options)))
        for masks in [[], [FUTURE, PADDING]][bool(options):]:
            x = f.numbers(2, 3, 4)
            if not options.get("batch_first", True):
                x = x.transpose(0, 1).contiguous()
            f.add("TransformerEncoderLayer", module, x, *masks, module=module, **SIZES, **options)


def decoder_layer(f):
    """Targets (2, 3, 4) and memory (2, 5, 4)."""
    memory_padding = torch.tensor([[False] * 5, [False, False, False, True, True]])
    for options in LAYER_OPTIONS:
        module = f.fill(nn.TransformerDecoderLayer(
            **SIZES, **({"dropout": 0.0, "batch_first": True} | options)))

        def function(x, memory, future=None, past_end=None, padding=None):
            return module(x, memory, tgt_mask=future, memory_mask=past_end,
                          memory_key_padding_mask=padding)

        all_masks = [FUTURE, torch.ones(3, 5).triu(3).bool(), memory_padding]
        for masks in [[], all_masks][bool(options):]:
            inputs = [f.numbers(2, 3, 4), f.numbers(2, 5, 4)]
            if not options.get("batch_first", True):
                inputs = [x.transpose(0, 1).contiguous() for x in inputs]
            f.add("TransformerDecoderLayer", function, *inputs, *masks, module=module, **SIZES,
                  **options)


def whole(f):
    """nn.Transformer, and the model that adds embeddings and output to encoder and decoder."""
    module = f.fill(nn.Transformer(
        **SIZES, num_encoder_layers=1, num_decoder_layers=1, dropout=0.0, batch_first=True))
    f.add("Transformer", lambda x, y, future: module(x, y, tgt_mask=future), f.numbers(2, 5, 4),
          f.numbers(2, 3, 4), FUTURE, module=module, **SIZES)
    for options in [{}, {"norm_first": True, "tied": True}]:
        sizes = {"source_tokens": 6, "target_tokens": 5, "width": 4, "heads": 2, "layers": 2,
                 "hidden": 6}
        net = f.fill(Seq2Seq(**sizes, **options))
        f.add("Seq2Seq", net, f.integers(6, 2, 4), torch.tensor([4, 2]), f.integers(5, 2, 3),
              module=net, **sizes, **options)


def positions(steps, size):
    """Vaswani et al. 2017, section 3.5."""
    angles = torch.arange(steps)[:, None] / 10000 ** (torch.arange(0, size, 2) / size)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


class Seq2Seq(nn.Module):
    """models/transformer.h with its parameter names, without dropout."""

    def __init__(self, source_tokens, target_tokens, width, heads, layers, hidden,
                 norm_first=False, tied=False):
        super().__init__()
        how = {"dim_feedforward": hidden, "dropout": 0.0, "batch_first": True,
               "norm_first": norm_first}
        norms = [nn.LayerNorm(width) if norm_first else None for _ in range(2)]
        self.source_embedding = nn.Embedding(source_tokens, width)
        self.target_embedding = nn.Embedding(target_tokens, width)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, heads, **how), layers, norms[0],
            enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(width, heads, **how), layers, norms[1])
        self.output = nn.Linear(width, target_tokens, bias=not tied)
        if tied:
            self.output.weight = self.target_embedding.weight

    def forward(self, source, lengths, target_in):
        width, steps = self.source_embedding.weight.shape[1], target_in.shape[1]
        x, y = (table(ids) * width**0.5 + positions(ids.shape[1], width) for table, ids in
                [(self.source_embedding, source), (self.target_embedding, target_in)])
        padding = torch.arange(source.shape[1]) >= lengths[:, None]
        memory = self.encoder(x, src_key_padding_mask=padding)
        future = torch.ones(steps, steps).triu(1).bool()
        return self.output(self.decoder(y, memory, future, memory_key_padding_mask=padding))


TINY = {"tokens": 7, "context": 6, "layers": 2, "heads": 2, "width": 8}

GPT_OPTIONS = [{}, {"bias": False}]


class Block(nn.Module):
    def __init__(self, width, heads, bias):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width, bias=bias)
        self.attn = nn.ModuleDict({"c_attn": nn.Linear(width, 3 * width, bias=bias),
                                   "c_proj": nn.Linear(width, width, bias=bias)})
        self.ln_2 = nn.LayerNorm(width, bias=bias)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width, bias=bias),
                                  "c_proj": nn.Linear(4 * width, width, bias=bias)})

    def forward(self, x):
        parts = self.attn["c_attn"](self.ln_1(x)).chunk(3, -1)
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + self.attn["c_proj"](y)
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Gpt(nn.Module):
    """models/gpt.h with its parameter names, which are nanoGPT's, without dropout."""

    def __init__(self, tokens, context, layers, heads, width, bias=True):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(tokens, width),
            "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList(Block(width, heads, bias) for _ in range(layers)),
            "ln_f": nn.LayerNorm(width, bias=bias)})
        self.lm_head = nn.Linear(width, tokens, bias=False)
        self.lm_head.weight = self.transformer["wte"].weight

    def forward(self, tokens):
        x = self.transformer["wte"](tokens)
        x = x + self.transformer["wpe"](torch.arange(tokens.shape[1]))
        for block in self.transformer["h"]:
            x = block(x)
        return self.lm_head(self.transformer["ln_f"](x))


def gpt(f):
    """20 steps of AdamW with a clipped gradient on four batches in turn; matrices decay."""
    for options in GPT_OPTIONS:
        net = f.fill(Gpt(**TINY, **options), scale=0.3)
        before = {name: p.detach().clone() for name, p in net.named_parameters()}
        tokens = f.integers(TINY["tokens"], 4, 3, TINY["context"] + 1)
        matrices = [p for p in net.parameters() if p.dim() >= 2]
        others = [p for p in net.parameters() if p.dim() < 2]
        # eps: the bias of the keys has no gradient but for rounding, which Adam would blow up.
        how = {"lr": 0.01, "weight_decay": 0.1, "eps": 1e-3, "clip": 0.5}
        adam = torch.optim.AdamW([{"params": matrices, "weight_decay": how["weight_decay"]},
                                  {"params": others, "weight_decay": 0.0}],
                                 lr=how["lr"], betas=(0.9, 0.95), eps=how["eps"])
        losses, norms = [], []
        for step in range(STEPS):
            batch = tokens[step % 4]
            logits = net(batch[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
            adam.zero_grad()
            loss.backward()
            norms.append(clip_grad_norm_(net.parameters(), how["clip"]).item())
            adam.step()
            losses.append(loss.item())
        record(f, "Gpt", [torch.tensor(losses), torch.tensor(norms)], [tokens], before,
               dict(net.named_parameters()), **how, **TINY, **options)
