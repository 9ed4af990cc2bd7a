"""The workload mlp of heed-bench in JAX, compiled as one function, measured in the same way.

python3 tools/bench/jax_bench.py mlp prints one line of JSON.
"""

import time

BEGAN = time.monotonic() - time.process_time()

import argparse
import json
import os
import statistics

MOST_STEPS, WARM_UP_STEPS = 20_000, 3
SIZES = (784, 256, 128, 10)
BATCH = 64


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=["mlp"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--since", type=float, default=BEGAN * 1e3, help="in milliseconds")
    parser.add_argument("--weights", help="a file of heed-bench --export to begin with")
    parser.add_argument("--losses", type=int, help="print so many losses and nothing else")
    return parser.parse_args()


OPTIONS = parsed()
# XLA runs as many threads as the process may use cores, counted when it is imported.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:OPTIONS.threads])

import jax
import jax.numpy as jnp
import numpy as np


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "I64": np.int64}
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], kinds[entry["dtype"]])
            .reshape(entry["shape"]) for name, entry in header.items()}


def drawn():
    """What the file would hold, with PyTorch's first weights."""
    random = np.random.default_rng(1)
    tensors = {"batch.images": random.standard_normal((BATCH, SIZES[0]), np.float32),
               "batch.labels": random.integers(0, SIZES[-1], BATCH)}
    for i, (inputs, outputs) in enumerate(zip(SIZES, SIZES[1:])):
        bound = inputs ** -0.5
        for name, shape in (("weight", (outputs, inputs)), ("bias", (outputs,))):
            tensors[f"model.{2 * i}.{name}"] = np.float32(random.uniform(-bound, bound, shape))
    return tensors


def loss_of(layers, images, labels):
    x = images
    for i, (weight, bias) in enumerate(layers):
        x = x @ weight + bias
        if i + 1 < len(layers):
            x = jax.nn.relu(x)
    return -jnp.take_along_axis(jax.nn.log_softmax(x), labels[:, None], axis=1).mean()


def step(state, images, labels, rate=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    """A step of Adam, as PyTorch defines it."""
    layers, first, second, t = state
    loss, gradients = jax.value_and_grad(loss_of)(layers, images, labels)
    t = t + 1
    tree = jax.tree_util.tree_map
    first = tree(lambda m, g: b1 * m + (1 - b1) * g, first, gradients)
    second = tree(lambda v, g: b2 * v + (1 - b2) * g * g, second, gradients)
    layers = tree(lambda p, m, v: p - rate / (1 - b1 ** t) * m /
                  (jnp.sqrt(v / (1 - b2 ** t)) + eps), layers, first, second)
    return (layers, first, second, t), loss


def peak_memory_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def main():
    tensors = read_safetensors(OPTIONS.weights) if OPTIONS.weights else drawn()
    images, labels = (jnp.asarray(tensors["batch." + name]) for name in ("images", "labels"))
    layers = [tuple(jnp.array(tensors[f"model.{i}.{name}"].T) for name in ("weight", "bias"))
              for i in (0, 2, 4)]
    first, second = (jax.tree_util.tree_map(jnp.zeros_like, layers) for _ in range(2))
    state = (layers, first, second, jnp.zeros(()))
    compiled = jax.jit(step, donate_argnums=0)

    def run():
        nonlocal state
        state, loss = compiled(state, images, labels)
        return loss.block_until_ready()

    def timed():
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) * 1e3

    if OPTIONS.losses:
        print(json.dumps([float(run()) for _ in range(OPTIONS.losses)]))
        return
    first = timed()
    start_up = time.monotonic() * 1e3 - OPTIONS.since
    for _ in range(WARM_UP_STEPS):
        run()
    times, until = [], time.monotonic() + OPTIONS.seconds
    while len(times) < MOST_STEPS and time.monotonic() < until:
        times.append(timed())
    print(json.dumps({"workload": "mlp", "median_ms": statistics.median(times),
                      "min_ms": min(times), "steps": len(times), "first_ms": first,
                      "start_ms": start_up, "rss_mb": peak_memory_mb()}))


if __name__ == "__main__":
    main()
