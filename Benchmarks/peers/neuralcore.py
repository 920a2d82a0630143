"""Kernels against PyTorch, ONNX Runtime, OpenVINO and ncnn on one and two threads."""

import statistics
import time

import numpy as np

from bench import Unavailable, Work

# name, batch, channels, filters, groups, image, depth taps, taps, stride, padding, dilation, target
CONVOLUTIONS = [
    ("conv 3×3 64→64 at 56²", 1, 64, 64, 1, (1, 56, 56), 1, 3, 1, 1, 1, {"ncnn": 1.6, "*": 2.5}),
    ("conv 3×3 128→128 at 28²", 1, 128, 128, 1, (1, 28, 28), 1, 3, 1, 1, 1, {"ncnn": 1.6, "*": 2.5}),
    ("conv 3×3 256→256 at 14²", 1, 256, 256, 1, (1, 14, 14), 1, 3, 1, 1, 1, {"ncnn": 1.6, "*": 2.5}),
    ("conv 3×3 512→512 at 7²", 1, 512, 512, 1, (1, 7, 7), 1, 3, 1, 1, 1, {"*": 1.0}),
    ("conv 3×3 stride 2 128 at 56²", 1, 128, 128, 1, (1, 56, 56), 1, 3, 2, 1, 1, {"*": 1.0}),
    ("conv 3×3 dilation 2 64 at 56²", 1, 64, 64, 1, (1, 56, 56), 1, 3, 1, 2, 2, {"*": 1.0}),
    ("conv 1×1 256→64 at 56²", 1, 256, 64, 1, (1, 56, 56), 1, 1, 1, 0, 1, {"*": 1.0}),
    ("conv 7×7 stride 2 3→64 at 224²", 1, 3, 64, 1, (1, 224, 224), 1, 7, 2, 3, 1, {"*": 1.0}),
    ("conv depthwise 3×3 64 at 112²", 1, 64, 64, 64, (1, 112, 112), 1, 3, 1, 1, 1, {"*": 1.0}),
    ("conv depthwise 3×3 stride 2 96 at 112²", 1, 96, 96, 96, (1, 112, 112), 1, 3, 2, 1, 1, {"*": 1.0}),
    ("conv depthwise 5×5 240 at 28²", 1, 240, 240, 240, (1, 28, 28), 1, 5, 1, 2, 1, {"*": 1.0}),
    ("conv 3×3 in 4 groups 128 at 28²", 1, 128, 128, 4, (1, 28, 28), 1, 3, 1, 1, 1, {"*": 1.0}),
    ("conv 3×3 in 32 groups 128 at 56²", 1, 128, 128, 32, (1, 56, 56), 1, 3, 1, 1, 1, {"*": 1.0}),
    ("conv 1×1 64→256 at 56²", 1, 64, 256, 1, (1, 56, 56), 1, 1, 1, 0, 1, {"*": 1.0}),
    ("conv 1×1 512→2048 at 7²", 1, 512, 2048, 1, (1, 7, 7), 1, 1, 1, 0, 1, {"*": 1.0}),
    ("conv 1×1 stride 2 256→512 at 56²", 1, 256, 512, 1, (1, 56, 56), 1, 1, 2, 0, 1, {"*": 1.0}),
    ("conv 5×5 stride 3 48→32 at 57²", 1, 48, 32, 1, (1, 57, 57), 1, 5, 3, 2, 1, {"*": 1.0}),
    ("conv 3×3 dilation 4 32→32 at 64²", 1, 32, 32, 1, (1, 64, 64), 1, 3, 1, 4, 4, {"*": 1.0}),
    ("conv 3×3 3→16 at 128²", 1, 3, 16, 1, (1, 128, 128), 1, 3, 1, 1, 1, {"*": 1.0}),
    ("conv 3×3 64→2 at 128²", 1, 64, 2, 1, (1, 128, 128), 1, 3, 1, 1, 1, {"*": 1.0}),
    ("conv 3×3×3 stride 2 16→32 at 64³", 1, 16, 32, 1, (64, 64, 64), 3, 3, 2, 1, 1, {"*": 1.0}),
    ("conv 3×3×3 32→32 at 64³", 1, 32, 32, 1, (64, 64, 64), 3, 3, 1, 1, 1, {"*": 2.8}),
]
MATRICES = [(512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (4096, 4096, 4096), (197, 768, 768),
            (197, 3072, 768), (197, 768, 3072)]


def repeated(call):
    """Seconds of one call; the median of several where it is short, as ours are timed."""
    start = time.perf_counter()
    call()
    once = time.perf_counter() - start
    if once > 0.6:
        return once
    times = []
    for _ in range(max(3, min(500, int(0.04 / max(once, 1e-6))))):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def torch_conv(case, threads):
    _, n, c, f, g, image, kd, k, s, p, d, _ = case
    state = {}

    def call():
        import torch
        torch.set_num_threads(threads)
        if not state:
            volume = image[0] > 1
            make = torch.nn.Conv3d if volume else torch.nn.Conv2d
            taps = (kd, k, k) if volume else k
            state["net"] = make(c, f, taps, s, p, d, g, bias=False).eval().to(
                memory_format=torch.channels_last_3d if volume else torch.channels_last)
            x = torch.rand(n, c, *(image if volume else image[1:]))
            state["x"] = x.to(
                memory_format=torch.channels_last_3d if volume else torch.channels_last)
            with torch.inference_mode():
                state["net"](state["x"])
        with torch.inference_mode():
            return repeated(lambda: state["net"](state["x"]))

    return call


def conv_model(case):
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    _, n, c, f, g, image, kd, k, s, p, d, _ = case
    volume = image[0] > 1
    size = list(image if volume else image[1:])
    taps = [kd, k, k] if volume else [k, k]
    axes = len(size)
    weight = np.random.default_rng(0).random((f, c // g, *taps), dtype=np.float32)
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], kernel_shape=taps, strides=[s] * axes, pads=[p] * (2 * axes),
        dilations=[d] * axes, group=g)
    graph = helper.make_graph(
        [node], "conv", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [n, c, *size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), [n, c, *size]


def onnxruntime_conv(case, threads):
    state = {}

    def call():
        if not state:
            import onnxruntime
            model, shape = conv_model(case)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            state["net"] = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"])
            state["x"] = np.random.default_rng(1).random(shape, dtype=np.float32)
            state["net"].run(None, {"x": state["x"]})
        return repeated(lambda: state["net"].run(None, {"x": state["x"]}))

    return call


def openvino_conv(case, threads):
    state = {}

    def call():
        if not state:
            import io

            import openvino
            model, shape = conv_model(case)
            core = openvino.Core()
            net = core.compile_model(
                core.read_model(io.BytesIO(model.SerializeToString())), "CPU",
                {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
                 "INFERENCE_PRECISION_HINT": "f32"})
            state["request"] = net.create_infer_request()
            state["x"] = np.random.default_rng(1).random(shape, dtype=np.float32)
            state["request"].infer([state["x"]], share_inputs=True, share_outputs=True)
        return repeated(
            lambda: state["request"].infer([state["x"]], share_inputs=True, share_outputs=True))

    return call


def ncnn_conv(case, threads):
    _, n, c, f, g, image, kd, k, s, p, d, _ = case
    state = {}

    def call():
        if image[0] > 1 or n > 1 or g > 1:
            raise Unavailable("2-D, one image, one group")
        if not state:
            import os
            import tempfile

            import ncnn
            folder = tempfile.mkdtemp()
            with open(os.path.join(folder, "net.param"), "w") as file:
                file.write("7767517\n2 2\nInput in 0 1 x 0=%d 1=%d 2=%d\n"
                           "Convolution conv 1 1 x y 0=%d 1=%d 2=%d 3=%d 4=%d 5=0 6=%d\n"
                           % (image[2], image[1], c, f, k, d, s, p, f * c * k * k))
            with open(os.path.join(folder, "net.bin"), "wb") as file:
                file.write(b"\0\0\0\0")
                file.write(np.random.default_rng(0).random(f * c * k * k, dtype=np.float32).tobytes())
            net = ncnn.Net()
            net.opt.num_threads = threads
            for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic",
                         "use_bf16_storage"):
                if hasattr(net.opt, name):
                    setattr(net.opt, name, False)
            net.load_param(os.path.join(folder, "net.param"))
            net.load_model(os.path.join(folder, "net.bin"))
            state["net"] = net
            state["x"] = ncnn.Mat(
                np.random.default_rng(1).random((c, image[1], image[2]), dtype=np.float32))

        def once():
            extractor = state["net"].create_extractor()
            extractor.input("x", state["x"])
            extractor.extract("y")

        once()
        return repeated(once)

    return call


def torch_call(threads, make):
    state = {}

    def call():
        import torch
        torch.set_num_threads(threads)
        with torch.inference_mode():
            if "work" not in state:
                state["work"] = make(torch)
                state["work"]()
            return repeated(state["work"])

    return call


def numpy_matmul(m, n, k, threads):
    a = np.random.default_rng(0).random((m, k), dtype=np.float32)
    b = np.random.default_rng(1).random((k, n), dtype=np.float32)

    def call():
        from threadpoolctl import threadpool_limits
        with threadpool_limits(threads):
            return repeated(lambda: a @ b)

    return call


def works(ctx):
    for threads in (1, 2):
        env = {"ROENTGEN_THREADS": str(threads)}
        label = f"{threads} thread" + ("s" if threads > 1 else "")
        for m, n, k in MATRICES[:3] if ctx.quick else MATRICES:
            yield Work(
                f"matmul {m}×{k} · {k}×{n}, {label}", f"matmul\t{m}\t{n}\t{k}", env=env,
                peers={
                    "PyTorch (MKL)": torch_call(threads, lambda torch, m=m, n=n, k=k: (
                        lambda a, b: lambda: a @ b)(torch.rand(m, k), torch.rand(k, n))),
                    "NumPy (OpenBLAS)": numpy_matmul(m, n, k, threads),
                },
                target=1.0, amount=2.0 * m * n * k, unit="FLOP", rounds=9)
        for case in CONVOLUTIONS:
            name, n, c, f, g, image, kd, k, s, p, d, targets = case
            numbers = [n, c, f, g, *image, kd, k, s, p, d]
            out = [(size + 2 * (p if (i or image[0] > 1) else 0) - d * (t - 1) - 1) // s + 1
                   if (i or image[0] > 1) else 1 for i, (size, t) in enumerate(zip(image, (kd, k, k)))]
            peers = {
                "PyTorch": torch_conv(case, threads), "ONNX Runtime": onnxruntime_conv(case, threads),
                "OpenVINO": openvino_conv(case, threads),
            }
            if image[0] == 1 and g == 1:
                peers["ncnn"] = ncnn_conv(case, threads)
            yield Work(
                f"{name}, {label}", "conv\t" + "\t".join(map(str, numbers)), env=env, peers=peers,
                target={peer: targets.get(peer, targets["*"]) for peer in peers},
                amount=2.0 * n * f * (c // g) * kd * k * k * float(np.prod(out)), unit="FLOP",
                rounds=9)
        if threads == 2 or not ctx.quick:
            for m, n, k in MATRICES:
                yield Work(
                    f"matmul bfloat16 {m}×{k} · {k}×{n}, {label}", f"matmul-bf16\t{m}\t{n}\t{k}",
                    env=env,
                    peers={"PyTorch bfloat16": torch_call(threads, lambda torch, m=m, n=n, k=k: (
                        lambda a, b: lambda: a @ b)(
                            torch.rand(m, k).bfloat16(), torch.rand(k, n).bfloat16()))},
                    target=0.95, amount=2.0 * m * n * k, unit="FLOP", rounds=9)
        for length in (197, 4096):
            shape = (1, 12, length, 64)
            yield Work(
                f"attention 12 heads of 64, length {length}, {label}",
                f"attention\t1\t12\t{length}\t64\t0", env=env,
                peers={"PyTorch": torch_call(threads, lambda torch, shape=shape: (
                    lambda q, k, v: lambda: torch.nn.functional.scaled_dot_product_attention(
                        q, k, v))(*(torch.randn(shape) for _ in range(3))))},
                target=1.0, amount=4.0 * 12 * length * length * 64, unit="FLOP", rounds=7)
        for name in ("gelu", "softmax", "layerNorm"):
            count = 197 * 3072
            yield Work(
                f"{name} of {count} numbers, {label}", f"unary\t{name}\t{count}", env=env,
                peers={"PyTorch": torch_call(threads, lambda torch, name=name: (
                    lambda x: {
                        "gelu": lambda: torch.nn.functional.gelu(x),
                        "softmax": lambda: torch.softmax(x, -1),
                        "layerNorm": lambda: torch.nn.functional.layer_norm(x, (768,)),
                    }[name])(torch.randn(count // 768, 768)))},
                target=1.0, rounds=9)
