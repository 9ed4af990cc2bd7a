#include "heed/models/decode/decoder.h"

#include "heed/autograd/index.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/softmax.h"

namespace heed::models {
namespace {

std::vector<Variable> picked(const std::vector<Variable>& members, const Tensor& index) {
  std::vector<Variable> rows;
  for (const Variable& member : members) rows.push_back(index_select(member, 0, index));
  return rows;
}

std::vector<nn::KvCache> picked(const std::vector<nn::KvCache>& caches, const Tensor& index) {
  std::vector<nn::KvCache> rows;
  for (const nn::KvCache& cache : caches) rows.push_back(cache.reorder(index));
  return rows;
}

}  // namespace

DecoderState reorder(const DecoderState& state, const Tensor& index) {
  return reorder(state, index, index);
}

DecoderState reorder(const DecoderState& state, const Tensor& index, const Tensor& memory_index) {
  DecoderState moved = state;
  moved.rows = picked(state.rows, index);
  moved.caches = picked(state.caches, index);
  if (memory_index.defined()) moved.memory = picked(state.memory, memory_index);
  return moved;
}

Tensor lengths_or_full(const Tensor& lengths, const Tensor& source) {
  if (lengths.defined()) return lengths;
  return full({source.size(0)}, source.size(1), {.dtype = i64});
}

namespace detail {

Tensor log_probabilities(const Tensor& logits, const Tensor& all) {
  return to(logits, f64) - log_normalizer(all);
}

void check_decode(const char* op, const Tensor& source, const Tensor& lengths, int64_t max_length) {
  require(source.dim() == 2 && source.dtype() == i64 && lengths.dtype() == i64 &&
              lengths.shape() == Shape({source.size(0)}),
          op, ": expected a source (batch, steps) and lengths (batch) of i64, got ", source.shape(),
          " of ", source.dtype(), " and ", lengths.shape(), " of ", lengths.dtype());
  const Tensor list = contiguous(lengths);
  const int64_t* values = list.data<int64_t>();
  for (int64_t b = 0; b < list.numel(); ++b)
    require(values[b] >= 0 && values[b] <= source.size(1), op, ": lengths[", b, "] is ", values[b],
            ", expected 0 to ", source.size(1));
  require(max_length >= 1, op, ": expected a max_length of at least 1, got ", max_length);
}

}  // namespace detail
}  // namespace heed::models
