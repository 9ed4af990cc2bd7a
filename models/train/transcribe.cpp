#include "heed/models/train/transcribe.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/dtype.h"
#include "heed/core/error.h"
#include "heed/core/io/utf8.h"
#include "heed/models/decode/beam_search.h"
#include "heed/models/decode/greedy.h"
#include "heed/models/show/sensitivity.h"
#include "heed/models/train/batch.h"

namespace heed::models {
namespace {

/// The places of the sources, the shortest first: neighbours are of similar length.
std::vector<int64_t> by_length(std::span<const std::vector<int64_t>> sources) {
  std::vector<int64_t> order(sources.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return sources[a].size() < sources[b].size(); });
  return order;
}

std::vector<std::vector<int64_t>> encoded(const data::Tokenizer& tokenizer,
                                          std::span<const std::string> texts) {
  std::vector<std::vector<int64_t>> sources;
  for (size_t i = 0; i < texts.size(); ++i) {
    sources.push_back(tokenizer.encode(texts[i]));
    require(!sources.back().empty(), "transcribe: source ", i, " has no tokens");
  }
  return sources;
}

std::vector<std::string> pieces(const data::Tokenizer& tokenizer, std::span<const int64_t> ids) {
  std::vector<std::string> pieces;
  for (const int64_t id : ids) pieces.push_back(tokenizer.piece(id));
  return pieces;
}

std::vector<Hypothesis> decoded(const Seq2Seq& model, const Tensor& source, const Tensor& lengths,
                                const TranscribeOptions& options) {
  const std::vector<int64_t> never = {data::pad_id, data::bos_id};
  if (options.beam == 1) {
    return greedy(model, source, lengths,
                  {.max_length = options.max_length, .maps = options.weights, .never = never});
  }
  std::vector<Hypothesis> best;
  for (auto& found : beam_search(model, source, lengths,
                                 {.beam_size = options.beam,
                                 .max_length = options.max_length,
                                 .maps = options.weights,
                                 .never = never})) {
    best.push_back(std::move(found.at(0)));
  }
  return best;
}

}  // namespace

std::vector<double> numbers(const Tensor& tensor) {
  const Tensor doubles = contiguous(to(tensor, f64));
  return {doubles.data<double>(), doubles.data<double>() + doubles.numel()};
}

std::vector<Transcript> transcribe(const StoredModel& model, std::span<const std::string> texts,
                                   TranscribeOptions options) {
  require(options.batch_size >= 1, "transcribe: batch_size must be at least 1, got ",
          options.batch_size);
  const auto &reads = model.tokenizer("source"), &writes = model.tokenizer("target");
  const auto sources = encoded(reads, texts);
  const auto order = by_length(sources);
  std::vector<Transcript> transcripts(sources.size());
  const auto count = int64_t(order.size());
  for (int64_t begin = 0; begin < count; begin += options.batch_size) {
    const int64_t size = std::min(options.batch_size, count - begin);
    const auto places = std::span(order).subspan(size_t(begin), size_t(size));
    std::vector<std::vector<int64_t>> batch;
    for (const int64_t place : places) batch.push_back(sources[place]);
    const auto [source, lengths] = make_source_batch(batch);
    const auto found = decoded(as<Seq2Seq>(*model.model), source, lengths, options);
    for (size_t i = 0; i < places.size(); ++i) {
      Transcript& transcript = transcripts[size_t(places[i])];
      transcript.source = pieces(reads, batch[i]);
      transcript.target = pieces(writes, found[i].tokens);
      transcript.text = repaired_utf8(writes.decode(found[i].tokens));
      transcript.log_probability = found[i].log_probability;
      if (found[i].weights.defined()) transcript.weights = numbers(found[i].weights);
      if (options.sensitivity && !found[i].tokens.empty())
        transcript.sensitivity = show::sensitivity(
            as<Seq2Seq>(*model.model), from_values(batch[i], {int64_t(batch[i].size())}),
            from_values(found[i].tokens, {int64_t(found[i].tokens.size())}));
    }
  }
  return transcripts;
}

show::AttentionMap attention_map(const Transcript& transcript, std::string title) {
  return {.source = transcript.source,
          .target = transcript.target,
          .weights = transcript.weights,
          .title = std::move(title)};
}

}  // namespace heed::models
