#include "heed/models/train/batch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "heed/core/creation.h"
#include "heed/models/data/buckets.h"

namespace heed::models {

SourceBatch make_source_batch(std::span<const std::vector<int64_t>> sources) {
  const auto padded = data::pad(sources);
  return {.source = from_values(padded.ids, {padded.rows, padded.columns}),  // (B, S)
          .lengths = from_values(padded.lengths, {padded.rows})};
}

Batch make_batch(std::span<const data::EncodedPair> pairs, std::span<const int64_t> indices) {
  const auto rows = int64_t(indices.size());
  std::vector<std::vector<int64_t>> sources;
  int64_t columns = 1;
  for (const int64_t i : indices) {
    sources.push_back(pairs[i].source);
    columns = std::max(columns, int64_t(pairs[i].target.size()) + 1);
  }
  std::vector<int64_t> in(size_t(rows * columns), data::pad_id);
  std::vector<int64_t> out(size_t(rows * columns), ignored_id);
  int64_t tokens = 0;
  for (int64_t row = 0; row < rows; ++row) {
    const auto& target = pairs[indices[row]].target;
    const auto length = int64_t(target.size());
    in[row * columns] = data::bos_id;
    std::copy(target.begin(), target.end(), in.begin() + row * columns + 1);
    std::copy(target.begin(), target.end(), out.begin() + row * columns);
    out[row * columns + length] = data::eos_id;
    tokens += length + 1;
  }
  auto [source, lengths] = make_source_batch(sources);
  return {.source = std::move(source),
          .lengths = std::move(lengths),
          .target_in = from_values(in, {rows, columns}),
          .target_out = from_values(out, {rows, columns}),
          .tokens = tokens};
}

}  // namespace heed::models
