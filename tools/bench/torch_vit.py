"""The PyTorch side of bench_vit: the same model, shapes, loss, clipping and optimiser, eager.

python3 tools/bench/torch_vit.py [THREADS [SECONDS]] prints one line of JSON; the faster of AdamW's
two implementations (foreach, fused) counts.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


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

    def forward(self, images):
        patches = self.conv_proj((images - 0.5) / 0.5).flatten(2).transpose(1, 2)
        first = self.class_token.expand(images.shape[0], -1, -1)
        tokens = torch.cat([first, patches], 1) + self.pos_embedding
        return self.head(self.encoder(tokens)[:, 0])


def measure(seconds, **how):
    torch.manual_seed(1)
    model = Vit()
    adam = torch.optim.AdamW(model.parameters(), **how)
    images, labels = torch.rand(128, 1, 28, 28), torch.randint(10, (128,))

    def step():
        start = time.perf_counter()
        loss = F.cross_entropy(model(images), labels)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
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
            "parameters": sum(p.numel() for p in model.parameters()), "adamw": next(iter(how))}


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    torch.set_num_threads(threads)
    results = [measure(seconds / 2, foreach=True), measure(seconds / 2, fused=True)]
    best = min(results, key=lambda result: result["median_ms"])
    print(json.dumps({"workload": "vit", "threads": threads, "torch": torch.__version__, **best}))


main()
