"""The PyTorch side of bench_attention: F.scaled_dot_product_attention, and the layer around it.

python3 tools/bench/torch_attention.py [THREADS [SECONDS]] prints a line of JSON for each length.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

WIDTH, HEADS = 256, 4


def median_ms(seconds, run):
    for _ in range(2):
        run()
    times = []
    while sum(times) < seconds * 1e3 or len(times) < 3:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return times[len(times) // 2]


def split(x):
    return x.view(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)


def join(y):
    return y.transpose(1, 2).reshape(y.shape[0], y.shape[2], WIDTH)


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    into, out = torch.nn.Linear(WIDTH, 3 * WIDTH), torch.nn.Linear(WIDTH, WIDTH)
    for steps in (512, 1024, 2048, 4096, 8192):
        x, q, k, v = (torch.randn(1, steps, WIDTH, requires_grad=True) for _ in range(4))
        ones = torch.ones(1, steps, WIDTH)

        def attention():
            q.grad = k.grad = v.grad = None
            y = F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=True)
            join(y).backward(ones)

        def layer():
            x.grad = None
            into.zero_grad()
            out.zero_grad()
            heads = [split(part) for part in into(x).split(WIDTH, 2)]
            out(join(F.scaled_dot_product_attention(*heads, is_causal=True))).backward(ones)

        print(json.dumps({
            "workload": "attention", "steps": steps, "threads": threads,
            "torch": torch.__version__, "attention_ms": round(median_ms(seconds, attention), 3),
            "layer_ms": round(median_ms(seconds, layer), 3)}), flush=True)


main()
