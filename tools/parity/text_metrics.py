"""Writes tests/data/metrics.json: what sacreBLEU computes, for tests/translation_metrics_test.cpp.

    pip install sacrebleu                   # the stored file comes from 2.6.0
    python3 tools/parity/text_metrics.py
"""
import json
import pathlib

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.tokenizers.tokenizer_char import TokenizerChar

LINES = [
    "Hello, world! It's 3.14, or 1,000.50 (about $5).",
    "from 1990-1995, pre-war... and so on.., 5.-",
    'She said &quot;no &amp; yes&quot; &lt;b&gt;; a/b [c] {d} ~e `f` 50% #1 @home x_y ^2 \\n',
    "<skipped>well-\nknown  line\nends here-\n",
    "L'été, « c’est\u00a0bien\u202f! » : 12\u00a0000,5 €\u2003… ",
    "日本語、テスト。3。4 naïve\u3000ça–là",
    "...", ",,a,,1,,", "", "  ", "1.", ".1 1.a a.1 .", "-3 3-4 a-3 3-a 3--4", "O'Neil's 'quoted'",
    "tab\tand\x0bother\x1fspace\x85here",
]

CORPORA = [
    (["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
     [["The dog had bit the man.", "The dog bit the man."],
      ["No one was surprised.", "It was not unexpected."],
      ["The man had bitten the dog.", "The man had bit the dog first."]]),
    (["les chats rouges mangent.", "la petite maison, verte", "Il a dit : « non » !"],
     [["les chats rouges mangent !"], ["la petite maison verte"], ["Il a dit : « oui » !"]]),
    (["yes", "the cat", "a b c"], [["yes"], ["a cat"], ["a b d"]]),
    (["", "something here now"], [["nothing at all"], ["something here then"]]),
    (["x"], [["completely different words"]]),
    (["an analysis tool (for logs), version 2.0", "library - development files"],
     [["analysis tool for log files, version 2.0"], ["library (development files)"]]),
    (["a very short text against", "one more line of it, here"],
     [["a very much longer reference text stands against what was written above it"],
      ["one more line of it, here and there and everywhere"]]),
    (["猫が好きです。", "naïve café"], [["猫が大好きです。"], ["naive café", "naïve cafés"]]),
]

BLEUS = {
    "13a": {}, "char": {"tokenize": "char"}, "none": {"tokenize": "none"},
    "13a none": {"smooth_method": "none"},
    "13a add-k": {"smooth_method": "add-k", "smooth_value": 1},
    "13a effective": {"effective_order": True},
    "char effective": {"tokenize": "char", "effective_order": True},
}
CHRFS = {"chrF2": {}, "chrF2++": {"word_order": 2}, "chrF1": {"beta": 1, "char_order": 4}}


def streams(references):
    """sacreBLEU wants one list for each place among a line's references; None fills up."""
    most = max(map(len, references))
    return [[r[i] if i < len(r) else None for r in references] for i in range(most)]


def corpus(hypotheses, references):
    scores = {}
    for name, options in BLEUS.items():
        bleu = BLEU(force=True, **options).corpus_score(hypotheses, streams(references))
        scores[name] = {"score": bleu.score, "precisions": list(bleu.precisions), "bp": bleu.bp,
                        "sys_len": bleu.sys_len, "ref_len": bleu.ref_len}
    for name, options in CHRFS.items():
        scores[name] = CHRF(**options).corpus_score(hypotheses, streams(references)).score
    sentences = [BLEU(effective_order=True).sentence_score(h, r).score
                 for h, r in zip(hypotheses, references)]
    return {"hypotheses": hypotheses, "references": references, "scores": scores,
            "sentences": sentences}


def main():
    lines = [{"text": line, "13a": Tokenizer13a()(line.rstrip()).split(),
              "char": TokenizerChar()(line.rstrip()).split()} for line in LINES]
    stored = {"sacrebleu": sacrebleu.__version__, "lines": lines,
              "corpora": [corpus(*each) for each in CORPORA]}
    path = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "metrics.json"
    path.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
