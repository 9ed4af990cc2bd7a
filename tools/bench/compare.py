"""What compare.sh runs: measures in turn, in fresh processes, and prints the table or JSON."""

import argparse
import datetime
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TRAINING = ("mlp", "charrnn", "lstm-lm", "bilstm-cls", "seq2seq", "g2p", "copy", "nanogpt",
            "babygpt", "mt-base", "vit", "gpt2-124M")
OVERHEAD = ("scalar", "small-ops", "generate-baby", "generate-124M", "beam")
COMPILED = tuple(name for name in TRAINING if name != "bilstm-cls")
# What is measured over other opponents too, jax where this interpreter has it.
OTHERS = {"libtorch": ("scalar", "small-ops", "mlp", "g2p")}
if importlib.util.find_spec("jax"):
    OTHERS["jax"] = ("mlp",)
AGREEMENT = 1e-3
COLUMNS = ("workload", "threads", "heed ms", "eager ms", "compile ms", "ratio", "heed MB",
           "eager MB", "compile MB", "heed start", "eager start", "compile start", "GFLOP/s",
           "% of sgemm")


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Sides:
    """The programs, each a list of words to which a workload and flags are added."""

    def __init__(self, options):
        torch = [sys.executable, os.path.join(HERE, "torch_bench.py")]
        self.programs = {"heed": [options.heed, "--json"], "eager": torch,
                         "compile": [*torch, "--compile"], "libtorch": [options.libtorch],
                         "jax": [sys.executable, os.path.join(HERE, "jax_bench.py")]}
        self.caches = tempfile.TemporaryDirectory()

    def run(self, side, workload, *flags, threads=0):
        words = [*self.programs[side], workload, *map(str, flags)]
        # The first start of torch.compile finds nothing on disk, whatever was measured before.
        cache = os.path.join(self.caches.name, f"{workload}-{threads}")
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache}
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE)
        if done.returncode:
            raise SystemExit(f"compare.py: {' '.join(words)} failed:\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def time(self, side, workload, threads, seconds, *flags):
        return self.run(side, workload, "--threads", threads, "--seconds", seconds, *flags,
                        "--since", time.monotonic() * 1e3, threads=threads)


def others_of(workload):
    return [side for side, names in OTHERS.items() if workload in names]


def difference(a, b):
    """Relative above 1, absolute below; NaN where either is."""
    return abs(a - b) / max(1, abs(b))


def agree(workload, ours, theirs):
    tokens = len(ours) - 1 if workload.startswith("generate") else 0  # before the log-probability
    return (len(ours) == len(theirs) and ours[:tokens] == theirs[:tokens]
            and all(difference(a, b) <= AGREEMENT for a, b in zip(ours, theirs)))


def check_agreement(sides, workload):
    """Twenty losses, or a result and its gradients, from the same weights and batch."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "start.safetensors")
        sides.run("heed", workload, "--export", file)
        flags = ("--weights", file, "--losses", 20)
        ours = sides.run("heed", workload, *flags)
        for side in ("eager", *others_of(workload)):
            theirs = sides.run(side, workload, *flags)
            if not agree(workload, ours, theirs):
                say(f"{workload}: heed and {side} do not agree: {ours} and {theirs}")
                return False
            apart = max(map(difference, ours, theirs))
            say(f"{workload}: {len(ours)} numbers agree with {side}'s to {apart:.1e}")
    return True


def sgemm_rate(sides, threads, seconds):
    """The best of a few products of either side, GFLOP/s."""
    rates = []
    for n in (1024, 2048, 4096):
        for side in ("heed", "eager"):
            least = sides.time(side, f"sgemm-{n}", threads, seconds)["min_ms"]
            rates.append(2 * n ** 3 / least / 1e6)
    return max(rates)


def faster_optimizer(sides, workload, threads, seconds):
    return min(("foreach", "fused"), key=lambda name: sides.time(
        "eager", workload, threads, seconds, "--optimizer", name)["median_ms"])


def measure(sides, workload, threads, options):
    """Results of each side, measured in turn."""
    names = ["heed", "eager"]
    names += ["compile"] if workload in COMPILED else []
    names += others_of(workload)
    update = "fused"
    if workload in TRAINING:
        update = faster_optimizer(sides, workload, threads, options.seconds)
    results = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            torch = name in ("eager", "compile")
            flags = ("--optimizer", update) if torch else ()
            results[name].append(sides.time(name, workload, threads, options.seconds, *flags))
    return results


def middle(results, side, field):
    if side not in results:
        return None
    values = [result[field] for result in results[side]]
    # Compiling is kept on disk: only the first process has to do it.
    cold = side == "compile" and field == "start_ms"
    return values[0] if cold else statistics.median(values)


def record_of(workload, threads, results, sgemm, theirs=("eager", "compile")):
    heed = middle(results, "heed", "median_ms")
    best = min((side for side in theirs if side in results),
               key=lambda side: middle(results, side, "median_ms"))
    gflops = middle(results, "heed", "gflops")
    return {"workload": workload, "threads": threads, "heed_ms": heed,
            "eager_ms": middle(results, theirs[0], "median_ms"),
            "compile_ms": middle(results, "compile", "median_ms") if len(theirs) > 1 else None,
            "ratio": round(middle(results, best, "median_ms") / heed, 3),
            "heed_mb": middle(results, "heed", "rss_mb"),
            "torch_mb": middle(results, best, "rss_mb"), "gflops": gflops,
            "percent_of_sgemm": round(100 * gflops / sgemm, 1)}


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def row_of(record, results, theirs):
    digits = 4 if record["heed_ms"] < 1 else 1 if record["heed_ms"] < 1000 else 0
    cells = [record["workload"], str(record["threads"]),
             *(number(record[f"{side}_ms"], digits) for side in ("heed", "eager", "compile")),
             number(record["ratio"], 2)]
    for field in ("rss_mb", "start_ms"):
        cells += [number(middle(results, side, field), 0) for side in ("heed", *theirs)]
        cells += ["-"] * (2 - len(theirs))
    cells += [number(record["gflops"], 1), number(record["percent_of_sgemm"], 0)]
    return "| " + " | ".join(cells) + " |"


def report(workload, threads, results, sgemm, as_json):
    """Prints a line, and one against each other opponent; returns the first one."""
    records = []
    others = [(f"{workload}/{side}", (side,)) for side in others_of(workload)]
    for name, theirs in ((workload, ("eager", "compile")), *others):
        record = record_of(name, threads, results, sgemm, theirs)
        records.append(record)
        print(json.dumps(record) if as_json else row_of(record, results, theirs), flush=True)
    return records[0]


def print_head(options, sgemm):
    import torch
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "?")
    rates = ", ".join(f"{rate:.0f} GFLOP/s with {n}" for n, rate in sgemm.items())
    print(f"{datetime.date.today()}, {model}, {os.cpu_count()} cores, PyTorch {torch.__version__}; "
          f"sgemm {rates} threads; medians of {options.rounds} rounds of {options.seconds:g} s\n")
    print("| " + " | ".join(COLUMNS) + " |\n|---|" + "--:|" * (len(COLUMNS) - 1), flush=True)


def print_means(records):
    for threads in sorted({record["threads"] for record in records}):
        for title, names in (("training", TRAINING), ("overhead and generation", OVERHEAD)):
            ratios = [record["ratio"] for record in records
                      if record["threads"] == threads and record["workload"] in names]
            if ratios:
                mean = math.exp(statistics.fmean(map(math.log, ratios)))
                print(f"{title}, {threads} threads: geometric mean {mean:.2f} of {len(ratios)} "
                      f"ratios, the least {min(ratios):.2f}")


def chosen(options):
    """The workloads' ids; `long` is a family. sgemm is measured in any case."""
    listed = subprocess.run([options.heed, "--list"], check=True, stdout=subprocess.PIPE, text=True)
    ids = [line.split()[0] for line in listed.stdout.splitlines()]
    ids = [name for name in ids if not name.startswith("sgemm")]
    ids = [name for name in ids if not name.endswith(("-bf16", "-int8"))]  # heed's alone
    found = []
    for word in options.workloads or ids:
        matching = [name for name in ids if name == word or (word == "long" and "long-" in name)]
        if not matching:
            raise SystemExit(f'compare.py: WORKLOAD: expected one of {", ".join(ids)} or long, '
                             f'got "{word}"')
        found += matching
    return found


def add_programs(parser):
    parser.add_argument("--heed", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--libtorch", default="", help=argparse.SUPPRESS)


def parsed():
    parser = argparse.ArgumentParser(description="heed beside PyTorch, in turn, on this machine.")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of a round (%(default)s)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--quick", action="store_true",
                        help="the same as --rounds 3 --seconds 1 --threads 2")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each row")
    add_programs(parser)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.threads = 3, 1.0, [2]
    return options


def main():
    options = parsed()
    workloads = chosen(options)
    failed, records = [], []
    sides = Sides(options)
    agreeing = [name for name in workloads if check_agreement(sides, name)]
    failed = sorted(set(workloads) - set(agreeing))
    sgemm = {n: sgemm_rate(sides, n, options.seconds) for n in options.threads}
    if not options.json:
        print_head(options, sgemm)
    for name in agreeing:
        for n in options.threads:
            results = measure(sides, name, n, options)
            records.append(report(name, n, results, sgemm[n], options.json))
    if not options.json:
        print()
        print_means(records)
    if failed:
        raise SystemExit(f"compare.py: not measured, they do not agree: {', '.join(failed)}")


if __name__ == "__main__":
    main()
