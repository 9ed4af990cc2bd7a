#include "heed/models/transformer.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/reduce.h"
#include "heed/models/fields.h"
#include "heed/nn/init.h"
#include "heed/nn/positions.h"

namespace heed::models {
namespace {

TransformerConfig checked(TransformerConfig config) {
  check_fields(list_fields(config), "Transformer");
  require(config.width % config.heads == 0,
          "Transformer: expected a width that is a multiple of heads, got ", config.width, " and ",
          config.heads);
  return config;
}

nn::TransformerLayerOptions layer_options(const TransformerConfig& config) {
  return {.d_model = config.width,
          .nhead = config.heads,
          .dim_feedforward = config.hidden,
          .dropout = config.dropout,
          .activation = nn::activation_from_name(config.activation),
          .norm_first = config.norm_first};
}

/// u8 (B, S), 1 behind each source's end.
Tensor padding_of(const Tensor& source, const Tensor& given_lengths) {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  return nn::padding_mask(lengths, source.size(1));
}

void init_matrices(nn::Module& part) {
  for (const Variable& parameter : part.parameters())
    if (parameter.dim() > 1) nn::init::xavier_uniform_(parameter);
}

// A state's memory: {padding, keys and values of each decoder layer}.
std::vector<nn::MultiheadMemory> layers_of(const DecoderState& state) {
  std::vector<nn::MultiheadMemory> layers;
  for (size_t i = 1; i + 1 < state.memory.size(); i += 2)
    layers.push_back({state.memory[i], state.memory[i + 1]});
  return layers;
}

}  // namespace

Transformer::Transformer(TransformerConfig given)
    : settings(checked(std::move(given))),
      source_embedding({settings.source_tokens, settings.width}),
      target_embedding({settings.target_tokens, settings.width}),
      dropout({settings.dropout}),
      encoder({layer_options(settings), settings.layers, settings.norm_first}),
      decoder({layer_options(settings), settings.layers, settings.norm_first}) {
  init_matrices(encoder);
  init_matrices(decoder);
  const double deviation = 1 / std::sqrt(double(settings.width));  // of 1 behind the scale in embed
  nn::init::normal_(source_embedding.weight, 0, deviation);
  nn::init::normal_(target_embedding.weight, 0, deviation);
  if (!settings.tied) output.emplace(nn::LinearOptions{settings.width, settings.target_tokens});
}

void Transformer::members(nn::MemberVisitor& visit) {
  visit("source_embedding", source_embedding);
  visit("target_embedding", target_embedding);
  visit("dropout", dropout);
  visit("encoder", encoder);
  visit("decoder", decoder);
  visit("output", output);
  if (!output) visit("output.weight", target_embedding.weight);
}

Json Transformer::config() const { return fields_to_json(settings); }

/// Sections 3.4 and 3.5: embeddings times sqrt(width), plus sinusoidal positions; ids (B, T) at the
/// positions past, past + 1, ... -> (B, T, E).
Variable Transformer::embed(const nn::Embedding& table, const Tensor& ids, int64_t past) const {
  const Variable x = table(ids) * std::sqrt(double(settings.width));
  return dropout(x +
                 nn::sinusoidal_positions(ids.size(1), settings.width, past, {.dtype = x.dtype()}));
}

Variable Transformer::memory_of(const Tensor& source, const Tensor& padding) const {
  return encoder(embed(source_embedding, source, 0), {.src_key_padding_mask = padding});
}

Variable Transformer::logits(const Variable& x) const {
  return output ? (*output)(x) : linear(x, target_embedding.weight);
}

DecoderState Transformer::encode(const Tensor& source, const Tensor& lengths) const {
  const Tensor padding = padding_of(source, lengths);
  DecoderState state{.memory = {padding},
                     .caches = std::vector<nn::KvCache>(decoder.layers.size()),
                     .shares_memory = true};
  for (const auto& [keys, values] : decoder.prepare(memory_of(source, padding))) {
    state.memory.push_back(keys);
    state.memory.push_back(values);
  }
  return state;
}

DecoderStep Transformer::step(const Tensor& tokens, const DecoderState& before) const {
  DecoderStep step{{}, before, {}};
  std::vector<nn::KvCache>& caches = step.state.caches;
  require(caches.size() == decoder.layers.size(), "Transformer: expected a state of ",
          decoder.layers.size(), " caches, as encode makes it, got ", caches.size());
  nn::AttentionMaps maps;
  const Variable y = embed(target_embedding, unsqueeze(tokens, 1), caches[0].length());
  const Variable x = decoder(y, layers_of(before),
                             {.memory_key_padding_mask = before.memory[0].value(),
                              .is_causal = true,
                              .caches = caches,
                              .maps = before.maps ? &maps : nullptr});  // (B, 1, E)
  step.logits = logits(squeeze(x, 1));
  if (before.maps)
    step.weights = mean(stack(maps.layers), {0, 2, 3});  // (layers, B, H, 1, S) -> (B, S)
  return step;
}

Variable Transformer::forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                              nn::AttentionMaps* maps) const {
  require(target_in.dim() == 2 && target_in.size(0) == source.size(0) && target_in.size(1) >= 1,
          "Transformer: expected target_in (", source.size(0), ", steps), got ", target_in.shape());
  const Tensor padding = padding_of(source, lengths);
  const Variable x = decoder(embed(target_embedding, target_in, 0), memory_of(source, padding),
                             {.memory_key_padding_mask = padding, .is_causal = true, .maps = maps});
  return logits(x);  // (B, T, V)
}

}  // namespace heed::models
