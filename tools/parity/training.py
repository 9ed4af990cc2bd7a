"""Optimisers, schedules, clipping, and the attention model: 20 steps each."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.optim import lr_scheduler

from family import encode
from modules import Attention

STEPS = 20


def record(f, op, outputs, inputs, before, after, **attributes):
    """A case of a training run: what was watched, and the parameters at its end."""
    case = f.begin(op, attributes, inputs, outputs, before)
    case["state_after"] = {name: encode(p) for name, p in after.items()}


def optimizer(f):
    choices = {
        "SGD": (torch.optim.SGD, 0.1, [
            {}, {"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.5},
            {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1},
            {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1}]),
        "Adam": (torch.optim.Adam, 0.02, [
            {}, {"betas": [0.5, 0.75]}, {"eps": 0.01}, {"weight_decay": 0.1}]),
        "AdamW": (torch.optim.AdamW, 0.02, [
            {}, {"weight_decay": 0.0}, {"weight_decay": 0.5, "betas": [0.8, 0.9], "eps": 0.01}]),
        "RMSprop": (torch.optim.RMSprop, 0.02, [
            {}, {"alpha": 0.5, "eps": 0.01}, {"momentum": 0.9}, {"centered": True},
            {"weight_decay": 0.1}, {"momentum": 0.9, "centered": True, "weight_decay": 0.1}]),
        "Adagrad": (torch.optim.Adagrad, 0.1, [
            {}, {"lr_decay": 0.1}, {"weight_decay": 0.1}, {"initial_accumulator_value": 0.5},
            {"eps": 0.01}]),
    }
    for name, (make, lr, list_of_options) in choices.items():
        for options in list_of_options:
            train(f, name, make, {"lr": lr} | options)
        train(f, name, make, {"lr": lr}, second_lr=lr / 4, second_weight_decay=0.25)
    adam = (torch.optim.Adam, {"lr": 0.05})
    train(f, "Adam", *adam, frozen="first.weight")
    train(f, "Adam", *adam, accumulate=2)
    train(f, "Adam", *adam, clip=0.25)
    train(f, "Adam", *adam, clip_value=0.0625)
    train(f, "Adam", *adam, warmup_cosine=5)
    train(f, "SGD", torch.optim.SGD, {"lr": 0.2, "momentum": 0.9}, step_decay=4)
    clipping(f)


def train(f, name, make, options, **how):
    """20 steps of a network with one hidden layer on 8 examples."""
    net = f.fill(nn.ModuleDict({"first": nn.Linear(3, 4), "second": nn.Linear(4, 2)}))
    before = {key: p.detach().clone() for key, p in net.named_parameters()}
    x, y = f.numbers(8, 3), f.numbers(8, 2)
    second = {key[7:]: value for key, value in how.items() if key.startswith("second_")}
    groups = [{"params": net["first"].parameters()},
              {"params": net["second"].parameters(), **second}]
    if "frozen" in how:
        net.get_parameter(how["frozen"]).requires_grad_(False)
    optimizer = make(groups, **options)
    schedule = scheduler(optimizer, how)
    losses = []
    pieces = how.get("accumulate", 1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        total = 0.0
        for part_x, part_y in zip(x.chunk(pieces), y.chunk(pieces)):
            prediction = net["second"](torch.tanh(net["first"](part_x)))
            loss = F.mse_loss(prediction, part_y) / pieces
            loss.backward()
            total += loss.item()
        if "clip" in how:
            clip_grad_norm_(net.parameters(), how["clip"])
        if "clip_value" in how:
            clip_grad_value_(net.parameters(), how["clip_value"])
        optimizer.step()
        schedule.step()
        losses.append(total)
    record(f, name, [torch.tensor(losses)], [x, y], before, dict(net.named_parameters()),
           **options, **how)


def scheduler(optimizer, how):
    if "warmup_cosine" in how:
        return warmup_cosine(optimizer, how["warmup_cosine"], STEPS, 0)
    if "step_decay" in how:
        return lr_scheduler.StepLR(optimizer, how["step_decay"], 0.5)
    return lr_scheduler.ConstantLR(optimizer, 1.0)


def warmup_cosine(optimizer, warmup, steps, minimum):
    lr = optimizer.param_groups[0]["lr"]
    first = lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
    second = lr_scheduler.CosineAnnealingLR(optimizer, steps - warmup, minimum * lr)
    return lr_scheduler.SequentialLR(optimizer, [first, second], [warmup])


def clipping(f):
    for max_norm in [1.0, 100.0]:
        gradients = [f.numbers(3, 4), f.numbers(5), f.numbers()]
        clipped(f, "clip_grad_norm", clip_grad_norm_, gradients, max_norm=max_norm)
    clipped(f, "clip_grad_value", clip_grad_value_, [f.numbers(3, 4), f.numbers(5)], limit=0.75)


def clipped(f, op, function, gradients, **attributes):
    parameters = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(parameters, gradients):
        p.grad = g.clone()
    norm = function(parameters, *attributes.values())
    f.begin(op, attributes, gradients,
            ([] if norm is None else [norm]) + [p.grad for p in parameters])


def schedule(f):
    def factors(op, make, **attributes):
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = make(optimizer)
        values = []
        for _ in range(24):
            values.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        f.begin(op, attributes, [], [torch.tensor(values)])

    factors("constant", lambda o: lr_scheduler.ConstantLR(o, 0.5, total_iters=100), factor=0.5)
    for every, gamma in [(5, 0.5), (1, 0.9)]:
        factors("step_decay", lambda o: lr_scheduler.StepLR(o, every, gamma), every=every,
                gamma=gamma)
    factors("linear_warmup", lambda o: lr_scheduler.LinearLR(o, 1 / 8, total_iters=7), steps=8)
    for minimum in [0.0, 0.125]:
        factors("cosine", lambda o: lr_scheduler.CosineAnnealingLR(o, 23, minimum), steps=23,
                minimum=minimum)
    factors("warmup_cosine", lambda o: warmup_cosine(o, 5, 24, 0.125), warmup=5, steps=24,
            minimum=0.125)
    factors("inverse_sqrt", lambda o: lr_scheduler.LambdaLR(
        o, lambda t: min((t + 1) / 6, (6 / (t + 1)) ** 0.5)), warmup=6)
    factors("noam", lambda o: lr_scheduler.LambdaLR(
        o, lambda t: 16**-0.5 * min((t + 1) ** -0.5, (t + 1) * 6**-1.5)), model_size=16, warmup=6)
    plateaus(f)


def plateaus(f):
    choices = [{"patience": 2}, {"patience": 0, "factor": 0.5}, {"patience": 1, "cooldown": 2},
               {"patience": 1, "threshold": 0.25}, {"patience": 1, "minimum": 0.25, "factor": 0.5},
               {"patience": 1, "maximize": True}]
    for options in choices:
        metrics = f.numbers(30, low=1, high=2)
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        named = dict(options)
        mode = "max" if named.pop("maximize", False) else "min"
        plateau = lr_scheduler.ReduceLROnPlateau(
            optimizer, mode, min_lr=named.pop("minimum", 0), eps=0, **named)
        values = []
        for metric in metrics.tolist():
            plateau.step(metric)
            values.append(optimizer.param_groups[0]["lr"])
        f.begin("plateau", options, [metrics], [torch.tensor(values)])


class Bahdanau(nn.Module):
    """models/bahdanau.h with its parameter names, without dropout."""

    def __init__(self, source_tokens, target_tokens, embedding, hidden, cell, score):
        super().__init__()
        layer, step = {"lstm": (nn.LSTM, nn.LSTMCell), "gru": (nn.GRU, nn.GRUCell)}[cell]
        self.cell = cell
        self.source_embedding = nn.Embedding(source_tokens, embedding)
        self.target_embedding = nn.Embedding(target_tokens, embedding)
        self.encoder = layer(embedding, hidden // 2, batch_first=True, bidirectional=True)
        self.initial = nn.Linear(hidden, hidden)
        self.attention = Attention(score, hidden, hidden)
        if score == "additive":
            self.attention.query = nn.Linear(hidden, hidden, bias=False)
            self.attention.key = nn.Linear(hidden, hidden, bias=False)
            self.attention.v = nn.Parameter(torch.empty(hidden))
        self.decoder = step(embedding + hidden, hidden)
        self.output = nn.Linear(2 * hidden, target_tokens)

    def forward(self, source, lengths, target_in):
        packed = pack_padded_sequence(self.source_embedding(source), lengths, batch_first=True,
                                      enforce_sorted=False)
        encoded, end = self.encoder(packed)
        memory, _ = pad_packed_sequence(encoded, batch_first=True, total_length=source.shape[1])
        ends = end[0] if self.cell == "lstm" else end
        h = torch.tanh(self.initial(torch.cat([ends[0], ends[1]], 1)))
        c = torch.zeros_like(h)
        keys = self.attention.prepare(memory)
        mask = torch.arange(source.shape[1]) < lengths[:, None]
        logits = []
        for y in self.target_embedding(target_in).unbind(1):
            context, _ = self.attention.look(h, keys, memory, mask)
            x = torch.cat([y, context], 1)
            if self.cell == "lstm":
                h, c = self.decoder(x, (h, c))
            else:
                h = self.decoder(x, h)
            logits.append(self.output(torch.cat([h, context], 1)))
        return torch.stack(logits, 1)


def batch(f, rows, longest, tokens):
    """Padded sequences (rows, longest) of ids from 3 on, and their lengths; the first is full."""
    lengths = f.integers(longest - 1, rows) + 2
    lengths[0] = longest
    ids = f.integers(tokens - 3, rows, longest) + 3
    return ids.masked_fill(torch.arange(longest) >= lengths[:, None], 0), lengths


def model(f):
    """20 steps of Adam with a clipped gradient on four batches in turn. Ids: 0 pads, 1 begins and
    2 ends a target."""
    for cell, score in [("lstm", "additive"), ("gru", "general"), ("lstm", "scaled_dot")]:
        config = {"source_tokens": 7, "target_tokens": 8, "embedding": 5, "hidden": 6, "cell": cell,
                  "score": score}
        net = f.fill(Bahdanau(**config))
        before = {name: p.detach().clone() for name, p in net.named_parameters()}
        sources, lengths, inputs, targets = [], [], [], []
        for _ in range(4):
            source, length = batch(f, 5, 6, 7)
            target, target_length = batch(f, 5, 4, 8)
            begin = torch.full((5, 1), 1)
            inputs.append(torch.cat([begin, target], 1))
            target = torch.cat([target, torch.zeros_like(begin)], 1)
            targets.append(target.scatter(1, target_length[:, None], 2))
            sources.append(source)
            lengths.append(length)
        adam = torch.optim.Adam(net.parameters(), lr=0.01)
        losses, norms = [], []
        clip = 0.3  # most norms are larger
        for step in range(STEPS):
            i = step % 4
            logits = net(sources[i], lengths[i], inputs[i])
            loss = F.cross_entropy(logits.flatten(0, 1), targets[i].flatten(), ignore_index=0)
            adam.zero_grad()
            loss.backward()
            norms.append(clip_grad_norm_(net.parameters(), clip).item())
            adam.step()
            losses.append(loss.item())
        stacked = [torch.stack(x) for x in (sources, lengths, inputs, targets)]
        record(f, "bahdanau", [torch.tensor(losses), torch.tensor(norms)], stacked, before,
               dict(net.named_parameters()), lr=0.01, clip=clip, **config)
