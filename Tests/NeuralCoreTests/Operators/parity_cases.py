"""Seeded random cases with PyTorch's answers: python parity_cases.py FOLDER CASES_PER_OPERATOR.

Writes tensors `index.in.n` and `index.out` to FOLDER/parity.safetensors and prints one JSON line a
case. Answers are worked out in float64 and rounded once, except where the inputs are not finite or
denormal: there float32 settles what overflows.
"""
import json
import random
import sys

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

folder, count = sys.argv[1], int(sys.argv[2])
torch.manual_seed(7)
pick = random.Random(7)
TENSORS, KINDS = {}, ["normal", "normal", "normal", "denormal", "infinite", "empty"]


def numbers(shape, kind, special=True):
    x = torch.randn(shape)
    if kind == "denormal" and special:
        x = x * torch.tensor(1e-39)
    if kind == "infinite" and special and x.numel() > 0:
        flat = x.reshape(-1)
        for _ in range(1 + x.numel() // 40):
            flat[pick.randrange(x.numel())] = pick.choice([float("inf"), float("-inf"), float("nan")])
        x = flat.reshape(shape)
    return x


def emit(op, kind, inputs, run, ints=None, floats=None):
    wide = kind == "normal" or kind == "empty"
    given = [t.double() if wide and t.dtype == torch.float32 else t for t in inputs]
    try:
        out = run(*given)
    except RuntimeError:
        return  # PyTorch refuses the shape
    index = emit.count
    emit.count += 1
    for n, t in enumerate(inputs):
        TENSORS[f"{index}.in.{n}"] = t.contiguous().clone()
    TENSORS[f"{index}.out"] = (out.float() if out.dtype == torch.float64 else out).contiguous().clone()
    print(json.dumps(dict(index=index, op=op, kind=kind, inputs=len(inputs), ints=ints or {},
                          floats=floats or {})))


emit.count = 0


def gelu(x):
    """In float64: PyTorch's float32 has NaN at +∞, where the limit is ∞."""
    return F.gelu(x.double()).to(x.dtype)


def conv(kind):
    axes = pick.choice([1, 2, 2, 2, 3])
    groups = pick.choice([1, 1, 1, 2, 3])
    depthwise = pick.random() < 0.2
    c = groups * pick.choice([1, 2, 5, 16, 17]) if not depthwise else pick.choice([3, 16, 20])
    if depthwise:
        groups = c
    f = groups * (pick.choice([1, 3, 8, 19]) if not depthwise else pick.choice([1, 2]))
    taps = [pick.choice([1, 2, 3, 3, 3, 5]) for _ in range(axes)] if pick.random() < 0.5 else [3] * axes
    plain = pick.random() < 0.4
    stride = [1] * axes if plain else [pick.choice([1, 1, 2, 3]) for _ in range(axes)]
    dilation = [1] * axes if plain else [pick.choice([1, 1, 2]) for _ in range(axes)]
    padding = [pick.choice([0, 1, 2]) for _ in range(axes)]
    size = [pick.choice([1, 2, 5, 9, 14, 17, 30] if axes < 3 else [1, 3, 6, 9]) for _ in range(axes)]
    batch = 0 if kind == "empty" else pick.choice([1, 1, 2, 3])
    x, w, b = numbers([batch, c] + size, kind), torch.randn([f, c // groups] + taps), torch.randn(f)
    call = [None, F.conv1d, F.conv2d, F.conv3d][axes]
    emit("conv", kind, [x, w, b], lambda x, w, b: call(x, w, b, stride, padding, dilation, groups),
         dict(stride=stride, padding=padding, dilation=dilation, groups=[groups]))


def transposed(kind):
    axes = pick.choice([1, 2, 2, 3])
    groups = pick.choice([1, 1, 2])
    c, f = groups * pick.choice([1, 4, 9]), groups * pick.choice([1, 3, 8])
    taps = [pick.choice([1, 2, 3, 4]) for _ in range(axes)]
    stride = [pick.choice([1, 2, 3]) for _ in range(axes)]
    dilation = [pick.choice([1, 1, 2]) for _ in range(axes)]
    padding = [pick.choice([0, 1]) for _ in range(axes)]
    extra = [pick.randrange(max(s, d)) for s, d in zip(stride, dilation)]
    size = [pick.choice([1, 2, 5, 9]) for _ in range(axes)]
    batch = 0 if kind == "empty" else 2
    x, w, b = numbers([batch, c] + size, kind), torch.randn([c, f // groups] + taps), torch.randn(f)
    call = [None, F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][axes]
    emit("transposedConv", kind, [x, w, b],
         lambda x, w, b: call(x, w, b, stride, padding, extra, groups, dilation),
         dict(stride=stride, padding=padding, dilation=dilation, groups=[groups], extra=extra))


def matmul(kind):
    m, n, k = (pick.choice([1, 2, 7, 13, 33, 65]) for _ in range(3))
    if kind == "empty":
        m, k = pick.choice([(0, 3), (3, 0), (0, 0)])
    lead = pick.choice([[], [], [3], [2, 1], [1, 4]])
    other = pick.choice([[], lead, [1] * len(lead)]) if lead else []
    emit("matmul", kind, [numbers(lead + [m, k], kind), torch.randn(other + [k, n])],
         lambda a, b: a @ b)


def linear(kind):
    rows, n, k = (pick.choice([1, 3, 20, 70]) for _ in range(3))
    rows = 0 if kind == "empty" else rows
    emit("linear", kind, [numbers([rows, k], kind), torch.randn(n, k), torch.randn(n)], F.linear)


def pool(kind):
    axes = pick.choice([1, 2, 2, 3])
    size = [pick.choice([2, 3]) for _ in range(axes)]
    stride = [pick.choice([1, 2, 3]) for _ in range(axes)]
    padding = [pick.choice([0, 1]) for _ in range(axes)]
    ceil = pick.random() < 0.3
    image = [pick.choice([3, 5, 8, 17]) for _ in range(axes)]
    x = numbers([0 if kind == "empty" else 2, 3] + image, kind)
    ints = dict(size=size, stride=stride, padding=padding, ceil=[int(ceil)])
    largest = [None, F.max_pool1d, F.max_pool2d, F.max_pool3d][axes]
    emit("maxPool", kind, [x], lambda x: largest(x, size, stride, padding, ceil_mode=ceil), ints)
    if not ceil:
        average = [None, F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][axes]
        emit("averagePool", kind, [x], lambda x: average(x, size, stride, padding), ints)
    target = [pick.choice([1, 2, 4]) for _ in range(axes)]
    adaptive = [None, F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d][axes]
    emit("adaptiveAveragePool", kind, [x], lambda x: adaptive(x, target), dict(size=target))


def resize(kind):
    image = [pick.choice([2, 5, 9]), pick.choice([3, 7])]
    target = [pick.choice([1, 4, 11]), pick.choice([2, 7, 16])]
    x = numbers([0 if kind == "empty" else 1, 2] + image, "normal")
    corners = pick.random() < 0.5
    ints = dict(size=target, corners=[int(corners)])
    emit("nearest", kind, [x], lambda x: F.interpolate(x, target, mode="nearest"), dict(size=target))
    for mode in ("bilinear", "bicubic"):
        emit(mode, kind, [x],
             lambda x: F.interpolate(x, target, mode=mode, align_corners=corners), ints)


def rows(kind):
    shape = [pick.choice([1, 3]), pick.choice([1, 5, 16, 33, 130])]
    if kind == "empty":
        shape[0] = 0
    x = numbers(shape, kind)
    emit("softmax", kind, [x], lambda x: torch.softmax(x, -1))
    emit("logSoftmax", kind, [x], lambda x: torch.log_softmax(x, -1))
    w, b = torch.randn(shape[1]), torch.randn(shape[1])
    emit("layerNorm", kind, [x, w, b], lambda x, w, b: F.layer_norm(x, [shape[1]], w, b))
    emit("rmsNorm", kind, [x, w], lambda x, w: F.rms_norm(x, [shape[1]], w, eps=1e-5))
    emit("sum", kind, [x], lambda x: x.sum(-1))
    emit("logSumExp", kind, [x], lambda x: x.logsumexp(-1))
    emit("cumulativeSum", kind, [x], lambda x: x.cumsum(-1))
    if shape[0]:
        emit("largest", kind, [x], lambda x: x.amax(-1))
        emit("argMax", kind, [x], lambda x: x.argmax(-1)) if kind == "normal" else None
        emit("sorted", kind, [x], lambda x: x.sort(-1).values)


def norms(kind):
    groups = pick.choice([1, 2, 4])
    c = 4 * groups
    x = numbers([0 if kind == "empty" else 2, c] + [pick.choice([1, 4, 7])] * 2, kind)
    w, b = torch.randn(c), torch.randn(c)
    emit("groupNorm", kind, [x, w, b], lambda x, w, b: F.group_norm(x, groups, w, b),
         dict(groups=[groups]))
    mean, var = torch.randn(c), torch.rand(c) + 0.5
    emit("batchNorm", kind, [x, w, b, mean, var],
         lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b))


def attention(kind):
    heads, width = pick.choice([1, 3]), pick.choice([1, 8, 20])
    queries, keys = pick.choice([1, 5, 100]), pick.choice([1, 7, 400])
    batch = 0 if kind == "empty" else pick.choice([1, 2])
    q, k, v = (numbers([batch, heads, n, width], kind, special=i == 0 and kind == "denormal")
               for i, n in enumerate([queries, keys, keys]))
    emit("attention", kind, [q, k, v], F.scaled_dot_product_attention)
    mask = torch.randn(queries, keys)
    emit("maskedAttention", kind, [q, k, v, mask],
         lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m))


FUNCTIONS = {
    "relu": F.relu, "leakyReLU": lambda x: F.leaky_relu(x, 0.01), "gelu": gelu,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "sigmoid": torch.sigmoid,
    "tanh": torch.tanh, "softplus": F.softplus, "mish": F.mish, "hardSwish": F.hardswish,
    "elu": F.elu, "exp": torch.exp, "log": torch.log, "sin": torch.sin, "cos": torch.cos,
    "erf": torch.erf, "sqrt": torch.sqrt, "reciprocal": torch.reciprocal, "expm1": torch.expm1,
    "log1p": torch.log1p, "atan": torch.atan, "round": torch.round, "floor": torch.floor,
}


def functions(kind):
    shape = [0] if kind == "empty" else [pick.choice([1, 15, 16, 17, 50])]
    name = pick.choice(sorted(FUNCTIONS))
    for name in sorted(FUNCTIONS):
        emit(name, kind, [numbers(shape, kind) * 3], FUNCTIONS[name])
    a = numbers([pick.choice([1, 4]), 1, 7], kind)
    b = numbers([5, pick.choice([1, 7])], "normal") + 3
    for name, call in (("add", torch.add), ("divide", torch.div), ("maximum", torch.maximum),
                       ("power", lambda a, b: torch.pow(a.abs(), b))):
        emit(name, kind, [a, b], call)


def moving(kind):
    c, h, w = pick.choice([1, 3]), pick.choice([2, 5]), pick.choice([3, 6])
    x = numbers([0 if kind == "empty" else 2, 4 * c, h, w], kind)
    emit("pixelShuffle", kind, [x], lambda x: F.pixel_shuffle(x, 2))
    emit("roll", kind, [x], lambda x: torch.roll(x, (1, -2), (2, 3)))
    before, after = pick.choice([0, 1]), pick.choice([0, 1])
    for mode in ("reflect", "replicate"):
        emit(mode, kind, [x], lambda x: F.pad(x, [before, after, after, before], mode=mode),
             dict(margins=[before, after]))
    grid = torch.rand(x.shape[0], 3, 4, 2) * 2.4 - 1.2
    if kind in ("normal", "empty"):
        for corners in (False, True):
            emit("gridSample", kind, [x, grid],
                 lambda x, g: F.grid_sample(x, g, align_corners=corners),
                 dict(corners=[int(corners)]))
    emit("einsum", kind, [numbers([2, 3, 4], kind), torch.randn(2, 4, 5)],
         lambda a, b: torch.einsum("bij,bjk->bki", a, b))


for family, share in ((conv, 12), (transposed, 4), (matmul, 4), (linear, 2), (pool, 4), (resize, 2),
                      (rows, 3), (norms, 2), (attention, 3), (functions, 1), (moving, 2)):
    for turn in range(max(6, count * share // 4)):
        family(KINDS[turn % len(KINDS)])
save_file(TENSORS, f"{folder}/parity.safetensors")
