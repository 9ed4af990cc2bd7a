#include "heed/models/text_classifier.h"

#include <cmath>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/models/data/vocabulary.h"
#include "heed/models/fields.h"
#include "heed/models/recurrent_state.h"

namespace heed::models {
namespace {

TextClassifierConfig checked(TextClassifierConfig config) {
  check_fields(list_fields(config), "TextClassifier");
  return config;
}

}  // namespace

TextClassifier::TextClassifier(TextClassifierConfig given)
    : settings(checked(std::move(given))),
      embedding({settings.tokens, settings.embedding}),
      dropout({settings.dropout}),
      encoder(detail::recurrent_kind(settings.cell), {.input_size = settings.embedding,
                                                      .hidden_size = settings.hidden,
                                                      .bidirectional = true}),
      attention({2 * settings.hidden, 2 * settings.hidden}),
      output({2 * settings.hidden, settings.classes}) {
  const double bound = 1 / std::sqrt(2 * double(settings.hidden));
  context = nn::Parameter(uniform({2 * settings.hidden}, -bound, bound));
}

void TextClassifier::members(nn::MemberVisitor& visit) {
  visit("embedding", embedding);
  visit("dropout", dropout);
  visit("encoder", encoder);
  visit("attention", attention);
  visit("context", context);
  visit("output", output);
}

Json TextClassifier::config() const { return fields_to_json(settings); }

/// u_t = tanh(W_w h_t + b_w)               eq. 5
/// alpha_t = softmax_t(u_t . u_w)          eq. 6
/// s = sum_t alpha_t h_t                   eq. 7
Variable TextClassifier::forward(const Tensor& tokens, nn::AttentionMaps* maps) const {
  require(tokens.dim() == 2 && tokens.dtype() == i64 && tokens.size(1) >= 1,
          "TextClassifier: expected tokens (B, S) of i64, got ", tokens.shape(), " of ",
          tokens.dtype());
  const Tensor lengths = sum(ne(tokens, data::pad_id), {1});  // (B)
  const Variable h =
      encoder(dropout(embedding(tokens)), {.lengths = lengths}).output;  // (B, S, 2 H)
  const Variable scores = matmul(tanh(attention(h)), context);           // (B, S)
  const Variable weights = softmax(scores, -1, nn::length_mask(lengths, tokens.size(1)));
  const Variable text = squeeze(matmul(unsqueeze(weights, 1), h), 1);  // (B, 2 H)
  if (maps) maps->layers.push_back(unsqueeze(weights.value(), 1));     // (B, 1, S)
  return output(dropout(text));                                        // (B, classes)
}

}  // namespace heed::models
