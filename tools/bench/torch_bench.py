"""The PyTorch side of heed-bench: the same workloads, measured in the same way.

python3 tools/bench/torch_bench.py WORKLOAD [--compile] prints one line of JSON.
"""

import time

BEGAN = time.monotonic() - time.process_time()

import argparse
import json
import statistics
import struct

import torch

import torch_workloads

MOST_STEPS, LEAST_STEPS, WARM_UP_STEPS = 20_000, 3, 3
DTYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "U8": torch.uint8}


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data[begin:end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = flat.view(entry["shape"])
    return tensors


class Start:
    """What a workload starts from: drawn here, or read from a file of heed-bench --export."""

    def __init__(self, options):
        self.file = read_safetensors(options.weights) if options.weights else None
        self.compile, self.optimizer = options.compile, options.optimizer
        self.agreeing = options.losses is not None

    def dropout(self, p):
        return 0.0 if self.agreeing else p

    def integers(self, name, below, shape):
        return self.file["batch." + name] if self.file else torch.randint(below, shape)

    def normals(self, name, shape):
        return self.file["batch." + name] if self.file else torch.randn(shape)

    def weights(self, module):
        if not self.file:
            return
        given = {name[len("model."):] for name in self.file if name.startswith("model.")}
        own = dict(module.named_parameters())
        if given != set(own):
            raise SystemExit(f"torch_bench: parameters differ: {sorted(given ^ set(own))}")
        with torch.no_grad():
            for name, parameter in own.items():
                parameter.copy_(self.file["model." + name])


def peak_memory_mb():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0


def step_ms(run):
    start = time.perf_counter()
    run.step()
    return (time.perf_counter() - start) * 1e3


def measured(options, run, began_ms):
    first = step_ms(run)
    start_up = time.monotonic() * 1e3 - began_ms
    warm_until = time.monotonic() + options.seconds
    for _ in range(WARM_UP_STEPS):
        if time.monotonic() < warm_until:
            run.step()
    times, total = [], 0
    while len(times) < MOST_STEPS and (total < options.seconds * 1e3 or len(times) < LEAST_STEPS):
        times.append(step_ms(run))
        total += times[-1]
    return {"workload": options.workload, "threads": torch.get_num_threads(),
            "torch": torch.__version__, "compile": options.compile,
            "optimizer": options.optimizer, "median_ms": round(statistics.median(times), 4),
            "min_ms": round(min(times), 4), "steps": len(times), "first_ms": round(first, 4),
            "start_ms": round(start_up, 4), "rss_mb": round(peak_memory_mb(), 4),
            "parameters": run.parameters}


def parsed():
    parser = argparse.ArgumentParser(description="The PyTorch side of heed-bench.")
    parser.add_argument("workload")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--compile", action="store_true", help="forward and loss by torch.compile")
    parser.add_argument("--optimizer", choices=("loop", "foreach", "fused"), default="fused")
    parser.add_argument("--losses", type=int, help="print the losses of N steps without dropout")
    parser.add_argument("--weights", help="start from a file of heed-bench --export")
    parser.add_argument("--since", type=float, default=BEGAN * 1e3,
                        help="when the caller began to start this process (CLOCK_MONOTONIC, ms)")
    return parser.parse_args()


def main():
    options = parsed()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    run = torch_workloads.make_workload(options.workload)(Start(options))
    if options.losses is not None:
        print(json.dumps(run.numbers(options.losses)))
    else:
        print(json.dumps(measured(options, run, options.since)))


main()
