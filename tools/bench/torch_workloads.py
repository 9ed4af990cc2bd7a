"""The workloads of heed-bench in PyTorch: what workloads.cpp lists, under the same names."""

import inspect
import re

import torch
import torch.nn.functional as F
from torch import nn

from torch_models import AttentionLayer, Bahdanau, CharRnn, Gpt, TwoWayClassifier, Vit
from torch_transformer import Transformer


class Run:
    """A step to time, and the numbers that must agree with heed's."""

    def __init__(self, step, numbers, parameters=0):
        self.step, self.numbers, self.parameters = step, numbers, parameters


def count(module):
    return sum(p.numel() for p in module.parameters())


def optimizer(start, kind, module, **options):
    """With the implementation that was asked for, where this kind has it."""
    if start.optimizer != "loop" and start.optimizer in inspect.signature(kind).parameters:
        options[start.optimizer] = True
    return kind(module.parameters(), **options)


def training(start, module, update, loss, clip=1.0):
    """A training step: the loss, its gradients, clipped to a norm of `clip`, an update."""
    if start.compile:
        loss = torch.compile(loss)

    def step():
        update.zero_grad()
        value = loss()
        value.backward()
        if clip:
            nn.utils.clip_grad_norm_(module.parameters(), clip)
        update.step()
        return value

    return Run(step, lambda n: [step().item() for _ in range(n)], count(module))


def gradients(result, leaves):
    """A step that is a result and its gradients, recorded anew each time."""
    def step():
        for leaf in leaves:
            leaf.grad = None
        value = result()
        value.backward()
        return value

    def numbers(_):
        return [step().item(), *(leaf.grad.double().norm().item() for leaf in leaves)]

    return Run(step, numbers)


def sequence_loss(logits, wanted, **options):
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), **options)


def scalar(start):
    a = torch.tensor(-4.0, requires_grad=True)
    b = torch.tensor(2.0, requires_grad=True)

    def micrograd():
        c = a + b
        d = a * b + b ** 3
        c = c + (c + 1)
        c = c + (1 + c + (-a))
        d = d + (d * 2 + (b + a).relu())
        d = d + (3 * d + (b - a).relu())
        f = (c - d) ** 2
        return f / 2 + 10 / f

    return gradients(micrograd, [a, b])


def small_ops(start):
    x = start.normals("x", (16, 16)).requires_grad_()
    w = start.normals("w", (16, 16)).requires_grad_()

    def result():
        y = x
        for _ in range(20):
            y = torch.tanh(y @ w + x) * 0.5
        return y.sum()

    return gradients(result, [x, w])


def square_product(n):
    def make(start):
        a, b = start.normals("a", (n, n)), start.normals("b", (n, n))
        return Run(lambda: a @ b, lambda _: [(a @ b).double().norm().item()])
    return make


def mlp(start):
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(),
                        nn.Linear(128, 10))
    start.weights(net)
    images, labels = start.normals("images", (64, 784)), start.integers("labels", 10, (64,))
    return training(start, net, optimizer(start, torch.optim.Adam, net),
                    lambda: F.cross_entropy(net(images), labels), clip=None)


def char_rnn(tokens, width, hidden, batch, steps, clip, kind, **options):
    def make(start):
        model = CharRnn(tokens, width, hidden)
        start.weights(model)
        read = start.integers("tokens", tokens, (batch, steps))
        wanted = start.integers("wanted", tokens, (batch, steps))
        return training(start, model, optimizer(start, kind, model, **options),
                        lambda: sequence_loss(model(read), wanted), clip)
    return make


def lstm(steps, batch, width):
    return char_rnn(65, width, width, batch, steps, 5, torch.optim.RMSprop, lr=2e-3, alpha=0.95)


def bilstm_cls(start):
    model = TwoWayClassifier(10_000, 100, 128, 2)
    start.weights(model)
    tokens = start.integers("tokens", 10_000, (64, 200))
    labels = start.integers("labels", 2, (64,))
    return training(start, model, optimizer(start, torch.optim.Adam, model),
                    lambda: F.cross_entropy(model(tokens), labels))


def translator(make_model, source_tokens, target_tokens, batch, steps, smoothing, **options):
    def make(start):
        model = make_model(start)
        start.weights(model)
        source = start.integers("source", source_tokens, (batch, steps))
        target = start.integers("target", target_tokens, (batch, steps))
        wanted = start.integers("wanted", target_tokens, (batch, steps))
        return training(
            start, model, optimizer(start, torch.optim.Adam, model, **options),
            lambda: sequence_loss(model(source, target), wanted, label_smoothing=smoothing))
    return make


