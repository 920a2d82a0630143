"""What the scripts with reference models share: the list of cases, and ways to make one."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch

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


def segment(model, shape):
    x = torch.randn(shape)
    with torch.no_grad():
        logits = model.eval()(x)
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    model.double()
    y = torch.randn(logits.shape, dtype=torch.double)
    (model(x.double()) * y).sum().backward()
    return weights, {"in.x": x, "in.y": y.float(), "out.logits": logits} | {
        f"grad.{k}": v.grad for k, v in model.named_parameters()}
