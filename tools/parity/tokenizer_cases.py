"""Writes tests/data/tokenizers.json: what Hugging Face's tokenizers make of some texts.

    pip install tokenizers regex              # the stored file comes from 0.23.3
    python3 tools/parity/tokenizer_cases.py vocab.json merges.txt      # GPT-2's files
"""
import json
import pathlib
import sys

import regex
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

GPT2 = regex.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")

TEXTS = [
    "", " ", "  ", "Hello world", "Hello  world  ", " leading", "I'll say it's John's; we've don't",
    "'sup 'Tis can't'd", "a\nb\n\nc\n\n\n d\t\te", "x = 3.14159e10 + y_2;", "naïve café, Ünïcode…",
    "日本語のテキスト 한국어", "emoji 👩‍👩‍👧 🎉!!", "٣٤٥ ½ ² Ⅷ",
    "é combining e\u0301 a\u0308b", "tab\there\r\nnl ",
    "nbsp\u00a0\u00a0x\u2003y\u3000z", "\u2028line", "  '  ''  's", "the the the then them there",
    "aaaaaaaaaaaaaaaa aaaaaaa", "x" * 40 + "!" * 33, "$100,000.00 (50%)", "snake_case camelCase",
    "\x00\x01\x7f", "Ω≈ç√∫ ﬁ ﷺ", "'LL 'Re", "- - -- ---\n", "end with space ",
]
TRAINING = [
    "the cat sat on the mat and the dog sat on the log",
    "low low low low low lower lower newest newest newest newest newest newest "
    "widest widest widest",
    "abab ababab abababab aaaa aaa aa banana bananas",
    "Äpfel und Öl über Übermut, äußerst überall.\nÄpfel!\n\n  10 100 1000 10000",
]
WORDS = """
[PAD] [UNK] [CLS] [SEP] [MASK] the cat sat on mat un ##aff ##able ##ably play
##ing ##ed ##s john ' ! , . ? - $ % 1 ##0 ##00 cafe naive a ##b ##c strasse ß
##ß 日 本 語 u ##n über uber [ ] sep cl ##s ᄒ ##ᅡ ##ᆫ e . … “ ” x ##x i stanbul Cat
İ
""".split()
BERT_TEXTS = [
    "", "The cat sat on the mat.", "UNAFFABLE unaffably unaffed", "playing, played;plays",
    "John's cat!?", "café CAFÉ cafe\u0301 naïve", "日本語 日x本", "한", "Über Straße ßß",
    "$100 10% 1-0", "[SEP] the [MASK]", "a\u200bb a\u00adb a\x00b\ufffdc",
    "a\tb\r\nc\u00a0d\u2028e",
    "x" * 100, "x" * 101, "the\u0301 cat", "“cat”…", "İstanbul", "abc aBC", " . , ! ",
]


def bpe(vocabulary, minimum):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, min_frequency=minimum, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(TRAINING, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return {
        "vocabulary": vocabulary, "min_count": minimum,
        "merges": [m if isinstance(m, str) else " ".join(m) for m in merges],
        "ids": [tokenizer.encode(text).ids for text in TRAINING + TEXTS],
    }


def word_pieces(lower):
    words = list(dict.fromkeys(WORDS))
    tokenizer = Tokenizer(models.WordPiece(
        {w: i for i, w in enumerate(words)}, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return {"lower_case": lower, "tokens": words,
            "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in BERT_TEXTS]}


def gpt2(vocabulary, merges):
    tokenizer = Tokenizer(models.BPE.from_file(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return [tokenizer.encode(text).ids for text in TEXTS]


def main():
    cases = {
        "texts": TEXTS, "pieces": [GPT2.findall(text) for text in TEXTS],
        "training": TRAINING, "bpe": [bpe(300, 1), bpe(280, 2), bpe(1000, 2), bpe(330, 3)],
        "gpt2": gpt2(*sys.argv[1:]), "bert_texts": BERT_TEXTS,
        "word_pieces": [word_pieces(True), word_pieces(False)],
    }
    path = pathlib.Path(__file__).resolve().parents[2] / "tests/data/tokenizers.json"
    rows = [f'"{name}": {json.dumps(value)}' for name, value in cases.items()]
    path.write_text("{" + ",\n".join(rows) + "}\n")


if __name__ == "__main__":
    main()