def gpt(batch, steps, **config):
    def make(start):
        model = Gpt(**config)
        start.weights(model)
        tokens = start.integers("tokens", config["tokens"], (batch, steps))
        wanted = start.integers("wanted", config["tokens"], (batch, steps))
        return training(start, model, optimizer(start, torch.optim.AdamW, model, lr=1e-4),
                        lambda: sequence_loss(model(tokens), wanted))
    return make


def small_gpt(steps, batch, width):
    return gpt(batch, steps, tokens=65, context=steps, layers=4, heads=max(1, width // 32),
               width=width)


def vit(start):
    model = Vit()
    start.weights(model)
    images = start.normals("images", (128, 1, 28, 28))
    labels = start.integers("labels", 10, (128,))
    return training(start, model, optimizer(start, torch.optim.AdamW, model),
                    lambda: F.cross_entropy(model(images), labels))


def attention_layer(steps):
    def make(start):
        layer = AttentionLayer(256, 4)
        start.weights(layer)
        x = start.normals("x", (1, steps, 256)).requires_grad_()
        share = start.normals("share", (1, steps, 256))
        run = gradients(lambda: (layer(x) * share).sum(), [*layer.parameters(), x])
        run.parameters = count(layer)
        return run
    return make


def continuation(length, **config):
    def make(start):
        model = Gpt(**config).eval()
        start.weights(model)
        prompt = start.integers("prompt", config["tokens"], (1, 1))

        def numbers(_):
            logits = []
            tokens = model.write(prompt, length, logits)[0]
            log_p = sum(F.log_softmax(row.double(), 1).max().item() for row in logits)
            return [*map(float, tokens), log_p]

        return Run(lambda: model.write(prompt, length), numbers, count(model))
    return make


MT_BASE = {"source_tokens": 8000, "target_tokens": 6000, "width": 256, "heads": 8, "layers": 3,
           "hidden": 512}
COPY = {"source_tokens": 11, "target_tokens": 11, "width": 512, "heads": 8, "layers": 2,
        "hidden": 2048}
BABYGPT = {"tokens": 65, "context": 256, "layers": 6, "heads": 6, "width": 384}
GPT2 = {"tokens": 50257, "context": 1024, "layers": 12, "heads": 12, "width": 768}


def beam(start):
    model = Transformer(**MT_BASE, dropout=0).eval()
    start.weights(model)
    source = start.integers("source", 8000, (16, 25))

    def search():
        return model.beam_search(source, beams=5, steps=25)

    return Run(search, lambda _: search()[1].tolist(), count(model))


WORKLOADS = {
    **{f"sgemm-{n}": square_product(n) for n in (1024, 2048, 4096)},
    "scalar": scalar,
    "small-ops": small_ops,
    "mlp": mlp,
    "charrnn": lstm(steps=50, batch=50, width=128),
    "lstm-lm": char_rnn(10_000, 200, 200, 20, 35, 0.25, torch.optim.SGD, lr=1),
    "bilstm-cls": bilstm_cls,
    "seq2seq": translator(lambda _: Bahdanau("gru", 4000, 3000, 256, 256), 4000, 3000, 32, 10, 0),
    "g2p": translator(lambda _: Bahdanau("lstm", 30, 44, 128, 256), 30, 44, 128, 9, 0),
    "copy": translator(lambda start: Transformer(**COPY, dropout=start.dropout(0.1)),
                       11, 11, 80, 10, 0.1, lr=1e-4),
    "nanogpt": small_gpt(steps=64, batch=12, width=128),
    "babygpt": gpt(16, 256, **BABYGPT),
    "mt-base": translator(lambda start: Transformer(**MT_BASE, dropout=start.dropout(0.1)),
                          8000, 6000, 128, 25, 0.1, lr=1e-4),
    "vit": vit,
    "gpt2-124M": gpt(4, 64, **GPT2),
    "generate-baby": continuation(64, **BABYGPT),
    "generate-124M": continuation(32, **GPT2),
    "beam": beam,
    **{f"long-{n}": attention_layer(n) for n in (512, 1024, 2048, 4096, 8192)},
}
SIZES = r"T([1-9]\d*)-B([1-9]\d*)-W([1-9]\d*)"
SIZED = (("lstm-" + SIZES, lstm), ("gpt-" + SIZES, small_gpt),
         (r"long-([1-9]\d*)", attention_layer))


def make_workload(name):
    """The workload of that name: one of the table, or one whose name gives its sizes."""
    if name in WORKLOADS:
        return WORKLOADS[name]
    for pattern, make in SIZED:
        if found := re.fullmatch(pattern, name):
            return make(*map(int, found.groups()))
    raise SystemExit(f'torch_bench: WORKLOAD: expected one of heed-bench --list, got "{name}"')
