"""Training steps against PyTorch, in its faster memory format: time, and memory in own processes.

`neuralcore_training.py memory NETWORK SIZE BATCH` prints the megabytes that three steps added to the
process at their peak.
"""

import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from bench import Ours, Work  # noqa: E402

# Network, side, batch, ratio to reach.
STEPS = [
    ("resnet50", 224, 8, 1.3), ("vit-s", 224, 8, 1.1), ("unet2d", 256, 4, 1.8),
    ("unet3d", 64, 1, 1.8), ("resnet18", 64, 32, None),
]


def _unet(axes):
    from monai.networks.nets import UNet

    return UNet(axes, 1, 2, (32, 64, 128, 256), (2, 2, 2), num_res_units=2)


def _prepare(name, size, batch):
    """One step of SGD as a function, on data that stay."""
    import timm
    import torch
    import torchvision

    torch.set_num_threads(2)
    net = {
        "resnet50": torchvision.models.resnet50, "resnet18": torchvision.models.resnet18,
        "vit-s": lambda: timm.create_model("vit_small_patch16_224"),
        "unet2d": lambda: _unet(2), "unet3d": lambda: _unet(3),
    }[name]().train()
    axes = 3 if name == "unet3d" else 2
    x = torch.randn(batch, 1 if "unet" in name else 3, *[size] * axes)
    if axes == 3:
        net = net.to(memory_format=torch.channels_last_3d)
        x = x.contiguous(memory_format=torch.channels_last_3d)
    elif name != "vit-s":
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), 1e-3, 0.9)
    target = torch.arange(batch) % 10
    if "unet" in name:
        target = torch.zeros(batch, *[size] * axes, dtype=torch.long)
        target[..., size // 4:size // 2] = 1

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), target).backward()
        optimizer.step()

    return step


def _torch_step(name, size, batch):
    state = {}

    def run():
        import time

        if not state:
            state["step"] = _prepare(name, size, batch)
            state["step"]()
        start = time.perf_counter()
        state["step"]()
        return time.perf_counter() - start

    return run


def _torch_features(size, count):
    """A frozen ResNet-18 over `count` pictures, 32 at a time."""
    state = {}

    def run():
        import time

        import torch
        import torchvision

        if not state:
            torch.set_num_threads(2)
            state["net"] = torchvision.models.resnet18().eval().to(
                memory_format=torch.channels_last)
            state["x"] = torch.randn(count, 3, size, size).contiguous(
                memory_format=torch.channels_last)
        start = time.perf_counter()
        with torch.inference_mode():
            for first in range(0, count, 32):
                state["net"](state["x"][first:first + 32])
        return time.perf_counter() - start

    return run


def _status(field):
    """A field of /proc/self/status in megabytes."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":"))


def _torch_memory(name, size, batch):
    def run():
        command = [sys.executable, __file__, "memory", name, str(size), str(batch)]
        return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    return run


def works(ctx):
    for name, size, batch, target in STEPS:
        if ctx.quick and size > 64:
            continue
        yield Work(
            f"training step {name} {size}² batch {batch}",
            ours=f"train-step\t{name}\t{size}\t{batch}",
            peers={"PyTorch": _torch_step(name, size, batch)}, target=target, rounds=7,
            env={"ROENTGEN_THREADS": "2"})
    # Frozen features; beside the forward passes alone, four of 32 pictures.
    for size in [64] if ctx.quick else [64, 224]:
        yield Work(
            f"features of 128 pictures, ResNet-18 {size}²",
            ours=f"features\tresnet18\t{size}\t128",
            peers={
                "ours, forward passes alone": Ours(f"net\tresnet18\t{size}\t32\tf32", times=4),
                "PyTorch": _torch_features(size, 128)},
            target={"ours, forward passes alone": 0.95, "PyTorch": 1.0}, rounds=7,
            env={"ROENTGEN_THREADS": "2"})
    for name, size, batch, _ in STEPS:
        if ctx.quick and size > 64:
            continue
        # A process each: the peak counts from what the process held before the network was made.
        yield Work(
            f"training step {name}: peak memory (MB)",
            ours=f"train-memory\t{name}\t{size}\t{batch}",
            peers={"PyTorch": _torch_memory(name, size, batch)}, target=1.0, rounds=1,
            env={"ROENTGEN_BENCH_PROCESS": name, "ROENTGEN_THREADS": "2"})


if __name__ == "__main__" and sys.argv[1:2] == ["memory"]:
    import monai.networks.nets, timm, torch, torchvision  # noqa: E401, F401

    before = _status("VmRSS")
    step = _prepare(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    for _ in range(3):
        step()
    print(_status("VmHWM") - before)
