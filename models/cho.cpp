#include "heed/models/cho.h"

#include "heed/autograd/broadcast.h"
#include "heed/autograd/elementwise.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/models/fields.h"

namespace heed::models {
namespace {

ChoConfig checked(ChoConfig config) {
  check_fields(list_fields(config), "Cho");
  return config;
}

}  // namespace

Cho::Cho(ChoConfig given)
    : settings(checked(std::move(given))),
      source_embedding({settings.source_tokens, settings.embedding}),
      target_embedding({settings.target_tokens, settings.embedding}),
      dropout({settings.dropout}),
      encoder({.input_size = settings.embedding, .hidden_size = settings.hidden}),
      summary({settings.hidden, settings.hidden}),
      initial({settings.hidden, settings.hidden}),
      decoder({.input_size = settings.embedding + settings.hidden, .hidden_size = settings.hidden}),
      maxout({2 * settings.hidden + settings.embedding, 2 * settings.hidden}),
      output({settings.hidden, settings.target_tokens}) {}

void Cho::members(nn::MemberVisitor& visit) {
  visit("source_embedding", source_embedding);
  visit("target_embedding", target_embedding);
  visit("dropout", dropout);
  visit("encoder", encoder);
  visit("summary", summary);
  visit("initial", initial);
  visit("decoder", decoder);
  visit("maxout", maxout);
  visit("output", output);
}

Json Cho::config() const { return fields_to_json(settings); }

/// Appendix A.1: c = tanh(V h_N) of the encoder's last state h_N, and h'_0 = tanh(V' c).
/// The state has rows {h' (B, H)} and memory {c (B, H)}.
DecoderState Cho::encode(const Tensor& source, const Tensor& lengths) const {
  const auto encoded =
      encoder(dropout(source_embedding(source)), {.lengths = lengths_or_full(lengths, source)});
  const Variable c = tanh(summary(encoded.h_n[0]));  // (B, H)
  return {.rows = {tanh(initial(c))}, .memory = {c}};
}

/// Appendix A.1.1, from y_{t-1}, h'_{t-1} and c:
///   h'_t = GRU([y_{t-1}; c], h'_{t-1})
///   s'_t = O_h h'_t + O_y y_{t-1} + O_c c,  s_ti = max(s'_t,2i, s'_t,2i+1)
///   p(y_t | y_{t-1}, c) = softmax(G s_t)
/// The paper's reset gate also acts on what the new state takes from c; here, as in every GRU of
/// nn/, it acts on h'_{t-1} alone.
Cho::Walk Cho::walk(const Tensor& target_in, const DecoderState& from) const {
  require(target_in.dim() == 2 && target_in.size(1) >= 1,
          "Cho: expected target_in (batch, steps), got ", target_in.shape());
  const int64_t B = target_in.size(0), T = target_in.size(1), H = settings.hidden;
  const Variable y = dropout(target_embedding(target_in));                  // (B, T, E)
  const Variable c = expand(unsqueeze(from.memory[0], 1), Shape{B, T, H});  // (B, T, H)
  const auto walked = decoder(cat({y, c}, 2), {.h_0 = unsqueeze(from.rows[0], 0)});
  const Variable pairs = maxout(cat({walked.output, y, c}, 2));     // (B, T, 2 H)
  const Variable s = amax(reshape(pairs, Shape{B, T, H, 2}), {3});  // (B, T, H)
  return {.logits = output(s), .h = walked.h_n};
}

DecoderStep Cho::step(const Tensor& tokens, const DecoderState& state) const {
  const Walk walked = walk(unsqueeze(tokens, 1), state);
  return {.logits = select(walked.logits, 1, 0),  // (B, V)
          .state = {.rows = {walked.h[0]}, .memory = state.memory}};
}

/// No attention: nothing is added to the maps.
Variable Cho::forward(const Tensor& source, const Tensor& lengths, const Tensor& target_in,
                      nn::AttentionMaps*) const {
  return walk(target_in, encode(source, lengths)).logits;
}

}  // namespace heed::models
