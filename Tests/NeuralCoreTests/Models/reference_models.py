"""Randomly initialised reference models, their outputs and their gradients.

    python reference_models.py FOLDER [NAME ...]

writes FOLDER/NAME.weights.safetensors (the reference implementation's own tensor names) and
FOLDER/NAME.case.safetensors (inputs "in.*", outputs "out.*", gradients "grad.*"). The models come
from PyPI's torchvision, timm, transformers and monai.
"""

import os
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch
from safetensors.torch import save_file

torch.set_num_threads(2)
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def shake(model, scale=0.3):
    """Weights and statistics that hide nothing: no zeros, no ones, no equal values."""
    for name, value in model.state_dict().items():
        if not value.dtype.is_floating_point:
            continue
        noise = torch.randn_like(value)
        if "running_var" in name:
            value.copy_(0.5 + torch.rand_like(value))
        elif value.dim() > 1:
            value.copy_(value + noise * scale * max(float(value.std().nan_to_num(0)), 0.1))
        else:
            value.copy_(value + noise * 0.1)
    return model


def classify(model, shape, classes, training=True):
    """Logits in inference, then the loss and its gradients, those in float64.

    Gradients of a whole network with batch statistics are ill-conditioned (PyTorch's own float32
    and float64 differ by percents), so networks with batch norm are differentiated with the
    running statistics.
    """
    x = torch.randn(shape)
    y = torch.arange(shape[0]) % classes
    with torch.no_grad():
        logits = model.eval()(x)
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    model.train(training).double()
    loss = torch.nn.functional.cross_entropy(model(x.double()), y)
    loss.backward()
    result = {"in.x": x, "in.y": y, "out.logits": logits, "out.loss": loss.detach().reshape(1)}
    result["in.training"] = torch.tensor([1.0 if training else 0.0])
    result |= {f"grad.{k}": v.grad for k, v in model.named_parameters() if v.grad is not None}
    return weights, result


@case
def resnet18():
    from torchvision.models import resnet18

    return classify(shake(resnet18(num_classes=7)), (2, 3, 64, 64), 7, training=False)


@case
def resnet50():
    from torchvision.models import resnet50

    return classify(shake(resnet50(num_classes=7)), (2, 3, 64, 64), 7, training=False)


@case
def vit_tiny():
    import timm

    model = timm.models.vision_transformer.VisionTransformer(
        img_size=32, patch_size=8, embed_dim=48, depth=3, num_heads=3, num_classes=7)
    return classify(shake(model), (2, 3, 32, 32), 7)


@case
def vit_registers():
    import timm

    model = timm.models.vision_transformer.VisionTransformer(
        img_size=28, patch_size=14, embed_dim=48, depth=2, num_heads=3, num_classes=5,
        reg_tokens=4, no_embed_class=True, init_values=0.1)
    return classify(shake(model), (2, 3, 28, 28), 5)


@case
def vit_transformers():
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(3)
    model = ViTForImageClassification(
        ViTConfig(hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=96,
                  image_size=32, patch_size=8, num_labels=5))
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        out = shake(model).eval()(x)
    return model.state_dict(), {"in.x": x, "out.logits": out.logits}


def write(folder, name):
    torch.manual_seed(0)
    weights, tensors = CASES[name]()
    weights = {k: v.detach().clone().contiguous() for k, v in weights.items()}
    tensors = {k: v.detach().clone().contiguous() for k, v in tensors.items()}
    save_file(weights, f"{folder}/{name}.weights.safetensors")
    save_file(tensors, f"{folder}/{name}.case.safetensors")


if __name__ == "__main__":
    for name in sys.argv[2:] or CASES:
        try:
            write(sys.argv[1], name)
            print("made", name, flush=True)
        except ImportError as error:
            print("skipped", name, error, flush=True)
