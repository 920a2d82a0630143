#!/usr/bin/env python3
"""What share of the machine's measured peak each kernel reaches, and how cost grows with batch, channels,
length and volume. Prints Markdown; ours alone, medians of several calls.

    python3 Benchmarks/growth.py --binary Benchmarks/.build/release/NeuralCoreBench
"""

import argparse
import os
import statistics
import subprocess
import time

# Name, command without its separators, floating-point operations, the peak it is held against.
SHARES = [
    ("matmul 2048³", "matmul 2048 2048 2048", 2 * 2048**3, "f32"),
    ("matmul 197×768·768×3072", "matmul 197 3072 768", 2 * 197 * 768 * 3072, "f32"),
    ("matmul bfloat16 2048³", "matmul-bf16 2048 2048 2048", 2 * 2048**3, "bf16"),
    ("linear, packed, GELU, 197×768→3072", "linear 197 3072 768 1", 2 * 197 * 768 * 3072, "f32"),
    ("conv 1×1 256→256, 28²", "conv 1 256 256 1 1 28 28 1 1 1 0 1", 2 * 256**2 * 28**2, "f32"),
    ("conv 3×3, stride 2, 128→128, 56²", "conv 1 128 128 1 1 56 56 1 3 2 1 1",
     2 * 9 * 128**2 * 28**2, "f32"),
    ("conv 3×3 64→64, 56² (Winograd)", "conv 1 64 64 1 1 56 56 1 3 1 1 1",
     2 * 9 * 64**2 * 56**2, "f32"),
    ("conv 3×3×3 32→32, 64³ (Winograd)", "conv 1 32 32 1 64 64 64 3 3 1 1 1",
     2 * 27 * 32**2 * 64**3, "f32"),
    ("depthwise 3×3, 128 channels, 56²", "conv 1 128 128 128 1 56 56 1 3 1 1 1",
     2 * 9 * 128 * 56**2, "f32"),
    ("attention, 12 heads of 64, length 1,024", "attention 1 12 1024 64 0",
     4 * 12 * 1024**2 * 64, "f32"),
]


class Ours:
    """The executable, asked by lines."""

    PROBE = "matmul 768 768 768"

    def __init__(self, binary, threads):
        self.process = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"ROENTGEN_THREADS": str(threads)})
        self.best = float("inf")

    def run(self, command):
        self.process.stdin.write(command.replace(" ", "\t") + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line or line.startswith("error"):
            raise RuntimeError(f"{command}: {line.strip()}")
        return float(line)

    def median(self, command, rounds=7):
        """Of several calls, each begun when the machine's neighbours leave the cores alone."""
        self.run(command)
        times = []
        for _ in range(rounds):
            for _ in range(30):
                now = self.run(self.PROBE)
                self.best = min(self.best, now)
                if now < 1.15 * self.best:
                    break
                time.sleep(0.2)
            times.append(self.run(command))
        return statistics.median(times)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def table(title, head, rows):
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def shares(binary):
    rows = [[name] for name, *_ in SHARES]
    for threads in (1, 2):
        ours = Ours(binary, threads)
        peaks = {kind: ours.run(f"peak {kind}") for kind in ("f32", "bf16")}
        print(f"peak, {threads} threads: {peaks['f32'] / 1e9:.0f} GFLOP/s in float32, "
              f"{peaks['bf16'] / 1e9:.0f} in bfloat16")
        for row, (_, command, operations, kind) in zip(rows, SHARES):
            rate = operations / ours.median(command)
            share = f"{100 * rate / peaks[kind]:.0f} %" if peaks[kind] else "–"
            row.append(f"{rate / 1e9:.0f}, {share}")
        ours.close()
    table("GFLOP/s, and the share of the measured peak (operations of the direct sum):",
          ["kernel", "one thread", "two threads"], rows)


def growth(binary):
    ours = Ours(binary, 2)

    def series(title, head, steps):
        """A row a step: its label, the time, and the time of one unit of work."""
        rows, first = [], None
        for label, command, units in steps:
            took = ours.median(command)
            each = took / units
            first = first or each
            rows.append([label, f"{took * 1e3:.3g} ms", f"{each / first:.2f}"])
        table(title, [head, "time", "per unit of work, first row = 1"], rows)

    series("ResNet-50, 224², by batch; a unit is a picture:", "batch",
           [(str(n), f"net resnet50 224 {n} f32", n) for n in (1, 2, 4, 8, 16)])
    series("conv 3×3, n→n channels at 28², by channels; a unit is n²:", "channels",
           [(str(n), f"conv 1 {n} {n} 1 1 28 28 1 3 1 1 1", n * n)
            for n in (32, 64, 128, 256, 512)])
    series("conv 1×1, n→n channels at 28², by channels; a unit is n²:", "channels",
           [(str(n), f"conv 1 {n} {n} 1 1 28 28 1 1 1 0 1", n * n)
            for n in (32, 64, 128, 256, 512)])
    series("conv 3×3×3 16→16, by volume; a unit is a voxel:", "side",
           [(f"{n}³", f"conv 1 16 16 1 {n} {n} {n} 3 3 1 1 1", n**3)
            for n in (16, 32, 64, 128, 192)])
    series("U-Net 3-D 16, by volume; a unit is a voxel:", "side",
           [(f"{n}³", f"net unet3d-16 {n} 1 f32", n**3) for n in (32, 64, 96, 128)])
    series("attention, 12 heads of 64, by length; a unit is length²:", "length",
           [(f"{n:,}", f"attention 1 12 {n} 64 0", n * n) for n in (256, 512, 1024, 2048, 4096)])
    ours.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", choices=("shares", "growth"))
    options = parser.parse_args()
    if options.only != "growth":
        shares(options.binary)
    if options.only != "shares":
        growth(options.binary)


if __name__ == "__main__":
    main()
