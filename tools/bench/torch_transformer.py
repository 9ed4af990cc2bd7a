"""heed's Transformer in PyTorch: training over torch.nn's layers, and beam search with caches."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from torch_models import join_heads, split_heads


def sinusoidal_positions(steps, width):
    angles = torch.arange(steps, dtype=torch.float64).unsqueeze(1) / 10000 ** (
        torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float()


class Transformer(nn.Module):
    def __init__(self, source_tokens, target_tokens, width, heads, layers, hidden, dropout):
        super().__init__()
        self.width, self.heads = width, heads
        self.source_embedding = nn.Embedding(source_tokens, width)
        self.target_embedding = nn.Embedding(target_tokens, width)
        self.dropout = nn.Dropout(dropout)
        options = {"dropout": dropout, "batch_first": True, "norm_first": True}
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, heads, hidden, **options), layers,
            nn.LayerNorm(width), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(width, heads, hidden, **options), layers,
            nn.LayerNorm(width))
        self.output = nn.Linear(width, target_tokens)
        for name, p in self.named_parameters():
            if name.startswith(("encoder", "decoder")) and p.dim() > 1:
                nn.init.xavier_uniform_(p)
        for table in (self.source_embedding, self.target_embedding):
            nn.init.normal_(table.weight, std=width ** -0.5)
        self.register_buffer("positions", sinusoidal_positions(64, width), persistent=False)
        mask = nn.Transformer.generate_square_subsequent_mask(64)
        self.register_buffer("mask", mask, persistent=False)

    def embed(self, table, ids):
        x = table(ids) * math.sqrt(self.width)
        return self.dropout(x + self.positions[:ids.shape[1]])

    def encode(self, source):
        return self.encoder(self.embed(self.source_embedding, source))

    def forward(self, source, target):
        steps = target.shape[1]
        x = self.decoder(self.embed(self.target_embedding, target), self.encode(source),
                         tgt_mask=self.mask[:steps, :steps], tgt_is_causal=True)
        return self.output(x)

    def memories(self, encoded):
        """Keys and values of the source for each decoder layer, computed once."""
        C = self.width
        found = []
        for layer in self.decoder.layers:
            part = layer.multihead_attn
            kv = F.linear(encoded, part.in_proj_weight[C:], part.in_proj_bias[C:])
            found.append(tuple(split_heads(p, self.heads) for p in kv.chunk(2, 2)))
        return found

    def step(self, tokens, position, memories, caches):
        """Logits (R, V) behind tokens (R); each of the caches grows by a key and a value."""
        C = self.width
        x = self.target_embedding(tokens) * math.sqrt(C) + self.positions[position]
        x = x.unsqueeze(1)  # (R, 1, C)
        for i, layer in enumerate(self.decoder.layers):
            part = layer.self_attn
            qkv = F.linear(layer.norm1(x), part.in_proj_weight, part.in_proj_bias).chunk(3, 2)
            q, k, v = (split_heads(p, self.heads) for p in qkv)
            if caches[i] is not None:
                k, v = torch.cat([caches[i][0], k], 2), torch.cat([caches[i][1], v], 2)
            caches[i] = (k, v)
            x = x + part.out_proj(join_heads(F.scaled_dot_product_attention(q, k, v)))
            part = layer.multihead_attn
            q = F.linear(layer.norm2(x), part.in_proj_weight[:C], part.in_proj_bias[:C])
            # The beams of a sentence are queries of one memory: (B, beams, C).
            q = split_heads(q.view(memories[i][0].shape[0], -1, C), self.heads)
            look = join_heads(F.scaled_dot_product_attention(q, *memories[i]))
            x = x + part.out_proj(look.view(-1, 1, C))
            x = x + layer.linear2(F.relu(layer.linear1(layer.norm3(x))))
        return self.output(self.decoder.norm(x)).squeeze(1)

    @torch.inference_mode()
    def beam_search(self, source, beams, steps, first_token=1):
        """The tokens (B, steps) of each sentence's best hypothesis and their log-probabilities."""
        B = source.shape[0]
        memories = self.memories(self.encode(source))
        caches = [None] * len(memories)
        logits = self.step(torch.full((B,), first_token), 0, memories, caches)
        scores, tokens = logits.log_softmax(1).topk(beams, 1)  # (B, K)
        caches = [tuple(p.repeat_interleave(beams, 0) for p in cache) for cache in caches]
        written = tokens.view(B * beams, 1)
        first_rows = torch.arange(0, B * beams, beams).unsqueeze(1)
        for position in range(1, steps):
            log_p = self.step(written[:, -1], position, memories, caches).log_softmax(1)
            V = log_p.shape[1]
            totals = (log_p + scores.view(-1, 1)).view(B, beams * V)
            scores, places = totals.topk(beams, 1)
            parents = (first_rows + places // V).flatten()
            written = torch.cat([written[parents], (places % V).view(-1, 1)], 1)
            caches = [tuple(p.index_select(0, parents) for p in cache) for cache in caches]
        best = first_rows.squeeze(1)  # topk gives the best one first
        return written[best], scores[:, 0]
