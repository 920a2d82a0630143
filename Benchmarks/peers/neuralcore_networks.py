"""Whole networks against PyTorch, ONNX Runtime, OpenVINO and ncnn, on one and two threads."""

import os

import numpy as np

from bench import Unavailable, Work
from neuralcore import repeated

# name, our name, side, batch, axes, precision, targets by peer ("*" for the others)
NETWORKS = [
    ("ResNet-50 224²", "resnet50", 224, 1, 2, "f32", {"*": 1.2}),
    ("ResNet-50 224²", "resnet50", 224, 8, 2, "f32", {"*": 1.2}),
    ("U-Net 64 256²", "unet2d-64", 256, 1, 2, "f32", {"ncnn": 1.3, "*": 2.4}),
    ("U-Net 32 256²", "unet2d-32", 256, 1, 2, "f32", {"ncnn": 1.3, "*": 2.4}),
    ("U-Net 3-D 16 96³", "unet3d-16", 96, 1, 3, "f32", {"*": 2.2}),
    ("ViT-B/16 224²", "vit-b", 224, 1, 2, "f32", {"*": 1.0}),
    ("ViT-B/16 224²", "vit-b", 224, 8, 2, "f32", {"*": 1.0}),
    ("ViT-B/16 224², bfloat16", "vit-b", 224, 1, 2, "bf16", {"*": 1.5}),
    ("ViT-B/16 224², bfloat16", "vit-b", 224, 8, 2, "bf16", {"*": 1.5}),
    ("ResNet-50 224², int8", "resnet50", 224, 1, 2, "int8", {"*": 1.0}),
]


def module(name):
    import torch
    from torch import nn

    torch.manual_seed(0)
    if name == "resnet50":
        import torchvision
        return torchvision.models.resnet50(weights=None).eval()
    if name == "vit-b":
        import timm
        return timm.create_model("vit_base_patch16_224", pretrained=False).eval()
    axes = 3 if name.startswith("unet3d") else 2
    base, levels = int(name.split("-")[1]), 4 if axes == 2 else 3
    conv, norm = (nn.Conv3d, nn.BatchNorm3d) if axes == 3 else (nn.Conv2d, nn.BatchNorm2d)
    rise = nn.ConvTranspose3d if axes == 3 else nn.ConvTranspose2d
    pool = nn.MaxPool3d if axes == 3 else nn.MaxPool2d

    def pair(a, b):
        return nn.Sequential(conv(a, b, 3, padding=1, bias=False), norm(b), nn.ReLU(inplace=True),
                             conv(b, b, 3, padding=1, bias=False), norm(b), nn.ReLU(inplace=True))

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [base << level for level in range(levels + 1)]
            self.down = nn.ModuleList(pair(a, b) for a, b in zip([1] + widths[:-1], widths))
            self.rise = nn.ModuleList(rise(2 * w, w, 2, 2) for w in reversed(widths[:-1]))
            self.up = nn.ModuleList(pair(2 * w, w) for w in reversed(widths[:-1]))
            self.pool, self.last = pool(2), conv(base, 2, 1)

        def forward(self, x):
            skips = []
            for index, step in enumerate(self.down):
                x = step(x if index == 0 else self.pool(x))
                skips.append(x)
            for step, up, skip in zip(self.rise, self.up, reversed(skips[:-1])):
                x = up(torch.cat([skip, step(x)], 1))
            return self.last(x)

    return UNet().eval()


def shape_of(name, side, batch, axes):
    channels = 1 if name.startswith("unet") else 3
    return [batch, channels] + [side] * axes


def onnx_file(ctx, name, shape):
    """The network's ONNX file; exported once."""
    path = ctx.data / f"{name}-{shape[0]}.onnx"
    if not path.exists():
        import torch
        torch.onnx.export(module(name), torch.randn(shape), str(path), opset_version=17,
                          input_names=["x"], output_names=["y"], dynamo=False)
    return str(path)


def torch_net(name, shape, threads, half=False):
    state = {}

    def call():
        import torch
        torch.set_num_threads(threads)
        with torch.inference_mode():
            if not state:
                net, x = module(name), torch.randn(shape)
                if half:
                    net, x = net.bfloat16(), x.bfloat16()
                elif name != "vit-b":
                    layout = torch.channels_last_3d if len(shape) == 5 else torch.channels_last
                    net, x = net.to(memory_format=layout), x.to(memory_format=layout)
                    net = torch.jit.freeze(torch.jit.trace(net, x))
                state["net"], state["x"] = net, x
                for _ in range(2):
                    net(x)
            return repeated(lambda: state["net"](state["x"]))

    return call


