#pragma once

#include "heed/models/decode/language_model.h"
#include "heed/models/show/attention_map.h"

/// Implicit attention: how much each output depends on each input, through everything that a model
/// does, whether it has attention or not.
namespace heed::show {

/// J_ts = || d logit_t / d x_s ||, where logit_t is that of the t-th token of the target (when all
/// tokens before it are read), x_s the embedding of the s-th token of the source: the norm of one
/// row of the Jacobian. source (S) and target (T) i64, without <bos> -> (T, S). The derivatives are
/// those of the model as it is: call eval() first. Throws Error for a model whose embeddings are
/// frozen, or that makes none of shape (1, S, size).
/// Simonyan, Vedaldi & Zisserman 2014, "Deep inside convolutional networks: visualising image
/// classification models and saliency maps", section 3, for words.
Tensor sensitivity(const models::Seq2Seq& model, const Tensor& source, const Tensor& target,
                   int64_t bos = data::bos_id);

/// The same of a language model that reads tokens (N) i64, N >= 2: how much the guess of each token
/// from the second on depends on each token but the last, (N - 1, N - 1). Zeros above the diagonal.
Tensor sensitivity(const models::LanguageModel& model, const Tensor& tokens);

/// Sensitivities (T, S) as a map to draw: each row divided by its sum.
AttentionMap sensitivity_map(std::vector<std::string> source, std::vector<std::string> target,
                             const Tensor& sensitivity, std::string title = {});

}  // namespace heed::show
