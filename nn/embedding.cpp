#include "heed/nn/embedding.h"

#include "heed/autograd/index.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"

namespace heed::nn {

Embedding::Embedding(EmbeddingOptions options) {
  const int64_t rows = options.num_embeddings, size = options.embedding_dim;
  require(rows >= 1, "Embedding: num_embeddings must be at least 1, got ", rows);
  require(size >= 1, "Embedding: embedding_dim must be at least 1, got ", size);
  weight = Parameter(randn({rows, size}));
  if (!options.padding_idx) return;
  padding_idx = *options.padding_idx + (*options.padding_idx < 0 ? rows : 0);
  require(padding_idx >= 0 && padding_idx < rows, "Embedding: padding_idx ", *options.padding_idx,
          " is outside the table of ", rows, " rows");
  weight.value()[padding_idx].fill_(0);
}

Variable Embedding::operator()(const Tensor& ids) const {
  return embedding(weight, ids, padding_idx);
}

}  // namespace heed::nn
