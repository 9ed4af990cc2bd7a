"""The PyTorch side of bench_gpt: the same model, shapes, loss, clipping and optimiser, eager.

python3 tools/bench/torch_gpt.py [THREADS [SECONDS]] prints one line of JSON; the faster of AdamW's
two implementations (foreach, fused) counts.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """nanoGPT's block, with PyTorch's fused attention."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width, bias=False)
        self.c_attn = nn.Linear(width, 3 * width, bias=False)
        self.c_proj = nn.Linear(width, width, bias=False)
        self.ln_2 = nn.LayerNorm(width, bias=False)
        self.c_fc = nn.Linear(width, 4 * width, bias=False)
        self.out = nn.Linear(4 * width, width, bias=False)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.c_attn(self.ln_1(x)).split(C, dim=2)
        q, k, v = (p.view(B, T, self.heads, C // self.heads).transpose(1, 2) for p in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))
        return x + self.out(F.gelu(self.c_fc(self.ln_2(x))))


class Gpt(nn.Module):
    def __init__(self, tokens=65, context=64, layers=4, heads=4, width=128):
        super().__init__()
        self.wte = nn.Embedding(tokens, width)
        self.wpe = nn.Embedding(context, width)
        self.h = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width, bias=False)
        self.lm_head = nn.Linear(width, tokens, bias=False)
        self.lm_head.weight = self.wte.weight
        for name, p in self.named_parameters():
            if p.dim() >= 2:
                residual = name.endswith(("c_proj.weight", "out.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if residual else 0.02)

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def measure(seconds, **how):
    torch.manual_seed(1)
    model = Gpt()
    parameters = list(model.parameters())
    adam = torch.optim.AdamW(
        [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
         {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}],
        lr=1e-3, betas=(0.9, 0.99), **how)
    tokens, wanted = torch.randint(65, (12, 64)), torch.randint(65, (12, 64))

    def step():
        start = time.perf_counter()
        loss = F.cross_entropy(model(tokens).flatten(0, 1), wanted.flatten())
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()
        return (time.perf_counter() - start) * 1e3

    first = step()
    for _ in range(3):
        step()
    times = []
    while sum(times) < seconds * 1e3 or len(times) < 5:
        times.append(step())
    times.sort()
    return {"median_ms": round(times[len(times) // 2], 3), "min_ms": round(times[0], 3),
            "steps": len(times), "first_ms": round(first, 1),
            "parameters": sum(p.numel() for p in parameters), "adamw": next(iter(how))}


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    torch.set_num_threads(threads)
    results = [measure(seconds / 2, foreach=True), measure(seconds / 2, fused=True)]
    best = min(results, key=lambda result: result["median_ms"])
    print(json.dumps({"workload": "gpt", "threads": threads, "torch": torch.__version__, **best}))


main()
