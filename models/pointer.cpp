#include "heed/models/pointer.h"

#include <cmath>
#include <limits>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/index.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/recording.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/models/fields.h"
#include "heed/models/recurrent_state.h"

namespace heed::models {
namespace {

PointerConfig checked(PointerConfig config) {
  check_fields(list_fields(config), "Pointer");
  return config;
}

nn::Parameter vector(int64_t size, int64_t hidden) {
  const double bound = 1 / std::sqrt(double(hidden));
  return nn::Parameter(uniform({size}, -bound, bound));
}

/// x (N) as the first row of every sequence of rows (B, S, N).
Variable in_front(const Variable& x, const Variable& rows) {
  return cat({expand(x, Shape{rows.size(0), 1, rows.size(2)}), rows}, 1);  // (B, S + 1, N)
}

}  // namespace

Pointer::Pointer(PointerConfig given)
    : settings(checked(given)),
      encoder({.input_size = settings.features, .hidden_size = settings.hidden}),
      decoder({.input_size = settings.features, .hidden_size = settings.hidden}),
      begin(vector(settings.features, settings.hidden)),
      end(vector(settings.hidden, settings.hidden)),
      key({settings.hidden, settings.hidden, false}),
      query({settings.hidden, settings.hidden, false}),
      v(vector(settings.hidden, settings.hidden)) {}

void Pointer::members(nn::MemberVisitor& visit) {
  visit("encoder", encoder);
  visit("decoder", decoder);
  visit("begin", begin);
  visit("end", end);
  visit("key", key);
  visit("query", query);
  visit("v", v);
}

Json Pointer::config() const { return fields_to_json(settings); }

/// The state: rows {h, c (B, 1, H)}; memory {what the decoder may read, the keys W_1 e_j, and which
/// of them there are}, each with S + 1 places.
DecoderState Pointer::encode(const Tensor& input, const Tensor& given_lengths) const {
  require(input.dim() == 3 && input.size(1) >= 1 && input.size(2) == settings.features,
          "Pointer: expected an input (batch, elements, ", settings.features, "), got ",
          input.shape());
  const Tensor lengths = lengths_or_full(given_lengths, input);
  const RecurrentResult encoded = encoder(input, {.lengths = lengths});
  return {.rows = detail::state_rows(encoded),
          .memory = {in_front(begin, input), key(in_front(end, encoded.output)),
                     nn::length_mask(lengths + 1, input.size(1) + 1)}};
}

/// Section 2.3 (u of eq. 3): e_j of the encoder, d_i of the decoder, which has read P_{C_{i-1}}:
///   u_ij = v . tanh(W_1 e_j + W_2 d_i),  p(C_i | C_1 ... C_{i-1}, P) = softmax(u_i)
Pointer::Walk Pointer::walk(const Tensor& target_in, const DecoderState& from) const {
  const Variable& elements = from.memory[0];  // (B, S + 1, F)
  require(target_in.dim() == 2 && target_in.size(0) == elements.size(0) && target_in.size(1) >= 1,
          "Pointer: expected target_in (", elements.size(0), ", steps), got ", target_in.shape());
  const Shape picked{target_in.size(0), target_in.size(1), settings.features};
  const Variable read = gather(elements, 1, expand(unsqueeze(target_in, 2), picked));
  const RecurrentResult walked = decoder(read, detail::from_state_rows(from.rows));  // (B, T, H)
  const Variable compared =
      tanh(unsqueeze(from.memory[1], 1) + unsqueeze(query(walked.output), 2));  // (B, T, S + 1, H)
  const Variable u = squeeze(matmul(compared, unsqueeze(v, 1)), 3);             // (B, T, S + 1)
  const Tensor absent = unsqueeze(logical_not(from.memory[2].value()), 1);
  return {.logits = masked_fill(u, absent, -std::numeric_limits<double>::infinity()),
          .state = {.rows = detail::state_rows(walked), .memory = from.memory}};
}

DecoderStep Pointer::step(const Tensor& tokens, const DecoderState& state) const {
  Walk walked = walk(unsqueeze(tokens, 1), state);
  const Variable logits = select(walked.logits, 1, 0);  // (B, S + 1)
  return {.logits = logits, .state = std::move(walked.state), .weights = softmax(logits, 1)};
}

Variable Pointer::forward(const Tensor& input, const Tensor& lengths,
                          const Tensor& target_in) const {
  return walk(target_in, encode(input, lengths)).logits;
}

Decoder decoder_of(const Pointer& model, const Tensor& input, const Tensor& lengths) {
  const NoGrad no_grad;
  return {.step = [&model](const Tensor& tokens,
                           const DecoderState& state) { return model.step(tokens, state); },
          .state = model.encode(input, lengths),
          .read = zeros({input.size(0), 1}, {.dtype = i64}),
          .lengths = lengths_or_full(lengths, input) + 1};
}

}  // namespace heed::models
