#pragma once

#include "heed/nn/module.h"

namespace heed::nn {

struct EmbeddingOptions {
  int64_t num_embeddings = 0;
  int64_t embedding_dim = 0;
  /// The row of padding: zero at the start, and without a gradient. Negative counts from the end.
  std::optional<int64_t> padding_idx = {};
};

/// Rows of a table by their numbers: (...) of i64 -> (..., embedding_dim). Starts standard normal.
struct Embedding : Module {
  /// Throws Error for sizes below 1 and a padding_idx outside the table.
  explicit Embedding(EmbeddingOptions options);
  Variable operator()(const Tensor& ids) const;
  void members(MemberVisitor& visit) override { visit("weight", weight); }

  Parameter weight;          ///< (num_embeddings, embedding_dim)
  int64_t padding_idx = -1;  ///< -1: none
};

}  // namespace heed::nn
