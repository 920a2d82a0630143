#!/usr/bin/env python3
"""Times this suite against its peers, on the same data in the same run.

Ours and every peer take turns; each round runs all of them once; the median of the rounds counts.
Prints one table and writes results.json: [{layer, work, peer, ours_s, peer_s, ratio, target,
date}], where ratio = peer time / our time, so more than 1 means that we are faster. Rows of works
that were not run stay as they were; a quick run writes nothing.
"""

import argparse
import datetime
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

import bench  # noqa: E402
from bench import Context, Unavailable  # noqa: E402

LAYERS = ["VolumeIO", "Windowing", "NeuralCore", "MLLMClients", "Evaluation"]


class Ours:
    """The layer's executable, kept running: one command in, one time out."""

    def __init__(self, layer, binaries, env):
        path = binaries / f"{layer}Bench"
        self.process = subprocess.Popen(
            [str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **env})

    def run(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{command!r}: the executable ended with {self.process.wait()}")
        if line.startswith("error"):
            raise RuntimeError(f"{command!r}: {line}")
        return float(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(call):
    start = time.perf_counter()
    own = call()
    return own if isinstance(own, float) else time.perf_counter() - start


class Cores:
    """Tells whether the cores are there. A virtual machine's neighbours can take half of them for
    seconds at a time, from ours in one turn and from a peer in the next."""

    PROBE = "matmul\t768\t768\t768"

    def __init__(self):
        self.best = {}  # seconds of the probe, by threads
        self.waits = 0
        self.probes = False  # whether the layer's executable knows the probe

    def wait(self, work, ours):
        """Before a turn: where it has several threads, a peer's that still spin get time to come to
        rest; and a product of matrices must take what it took at best, or nearly. Gives up after 6 s."""
        threads = work.env.get("ROENTGEN_THREADS", "1")
        if threads != "1":
            time.sleep(0.1)
        if not self.probes:
            return
        for _ in range(30):
            now = ours.run(self.PROBE)
            self.best[threads] = min(self.best.get(threads, now), now)
            if now < 1.15 * self.best[threads]:
                return
            self.waits += 1
            time.sleep(0.2)


def measure(work, ours, cores, progress):
    """Medians: ours, and a dict of peers' (None where a peer is unavailable, with the reason)."""
    if work.setup:
        work.setup()
    times = {None: []}
    reasons = {}
    for name in work.peers:
        times[name] = []
    for turn in range(work.rounds + 1):
        progress(f"{work.name}: round {turn} of {work.rounds}")
        cores.wait(work, ours)
        value = ours.run(work.ours)
        if turn:
            times[None].append(value)
        for name, call in work.peers.items():
            if name in reasons:
                continue
            cores.wait(work, ours)
            try:
                value = (call.times * ours.run(call.command) if isinstance(call, bench.Ours)
                         else timed(call))
            except (Unavailable, ImportError) as error:
                reasons[name] = str(error) or type(error).__name__
                continue
            except Exception as error:  # a peer's failure is a row that says so
                reasons[name] = f"{type(error).__name__}: {error}".splitlines()[0][:120]
                continue
            if turn:
                times[name].append(value)
    mid = {name: statistics.median(t) if t else None for name, t in times.items()}
    return mid.pop(None), mid, reasons


def rate_of(per_second, unit):
    """Such as 5.3 GB/s of `B`; other units as they are."""
    if unit in ("B", "FLOP"):
        for power, prefix in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]:
            if per_second >= power:
                return f"{per_second / power:.3g} {prefix}{unit}/s"
    return f"{per_second:.3g} {unit}/s"


def cpu_model():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def merged(path, rows):
    """What other runs have written, with this run's rows in the place of theirs."""
    try:
        old = json.loads(path.read_text())
    except (OSError, ValueError):
        old = []
    new = {(row["work"], row["peer"]) for row in rows}
    return [row for row in old if (row["work"], row["peer"]) not in new] + rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="layers (or parts of work names), by commas")
    parser.add_argument("--binaries", type=Path, required=True, help="folder of the executables")
    parser.add_argument("--shared", type=Path, default=HERE.parent / ".." / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="one round each, small sizes")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    options = parser.parse_args()

    only = [word.strip().lower() for word in options.only.split(",") if word.strip()]
    layers = [l for l in LAYERS if not only or l.lower() in only]
    patterns = [word for word in only if word not in [l.lower() for l in LAYERS]]
    if patterns:
        layers = layers or LAYERS

    def progress(text):
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    print(f"machine: {cpu_model()}, {os.cpu_count()} cores, {platform.system()}, "
          f"{datetime.date.today().isoformat()}")
    print(f"python {platform.python_version()}")
    rows, failures = [], 0
    shared = options.shared.resolve() if options.shared.is_dir() else None
    header = f"{'work':58} {'ours':>10}  {'peer':26} {'theirs':>10} {'ratio':>7} {'target':>7}"
    print(header)
    print("-" * len(header))
    with tempfile.TemporaryDirectory(prefix="roentgen-bench-") as folder:
        ctx = Context(Path(folder), shared, options.quick)
        cores = Cores()
        for layer in layers:
            cores.probes = layer == "NeuralCore"
            for source in sorted((HERE / "peers").glob(f"{layer.lower()}*.py")):
                module = importlib.import_module(source.stem)
                running = {}
                try:
                    for work in module.works(ctx):
                        if patterns and not any(p in work.name.lower() for p in patterns):
                            continue
                        if options.quick:
                            work.rounds = 1
                        key = tuple(sorted(work.env.items()))
                        if key not in running:
                            running[key] = Ours(layer, options.binaries, work.env)
                        try:
                            ours, peers, reasons = measure(work, running[key], cores, progress)
                        except Exception as error:
                            progress("")
                            print(f"{work.name:58} failed: {error}")
                            running.pop(key).close()
                            failures += 1
                            continue
                        progress("")
                        rate = f"  {rate_of(work.amount / ours, work.unit)}" if work.amount else ""
                        for peer, theirs in (peers or {"-": None}).items():
                            target = work.target_for(peer)
                            ratio = theirs / ours if theirs else None
                            rows.append(dict(layer=layer, work=work.name, peer=peer,
                                             ours_s=ours, peer_s=theirs, ratio=ratio,
                                             target=target,
                                             date=datetime.date.today().isoformat()))
                            note = reasons.get(peer, "")
                            mark = ""
                            if ratio is not None and target is not None:
                                mark = "  ok" if ratio >= target else "  MISS"
                            print(f"{work.name:58} {ours:10.5f}  {peer:26} "
                                  + (f"{theirs:10.5f}" if theirs else f"{'-':>10}")
                                  + (f" {ratio:7.2f}" if ratio else f" {'-':>7}")
                                  + (f" {target:7.2f}" if target else f" {'-':>7}")
                                  + mark + rate + (f"  ({note})" if note else ""), flush=True)
                finally:
                    for ours in running.values():
                        ours.close()
    if not options.quick:
        kept = merged(options.out, rows)
        partial = options.out.with_suffix(".json.partial")
        partial.write_text(json.dumps(kept, indent=1) + "\n")
        partial.replace(options.out)
    if cores.waits:
        print(f"waited {cores.waits} times for a core")
    print(f"{len(rows)} rows" + ("" if options.quick else f", written to {options.out.name}"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
