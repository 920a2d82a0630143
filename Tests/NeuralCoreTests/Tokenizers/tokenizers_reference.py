"""Reference token ids: python tokenizers_reference.py FOLDER

makes tokenizers with the `tokenizers` package, trains them on a little text, writes their files
and, for every text of a list, the ids they give (one JSON file)."""

import json
import sys

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

folder = sys.argv[1]
texts = [
    "No acute intracranial haemorrhage.", "A 3.5 cm lesion in the LEFT lobe (segment VII)!",
    "naïve café Ångström déjà-vu Zürich", "  two  spaces\tand\na line\r\n\r\nend ",
    "I'll say it's 12345 times; they've gone, we'd've", "中文 and 日本語 mixed, ok?", "",
    "ÀÉÎÕÜ ǘ ấ ệ ñ ș ž", "emoji 🩻🧠 here", "e\u0301 combining a\u0300\u0323",
    "x" * 120 + " tail", "don't DON'T can't", "a\u00a0b\u2003c", "$5,000.00 — 50 % “quoted”",
    "한국어 텍스트", "ПРИВЕТ мир ёж Й", "tabs\t\tand   runs", "ends with space ", "\n\n\n", "ß ﬁ Ⅷ ½",
]
corpus = texts * 3 + ["the lesion in the lobe of the liver is 12 cm", "haemorrhage " * 5]
result = {"texts": texts}

piece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
piece.normalizer = normalizers.BertNormalizer(lowercase=True)
piece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
piece.train_from_iterator(corpus, trainers.WordPieceTrainer(
    vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
piece.save(f"{folder}/wordpiece.json")
result["wordpiece"] = [piece.encode(t).ids for t in texts]

byte = Tokenizer(models.BPE())
byte.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
byte.decoder = decoders.ByteLevel()
byte.train_from_iterator(corpus, trainers.BpeTrainer(
    vocab_size=400, special_tokens=["<|endoftext|>"], show_progress=False,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
byte.save(f"{folder}/gpt2.json")
result["gpt2"] = [byte.encode(t).ids for t in texts]

from tokenizers import Regex

pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
           r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
byte.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
result["llama3"] = [byte.encode(t).ids for t in texts]

clip = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
clip.normalizer = normalizers.Sequence([
    normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
clip.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(
        Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"),
        behavior="removed", invert=True),
    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
letters = pre_tokenizers.ByteLevel.alphabet()
clip.train_from_iterator(corpus, trainers.BpeTrainer(
    vocab_size=700, special_tokens=["<|startoftext|>", "<|endoftext|>"], show_progress=False,
    initial_alphabet=letters, end_of_word_suffix="</w>"))
clip.save(f"{folder}/clip.json")
result["clip"] = [clip.encode(t).ids for t in texts]

json.dump(result, open(f"{folder}/reference.json", "w"))
print("made tokenizers")
