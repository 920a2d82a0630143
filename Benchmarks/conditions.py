#!/usr/bin/env python3
"""What NeuralCore's table cannot show: peak memory beside ONNX Runtime, a second process on one core,
and the start from a file.

    python3 Benchmarks/conditions.py --binary .build/benchmarks/release/NeuralCoreBench
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]

NETWORKS = [("resnet50", 224, 1, 2), ("resnet50", 224, 8, 2), ("vit-b", 224, 1, 2),
            ("unet2d-64", 256, 1, 2), ("unet3d-16", 96, 1, 3)]

# A fresh interpreter, so that nothing but the runtime and the network is counted.
ORT = """
import sys, numpy as np, onnxruntime
def status(name):
    return int(next(l for l in open('/proc/self/status') if l.startswith(name)).split()[1])
before = status('VmRSS')
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
net = onnxruntime.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider'])
x = np.random.standard_normal([int(v) for v in sys.argv[2:]]).astype('float32')
for _ in range(3): net.run(None, {'x': x})
print(before, status('VmHWM'))
"""


class Ours:
    """The executable, and what the system says of its memory."""

    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=os.environ | {"ROENTGEN_THREADS": "2"})

    def run(self, *words):
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line or line.startswith("error"):
            raise RuntimeError(line)
        return float(line)

    def memory(self, name):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(next(l for l in file if l.startswith(name)).split()[1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        context = type("Context", (), {"data": Path(folder)})
        if options.only in ("", "start"):
            path = f"{folder}/resnet50.safetensors"
            ours = Ours(options.binary)
            ours.run("save", "resnet50", path)
            ours.close()
            times = []
            for _ in range(5):
                ours = Ours(options.binary)
                times.append(ours.run("start", path))
                ours.close()
            print(f"start from {os.path.getsize(path) / 1e6:.0f} MB: "
                  f"{statistics.median(times) * 1e3:.0f} ms more than a forward pass (target 150)")
        if options.only in ("", "second"):
            ours = Ours(options.binary)
            work = ("net", "resnet50", 224, 1, "f32")
            alone = statistics.median(ours.run(*work) for _ in range(15))
            other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            try:
                shared = statistics.median(ours.run(*work) for _ in range(15))
            finally:
                other.kill()
            ours.close()
            print(f"ResNet-50: {alone * 1e3:.1f} ms alone, {shared * 1e3:.1f} ms with a second "
                  f"process on one core: {alone / shared:.2f} of the speed (target 0.5)")
        if options.only in ("", "memory"):
            from neuralcore_networks import onnx_file, shape_of
            for name, side, batch, axes in NETWORKS:
                ours = Ours(options.binary)
                before = ours.memory("VmRSS")
                for _ in range(3):
                    ours.run("net", name, side, batch, "f32")
                mine = ours.memory("VmHWM") - before
                ours.close()
                shape = shape_of(name, side, batch, axes)
                said = subprocess.run(
                    [sys.executable, "-c", ORT, onnx_file(context, name, shape), *map(str, shape)],
                    capture_output=True, text=True, check=True).stdout.split()
                theirs = int(said[1]) - int(said[0])
                print(f"{name} batch {batch}: {mine / 1024:.0f} MB, ONNX Runtime "
                      f"{theirs / 1024:.0f} MB, {mine / theirs:.2f} (target at most 1)")


if __name__ == "__main__":
    main()
