"""Values and gradients of every differentiable operator, from PyTorch in float64.

Usage: gradient_reference.py FOLDER. Writes FOLDER/gradients.safetensors: for a case NAME its inputs
NAME.in0 …, the weights of the output NAME.weight, the value NAME.out, the gradients NAME.grad0 ….
"""

import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(3)
torch.set_num_threads(1)
R = torch.randn


def positive(*shape):
    return R(*shape).square() + 0.5


def heads(*shape):
    return [R(2, 2, n, 4) for n in shape]


CASES = {
    "add": (lambda a, b: a + b, [R(2, 3, 4), R(3, 1)]),
    "subtract": (lambda a, b: a - b, [R(2, 3, 4), R(3, 1)]),
    "multiply": (lambda a, b: a * b, [R(2, 3, 4), R(3, 1)]),
    "divide": (lambda a, b: a / b, [R(2, 3, 4), positive(3, 1)]),
    "numbers": (lambda a: 2 - (a * 3 + 1) / 4 - 5, [R(3, 4)]),
    "negate": (lambda a: -a, [R(3, 4)]),
    "squared": (torch.square, [R(3, 5)]),
    "root": (torch.sqrt, [positive(3, 5)]),
    "exp": (torch.exp, [R(3, 5)]),
    "log": (torch.log, [positive(3, 5)]),
    "absolute": (torch.abs, [R(3, 5)]),
    "power": (lambda a: a ** 1.7, [positive(3, 5)]),
    "clamped": (lambda a: a.clamp(-0.4, 0.6), [R(3, 5)]),
    "relu": (F.relu, [R(4, 6)]),
    "leaky": (lambda a: F.leaky_relu(a, 0.1), [R(4, 6)]),
    "prelu": (F.prelu, [R(2, 3, 4), R(3)]),
    "prelu1": (F.prelu, [R(2, 3, 4), R(1)]),
    "gelu": (F.gelu, [R(4, 6)]),
    "geluTanh": (lambda a: F.gelu(a, approximate="tanh"), [R(4, 6)]),
    "silu": (F.silu, [R(4, 6)]),
    "quickGELU": (lambda a: a * torch.sigmoid(1.702 * a), [R(4, 6)]),
    "sigmoid": (torch.sigmoid, [R(4, 6)]),
    "tanh": (torch.tanh, [R(4, 6)]),
    "softplus": (F.softplus, [R(4, 6)]),
    "hardSwish": (F.hardswish, [R(4, 6) * 2]),
    "softmax": (lambda a: a.softmax(-1), [R(3, 7)]),
    "logSoftmax": (lambda a: a.log_softmax(-1), [R(3, 7)]),
    "sum": (lambda a: a.sum(), [R(2, 3, 4)]),
    "sumAxis": (lambda a: a.sum(1), [R(2, 3, 4)]),
    "mean": (lambda a: a.mean((0, 2), keepdim=True), [R(2, 3, 4)]),
    "reshaped": (lambda a: a.reshape(4, 6), [R(2, 3, 4)]),
    "flattened": (lambda a: a.flatten(1), [R(2, 3, 4)]),
    "permuted": (lambda a: a.permute(2, 0, 1), [R(2, 3, 4)]),
    "transposed": (lambda a: a.transpose(0, -1), [R(2, 3, 4)]),
    "sliced": (lambda a: a[:, :, 1:3], [R(2, 3, 4)]),
    "selected": (lambda a: a[:, 2], [R(2, 3, 4)]),
    "split": (lambda a: torch.mul(*a.chunk(2, 2)), [R(2, 3, 4)]),
    "broadcast": (lambda a: a.expand(2, 3, 4), [R(3, 1)]),
    "concatenated": (lambda a, b: torch.cat([a, b, a], 1), [R(2, 3, 4), R(2, 1, 4)]),
    "flipped": (lambda a: a.flip(0, 2), [R(2, 3, 4)]),
    "rolled": (lambda a: a.roll((1, -2), (1, 2)), [R(2, 3, 4)]),
    "padded": (lambda a: F.pad(a, (1, 1, 2, 0, 0, 1)), [R(2, 3, 4)]),
    "rows": (lambda a: F.embedding(torch.tensor([2, 0, 2, 4]), a), [R(5, 3)]),
    "matmul": (torch.matmul, [R(2, 2, 3, 4), R(2, 1, 4, 5)]),
    "matmulShared": (torch.matmul, [R(2, 3, 4), R(4, 5)]),
    "linear": (F.linear, [R(2, 3, 4), R(5, 4), R(5)]),
    "layerNorm": (lambda x, w, b: F.layer_norm(x, (6,), w, b, 1e-5), [R(2, 3, 6), R(6), R(6)]),
    "rmsNorm": (lambda x, w: F.rms_norm(x, (6,), w, 1e-5), [R(2, 3, 6), R(6)]),
    "batchNorm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0, 1e-5),
        [R(3, 4, 5, 6), R(4), R(4)]),
    "batchNormJoined": (
        lambda x, w, b, r: F.relu(F.batch_norm(x, None, None, w, b, True, 0, 1e-5) + r),
        [R(3, 4, 5, 6), R(4), R(4), R(3, 4, 5, 6)]),
    "batchNormFixed": (
        lambda x, w, b: F.batch_norm(
            x, torch.linspace(-1, 1, 4).double(), torch.linspace(0.5, 2, 4).double(), w, b, False,
            0, 1e-5), [R(3, 4, 5, 6), R(4), R(4)]),
    "instanceNorm": (
        lambda x, s: F.prelu(F.instance_norm(x, eps=1e-5), s), [R(2, 3, 4, 5), R(1)]),
    "instanceNormSlopes": (
        lambda x, s: F.prelu(F.instance_norm(x, eps=1e-5), s), [R(2, 3, 4, 5), R(3)]),
    "groupNorm": (
        lambda x, w, b: F.group_norm(x, 2, w, b, 1e-5), [R(2, 4, 3, 3), R(4), R(4)]),
    "conv1d": (
        lambda x, w, b: F.conv1d(x, w, b, 2, 1), [R(2, 3, 9), R(4, 3, 3), R(4)]),
    "conv2d": (
        lambda x, w, b: F.conv2d(x, w, b, (1, 2), (1, 2), (1, 2), 2),
        [R(2, 4, 5, 6), R(6, 2, 3, 3), R(6)]),
    "conv2dWinograd": (
        lambda x, w: F.conv2d(x, w, None, 1, 1), [R(3, 17, 15, 14), R(18, 17, 3, 3)]),
    "conv2dStrided": (
        lambda x, w: F.conv2d(x, w, None, 2, 1), [R(2, 6, 9, 10), R(13, 6, 3, 3)]),
    "conv2dPoint": (
        lambda x, w: F.conv2d(x, w, None, 2), [R(2, 6, 9, 10), R(13, 6, 1, 1)]),
    "conv3d": (
        lambda x, w: F.conv3d(x, w, None, 1, 1), [R(1, 16, 5, 9, 8), R(9, 16, 3, 3, 3)]),
    "conv3dStrided": (
        lambda x, w: F.conv3d(x, w, None, 2, 1), [R(1, 2, 5, 6, 7), R(5, 2, 3, 3, 3)]),
    "transposed2d": (
        lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1),
        [R(2, 3, 3, 4), R(3, 2, 3, 3), R(2)]),
    "transposed3d": (
        lambda x, w: F.conv_transpose3d(x, w, None, 2), [R(1, 2, 2, 3, 2), R(2, 3, 2, 2, 2)]),
    "maxPooled": (lambda x: F.max_pool2d(x, 3, 2, 1), [R(2, 3, 6, 7)]),
    "averagePooled": (lambda x: F.avg_pool2d(x, 2, 2), [R(2, 3, 6, 6)]),
    "attention": (F.scaled_dot_product_attention, heads(3, 5, 5)),
    "attentionBias": (
        lambda q, k, v, b: F.scaled_dot_product_attention(q, k, v, b),
        heads(3, 5, 5) + [R(2, 3, 5)]),
    "crossEntropy": (
        lambda x: F.cross_entropy(
            x, torch.arange(24).reshape(2, 3, 4) % 3, torch.tensor([1.0, 2, 0.5]).double(),
            ignore_index=1, label_smoothing=0.1), [R(2, 3, 3, 4)]),
    "binaryCrossEntropy": (
        lambda x: F.binary_cross_entropy_with_logits(x, torch.full((3, 4), 0.3).double()),
        [R(3, 4)]),
    "huber": (lambda x: F.huber_loss(x, torch.full((3, 4), 0.3).double(), delta=0.5), [R(3, 4)]),
    "meanSquaredError": (lambda x: F.mse_loss(x, torch.full((3, 4), 0.3).double()), [R(3, 4)]),
}

result = {}
for name, (function, inputs) in CASES.items():
    leaves = [x.double().requires_grad_() for x in inputs]
    out = function(*leaves)
    weight = torch.randn_like(out)
    (out * weight).sum().backward()
    for index, leaf in enumerate(leaves):
        result[f"{name}.in{index}"] = leaf.detach()
        result[f"{name}.grad{index}"] = leaf.grad
    result[f"{name}.weight"] = weight
    result[f"{name}.out"] = out.detach()
save_file({k: v.float().contiguous() for k, v in result.items()}, f"{sys.argv[1]}/gradients.safetensors")
print(len(CASES))
