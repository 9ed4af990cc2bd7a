"""heed's models in PyTorch, with heed's names of parameters, as one would write them there."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class CharRnn(nn.Module):
    def __init__(self, tokens, embedding, hidden):
        super().__init__()
        self.embedding = nn.Embedding(tokens, embedding)
        self.layers = nn.LSTM(embedding, hidden, 2, batch_first=True)
        self.output = nn.Linear(hidden, tokens)

    def forward(self, tokens):
        return self.output(self.layers(self.embedding(tokens))[0])


class TwoWayClassifier(nn.Module):
    def __init__(self, tokens, width, hidden, classes):
        super().__init__()
        self.embedding = nn.Embedding(tokens, width)
        self.encoder = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * hidden, classes)

    def forward(self, tokens):
        ends = self.encoder(self.embedding(tokens))[1][0]
        return self.output(torch.cat([ends[0], ends[1]], 1))


class AdditiveAttention(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.query = nn.Linear(size, size, bias=False)
        self.key = nn.Linear(size, size, bias=False)
        self.v = nn.Parameter(torch.empty(size).uniform_(-1, 1) / math.sqrt(size))

    def forward(self, state, keys, values):
        scores = torch.tanh(self.query(state).unsqueeze(1) + keys) @ self.v
        return torch.bmm(torch.softmax(scores, 1).unsqueeze(1), values).squeeze(1)


class Bahdanau(nn.Module):
    """Both directions of the encoder at once, the decoder step by step."""

    def __init__(self, cell, source_tokens, target_tokens, embedding, hidden):
        super().__init__()
        self.lstm = cell == "lstm"
        layer, step = (nn.LSTM, nn.LSTMCell) if self.lstm else (nn.GRU, nn.GRUCell)
        self.source_embedding = nn.Embedding(source_tokens, embedding)
        self.target_embedding = nn.Embedding(target_tokens, embedding)
        self.encoder = layer(embedding, hidden // 2, batch_first=True, bidirectional=True)
        self.initial = nn.Linear(hidden, hidden)
        self.attention = AdditiveAttention(hidden)
        self.decoder = step(embedding + hidden, hidden)
        self.output = nn.Linear(2 * hidden, target_tokens)

    def forward(self, source, target):
        values, ends = self.encoder(self.source_embedding(source))
        ends = ends[0] if self.lstm else ends
        keys = self.attention.key(values)
        h = torch.tanh(self.initial(torch.cat([ends[0], ends[1]], 1)))
        c = torch.zeros_like(h)
        states = []
        for y in self.target_embedding(target).unbind(1):
            context = self.attention(h, keys, values)
            x = torch.cat([y, context], 1)
            if self.lstm:
                h, c = self.decoder(x, (h, c))
            else:
                h = self.decoder(x, h)
            states.append(torch.cat([h, context], 1))
        return self.output(torch.stack(states, 1))


def split_heads(x, heads):
    """(B, T, C) -> (B, heads, T, C / heads)"""
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def join_heads(x):
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1)


class CausalSelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)

    def forward(self, x, cache=None, position=0):
        q, k, v = (split_heads(p, self.heads) for p in self.c_attn(x).chunk(3, dim=2))
        if cache is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            keys, values = cache
            keys[:, :, position:position + 1] = k
            values[:, :, position:position + 1] = v
            y = F.scaled_dot_product_attention(q, keys[:, :, :position + 1],
                                               values[:, :, :position + 1])
        return self.c_proj(join_heads(y))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = CausalSelfAttention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)

    def forward(self, x, cache=None, position=0):
        x = x + self.attn(self.ln_1(x), cache, position)
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    """nanoGPT's model; the output shares the embedding's matrix."""

    def __init__(self, tokens, context, layers, heads, width):
        super().__init__()
        self.heads, self.width = heads, width
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(tokens, width),
            "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList(Block(width, heads) for _ in range(layers)),
            "ln_f": nn.LayerNorm(width)})
        for name, p in self.named_parameters():
            if p.dim() > 1:
                residual = name.endswith("c_proj.weight")
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, tokens):
        t = self.transformer
        x = t.wte(tokens) + t.wpe(torch.arange(tokens.shape[1]))
        for block in t.h:
            x = block(x)
        return F.linear(t.ln_f(x), t.wte.weight)

    @torch.inference_mode()
    def write(self, token, count, logits_too=None):
        """`count` tokens behind token (1, 1), each the most probable one."""
        t = self.transformer
        shape = (1, self.heads, count, self.width // self.heads)
        caches = [(torch.empty(shape), torch.empty(shape)) for _ in t.h]
        written = []
        for position in range(count):
            x = t.wte(token) + t.wpe.weight[position]
            for block, cache in zip(t.h, caches):
                x = block(x, cache, position)
            logits = F.linear(t.ln_f(x), t.wte.weight)[:, -1]
            if logits_too is not None:
                logits_too.append(logits)
            token = logits.argmax(-1, keepdim=True)
            written.append(token)
        return torch.cat(written, 1)


class Vit(nn.Module):
    def __init__(self, hidden=128, heads=4, layers=6):
        super().__init__()
        self.conv_proj = nn.Conv2d(1, hidden, 4, 4)
        self.class_token = nn.Parameter(torch.zeros(1, 1, hidden))
        self.pos_embedding = nn.Parameter(torch.randn(1, 50, hidden) * 0.02)
        layer = nn.TransformerEncoderLayer(hidden, heads, 4 * hidden, 0.0, "gelu",
                                           batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(hidden),
                                             enable_nested_tensor=False)
        self.head = nn.Linear(hidden, 10)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, images):
        patches = self.conv_proj((images - 0.5) / 0.5).flatten(2).transpose(1, 2)
        first = self.class_token.expand(images.shape[0], -1, -1)
        tokens = torch.cat([first, patches], 1) + self.pos_embedding
        return self.head(self.encoder(tokens)[:, 0])


class AttentionLayer(nn.Module):
    """nn.MultiheadAttention as a causal self-attention, without a (T, T) mask in memory."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x):
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=2)
        q, k, v = (split_heads(part, self.heads) for part in qkv)
        return self.out_proj(join_heads(F.scaled_dot_product_attention(q, k, v, is_causal=True)))
