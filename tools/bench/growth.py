"""What compare.sh --growth runs: a step's time and memory against T, batch and width, heed and
PyTorch eager in turn, a line of JSON for each size. growth_plot.py draws them."""

import argparse
import json
import time

import compare

ROUNDS, SECONDS, THREADS = 3, 0.5, 2
MIDDLE = {"T": 64, "B": 16, "W": 128}   # the sizes that do not grow
SIZES = {"T": (16, 32, 64, 128, 256, 512), "B": (1, 4, 16, 64, 256),
         "W": (32, 64, 128, 256, 512, 1024)}
SMALLEST = {"lstm": "lstm-T1-B1-W32", "gpt": "gpt-T1-B1-W32", "long": "long-1"}


def name_of(family, **sizes):
    return family + "".join(f"-{key}{size}" for key, size in {**MIDDLE, **sizes}.items())


GROUPS = {**{f"{family}-{key}": {size: name_of(family, **{key: size}) for size in sizes}
             for family in ("lstm", "gpt") for key, sizes in SIZES.items()},
          "long": {size: f"long-{size}" for size in (512, 1024, 2048, 4096, 8192)}}


def least(results, field):
    return min(result[field] for result in results)


class Growth:
    def __init__(self, sides):
        self.sides = sides
        self.smallest, self.updates, self.done = {}, {}, {}

    def prepare(self, family):
        """Both sides must agree; what a process of the smallest size holds; PyTorch's faster
        optimiser."""
        if family in self.smallest:
            return
        middle = GROUPS["long"][512] if family == "long" else name_of(family)
        if not compare.check_agreement(self.sides, middle):
            raise SystemExit(f"growth.py: {middle}: heed and PyTorch do not agree")
        self.updates[family] = compare.faster_optimizer(
            self.sides, middle, THREADS, SECONDS) if family != "long" else "fused"
        self.smallest[family] = {side: self.time(side, SMALLEST[family], family)["rss_mb"]
                                 for side in ("heed", "eager")}

    def time(self, side, workload, family):
        flags = ("--optimizer", self.updates[family]) if side == "eager" else ()
        return self.sides.time(side, workload, THREADS, SECONDS, *flags)

    def measure(self, family, workload):
        """The least of three rounds' medians: one that another program disturbed does not count."""
        results = {"heed": [], "eager": []}
        for _ in range(ROUNDS):
            for side, found in results.items():
                found.append(self.time(side, workload, family))
        heed, eager = results["heed"], results["eager"]
        ours, theirs = least(heed, "median_ms"), least(eager, "median_ms")
        smallest = self.smallest[family]
        return {"workload": workload, "threads": THREADS, "heed_ms": ours, "eager_ms": theirs,
                "ratio": round(theirs / ours, 3),
                "gflops": max(result["gflops"] for result in heed),
                "heed_mb": least(heed, "rss_mb"), "eager_mb": least(eager, "rss_mb"),
                "heed_smallest_mb": smallest["heed"], "eager_smallest_mb": smallest["eager"]}

    def run(self, group):
        family = group.partition("-")[0]
        self.prepare(family)
        for size, workload in GROUPS[group].items():
            if workload not in self.done:   # the sizes in the middle belong to three groups
                self.done[workload] = self.measure(family, workload)
            print(json.dumps({"group": group, "size": size, **self.done[workload]}), flush=True)


def main():
    parser = argparse.ArgumentParser(description="A step's time and memory against its sizes.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    compare.add_programs(parser)
    options = parser.parse_args()
    for word in options.groups:
        if word not in GROUPS:
            raise SystemExit(f'growth.py: GROUP: expected one of {", ".join(GROUPS)}, got "{word}"')
    began = time.monotonic()
    growth = Growth(compare.Sides(options))
    for group in options.groups or GROUPS:
        growth.run(group)
        compare.say(f"{group}: {time.monotonic() - began:.0f} s")


main()
