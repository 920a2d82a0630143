"""Reference models that see pictures and read texts."""

import torch

from reference_cases import case, shake


def medclip_towers(image_model, image_features, image_head, image_weights, x):
    """The authors' two towers, put together from the parts that they use."""
    from transformers import BertConfig, BertModel

    bert = shake(BertModel(BertConfig(
        vocab_size=100, hidden_size=48, num_hidden_layers=4, num_attention_heads=4,
        intermediate_size=96, max_position_embeddings=32))).eval()
    text_head = torch.nn.Linear(48, 20, bias=False)
    scale = torch.tensor(3.1)
    ids = torch.randint(0, 100, (3, 9))
    mask = torch.ones(3, 9, dtype=torch.long)
    mask[1, 6:] = 0
    with torch.no_grad():
        image = image_head(image_features(image_model, x))
        states = bert(ids, attention_mask=mask, output_hidden_states=True).hidden_states
        chosen = torch.stack([states[1], states[2], states[-1]]).permute(1, 0, 2, 3)
        text = text_head(chosen.mean(2).mean(1))
        image = image / image.norm(dim=-1, keepdim=True)
        text = text / text.norm(dim=-1, keepdim=True)
        scores = image @ text.T * torch.clamp(scale, 0, 4.6052).exp()
    weights = {f"vision_model.{k}": v for k, v in image_weights.items()}
    weights |= {f"text_model.model.{k}": v for k, v in bert.state_dict().items()}
    weights["text_model.projection_head.weight"] = text_head.weight
    weights["logit_scale"] = scale
    return weights, {"in.x": x, "in.ids": ids, "in.mask": mask, "out.scores": scores,
                     "out.image": image, "out.text": text}


@case
def medclip():
    """MedCLIPVisionModelViT: a Swin transformer and a projection."""
    from transformers import SwinConfig, SwinModel

    swin = shake(SwinModel(SwinConfig(
        image_size=64, patch_size=4, embed_dim=24, depths=[2, 2], num_heads=[2, 4],
        window_size=4))).eval()
    head = torch.nn.Linear(48, 20, bias=False)
    weights = {f"model.{k}": v for k, v in swin.state_dict().items()}
    weights["projection_head.weight"] = head.weight
    return medclip_towers(swin, lambda model, x: model(x).pooler_output, head, weights,
                          torch.randn(2, 3, 64, 64))


@case
def medclip_resnet():
    """MedCLIPVisionModel: torchvision's ResNet-50 whose last layer is the projection."""
    from torchvision.models import resnet50

    model = shake(resnet50())
    model.fc = torch.nn.Identity()
    model.eval()
    head = torch.nn.Linear(2048, 20, bias=False)
    weights = {f"model.{k}": v for k, v in model.state_dict().items()}
    weights["model.fc.weight"] = head.weight
    return medclip_towers(model, lambda model, x: model(x), head, weights,
                          torch.randn(2, 3, 64, 64))


@case
def smolvlm():
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration

    model = shake(SmolVLMForConditionalGeneration(SmolVLMConfig(
        vision_config=dict(
            hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3,
            image_size=48, patch_size=8),
        text_config=dict(
            model_type="llama", vocab_size=60, hidden_size=32, intermediate_size=48,
            num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
            max_position_embeddings=64, rope_theta=10000.0, pad_token_id=0),
        scale_factor=2, image_token_id=59, tie_word_embeddings=False))).eval()
    x = torch.randn(1, 2, 3, 48, 48)
    tokens = [3, 4] + [59] * 9 + [7] + [59] * 9 + [11, 2, 30]
    ids = torch.tensor([tokens])
    with torch.no_grad():
        logits = model(input_ids=ids, pixel_values=x).logits
        greedy = model.generate(
            input_ids=ids, pixel_values=x, attention_mask=torch.ones_like(ids),
            max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0)
    return model.state_dict(), {"in.ids": ids, "in.x": x[0], "out.logits": logits,
                                "out.greedy": greedy[0, len(tokens):]}