def onnxruntime_session(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def onnxruntime_net(ctx, name, shape, threads, int8=False):
    state = {}

    def call():
        if not state:
            path = onnx_file(ctx, name, shape)
            state["x"] = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
            if int8:
                path = int8_file(ctx, path, state["x"])
            state["net"] = onnxruntime_session(path, threads)
            state["net"].run(None, {"x": state["x"]})
        return repeated(lambda: state["net"].run(None, {"x": state["x"]}))

    return call


def int8_file(ctx, path, x):
    """The network with weights and activations of 8 bits, a scale for each filter."""
    from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                          quantize_static)
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = [{"x": x}]

        def get_next(self):
            return self.left.pop() if self.left else None

    target = path.replace(".onnx", ".int8.onnx")
    if not os.path.exists(target):
        quant_pre_process(path, path + ".pre")
        quantize_static(path + ".pre", target, Reader(), quant_format=QuantFormat.QDQ,
                        per_channel=True, activation_type=QuantType.QUInt8,
                        weight_type=QuantType.QInt8)
    return target


def openvino_net(ctx, name, shape, threads, precision):
    state = {}

    def call():
        if not state:
            import openvino
            core = openvino.Core()
            net = core.compile_model(
                core.read_model(onnx_file(ctx, name, shape)), "CPU",
                {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
                 "INFERENCE_PRECISION_HINT": precision})
            state["request"] = net.create_infer_request()
            state["x"] = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
            state["request"].infer([state["x"]], share_inputs=True, share_outputs=True)
        return repeated(
            lambda: state["request"].infer([state["x"]], share_inputs=True, share_outputs=True))

    return call


def ncnn_net(ctx, name, shape, threads):
    state = {}

    def call():
        if shape[0] > 1 or len(shape) == 5 or name == "vit-b":
            raise Unavailable("2-D convolutions, one image")
        if not state:
            import ncnn
            import torch
            try:
                import pnnx
            except ImportError as error:
                raise Unavailable(str(error)) from error
            stem = str(ctx.data / name.replace("-", "_"))
            if not os.path.exists(stem + ".ncnn.param"):
                pnnx.export(module(name), stem + ".pt", torch.randn(shape), fp16=False)
            net = ncnn.Net()
            net.opt.num_threads = threads
            for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic",
                           "use_bf16_storage"):
                if hasattr(net.opt, option):
                    setattr(net.opt, option, False)
            net.load_param(stem + ".ncnn.param")
            net.load_model(stem + ".ncnn.bin")
            state["net"] = net
            state["x"] = ncnn.Mat(
                np.random.default_rng(1).standard_normal(shape[1:], dtype=np.float32))

        def once():
            extractor = state["net"].create_extractor()
            extractor.input("in0", state["x"])
            extractor.extract("out0")

        once()
        return repeated(once)

    return call


def works(ctx):
    for threads in (2, 1):
        env = {"ROENTGEN_THREADS": str(threads)}
        label = f"{threads} thread" + ("s" if threads > 1 else "")
        for title, name, side, batch, axes, precision, targets in NETWORKS:
            if ctx.quick and batch > 1:
                continue
            shape = shape_of(name, side, batch, axes)
            if precision == "int8":
                peers = {"ONNX Runtime int8": onnxruntime_net(ctx, name, shape, threads, True)}
            else:
                peers = {
                    "PyTorch": torch_net(name, shape, threads),
                    "ONNX Runtime": onnxruntime_net(ctx, name, shape, threads),
                    "OpenVINO": openvino_net(ctx, name, shape, threads, "f32"),
                }
                if batch == 1 and axes == 2 and name != "vit-b":
                    peers["ncnn"] = ncnn_net(ctx, name, shape, threads)
            targets_by_peer = {peer: targets.get(peer, targets["*"]) for peer in peers}
            if precision == "bf16":
                # Shown without a target: the target is against float32.
                peers["PyTorch bfloat16"] = torch_net(name, shape, threads, half=True)
                peers["OpenVINO bfloat16"] = openvino_net(ctx, name, shape, threads, "bf16")
            yield Work(
                f"{title}, batch {batch}, {label}", f"net\t{name}\t{side}\t{batch}\t{precision}",
                env=env, peers=peers, target=targets_by_peer, rounds=3 if batch > 1 else 5)
