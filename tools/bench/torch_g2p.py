"""The PyTorch side of bench_g2p: the same model, shapes, loss, clipping and optimiser, eager.

python3 tools/bench/torch_g2p.py [THREADS [SECONDS]] prints one line of JSON.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Bahdanau(nn.Module):
    """Bidirectional LSTM encoder, additive attention, LSTM decoder that is fed step by step."""

    def __init__(self, source_tokens, target_tokens, embedding=128, hidden=256):
        super().__init__()
        self.source_embedding = nn.Embedding(source_tokens, embedding)
        self.target_embedding = nn.Embedding(target_tokens, embedding)
        self.encoder = nn.LSTM(embedding, hidden // 2, batch_first=True, bidirectional=True)
        self.initial = nn.Linear(hidden, hidden)
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.key = nn.Linear(hidden, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)
        self.decoder = nn.LSTMCell(embedding + hidden, hidden)
        self.output = nn.Linear(2 * hidden, target_tokens)

    def forward(self, source, target):
        values, (h_n, _) = self.encoder(self.source_embedding(source))
        keys = self.key(values)
        h = torch.tanh(self.initial(torch.cat([h_n[0], h_n[1]], -1)))
        c = torch.zeros_like(h)
        states = []
        for y in self.target_embedding(target).unbind(1):
            scores = self.v(torch.tanh(self.query(h).unsqueeze(1) + keys)).squeeze(-1)
            context = torch.bmm(torch.softmax(scores, -1).unsqueeze(1), values).squeeze(1)
            h, c = self.decoder(torch.cat([y, context], -1), (h, c))
            states.append(torch.cat([h, context], -1))
        return self.output(torch.stack(states, 1))


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = Bahdanau(30, 44)
    adam = torch.optim.Adam(model.parameters())
    source, target = torch.randint(30, (128, 9)), torch.randint(44, (128, 9))
    wanted = torch.randint(44, (128, 9))

    def step():
        start = time.perf_counter()
        loss = F.cross_entropy(model(source, target).flatten(0, 1), wanted.flatten())
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        return (time.perf_counter() - start) * 1e3

    first = step()
    for _ in range(3):
        step()
    times = []
    while sum(times) < seconds * 1e3 or len(times) < 5:
        times.append(step())
    times.sort()
    print(json.dumps({
        "workload": "g2p", "threads": threads, "torch": torch.__version__,
        "median_ms": round(times[len(times) // 2], 3), "min_ms": round(times[0], 3),
        "steps": len(times), "first_ms": round(first, 1),
        "parameters": sum(p.numel() for p in model.parameters())}))


main()
