#include "heed/models/decode/beam_search.h"

#include <algorithm>
#include <cmath>

#include "heed/autograd/recording.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
#include "heed/core/shape.h"
#include "heed/core/sort.h"
#include "heed/models/decode/beam.h"
#include "heed/models/train/signals.h"

namespace heed::models {
namespace {

using detail::Beam, detail::Candidate, detail::Path, detail::PathNode;

/// The beams of all sequences, whose live paths are the rows of one batch.
class Search {
 public:
  Search(const Decoder& decoder, const BeamOptions& options)
      : decoder_(decoder), options_(options) {
    for (int64_t b = 0; b < decoder.read.size(0); ++b) {
      beams_.emplace_back(options, tree_);
      beams_.back().stand_at(b);
      sources_.push_back(b);
    }
    remembered_ = sources_;
  }

  void run() {
    DecoderState state = decoder_.state;
    state.maps = options_.maps || options_.coverage > 0;
    Tensor tokens = select(decoder_.read, 1, -1);  // (B)
    for (int64_t t = 0; t < options_.max_length && tokens.numel() > 0; ++t) {
      leave_if_signalled();
      const DecoderStep step = decoder_.step(tokens, state);
      if (options_.maps && step.weights.defined()) weights_.push_back(step.weights.value());
      const std::vector<double> coverage = cover(step);
      const auto [parents, written] = advance(step.logits.value(), coverage, t);
      state = reorder(step.state, parents, memory_index(step.state.shares_memory));
      if (covered_.defined()) covered_ = index_select(covered_, 0, parents);
      tokens = written;
    }
  }

  std::vector<std::vector<Hypothesis>> results() const {
    std::vector<std::vector<Hypothesis>> all;
    for (size_t b = 0; b < beams_.size(); ++b) {
      all.emplace_back();
      for (const Path& path : beams_[b].best())
        all.back().push_back(hypothesis(path, beams_[b].score(path), int64_t(b)));
    }
    return all;
  }

 private:
  struct Rows {
    Tensor parents, tokens;  // (R) i64: the row that each new row came from, and what it wrote
  };

  /// Every beam one token on, from logits (R, V).
  Rows advance(const Tensor& logits, const std::vector<double>& coverage, int64_t step) {
    const bool all = options_.never.empty() && !options_.prefix.defined();
    const Tensor allowed = all ? logits : clone(logits);
    detail::forbid("beam_search", allowed, options_.never);
    force_prefix(allowed, logits, step);
    // Half of them may end; then as many as the beam has places are left.
    const int64_t width = std::min(2 * options_.beam_size, logits.size(1));
    const SortResult top = topk(allowed, width, 1);  // (R, width)
    const Tensor log_p = detail::log_probabilities(top.values, logits);
    std::vector<int64_t> parents, tokens;
    sources_.clear();
    int64_t row = 0;
    for (size_t b = 0; b < beams_.size(); ++b) {
      Beam& beam = beams_[b];
      const int64_t first = row;
      row += int64_t(beam.live().size());
      beam.advance(candidates(beam, log_p, top.indices, first), coverage, step);
      beam.stand_at(int64_t(parents.size()));
      for (const Path& path : beam.live()) {
        parents.push_back(tree_[size_t(path.node)].row);
        tokens.push_back(tree_[size_t(path.node)].token);
        sources_.push_back(int64_t(b));
      }
    }
    const Shape rows{int64_t(parents.size())};
    return {from_values(parents, rows), from_values(tokens, rows)};
  }

  /// The rows of memory that the rows of the batch read from now on, or empty: as before. Where a
  /// row may serve several, one for each sequence is enough if all have as many.
  Tensor memory_index(bool shared) {
    std::vector<int64_t> read = sources_;
    if (shared) {
      std::vector<int64_t> once = sources_;
      once.erase(std::ranges::unique(once).begin(), once.end());
      bool even = !once.empty() && sources_.size() % once.size() == 0;
      for (size_t i = 0; even && i < sources_.size(); ++i)
        even = sources_[i] == once[i / (sources_.size() / once.size())];
      if (even) read = std::move(once);
    }
    if (read == remembered_) return {};
    std::vector<int64_t> places;
    for (const int64_t source : read)
      places.push_back(std::ranges::find(remembered_, source) - remembered_.begin());
    remembered_ = std::move(read);
    return from_values(places, {int64_t(places.size())});
  }

  /// -inf for all but the token of the prefix, in the rows that have one in this step: it keeps
  /// what it had when every token was free.
  void force_prefix(const Tensor& logits, const Tensor& free, int64_t step) const {
    for (size_t row = 0; row < sources_.size(); ++row) {
      const int64_t token = detail::forced_token(options_.prefix, sources_[row], step);
      if (token < 0) continue;
      require(token < logits.size(1), "beam_search: the prefix has token ", token, " of ",
              logits.size(1));
      const double kept = free.at({int64_t(row), token});
      logits[int64_t(row)].fill_(-INFINITY);
      logits[int64_t(row)][token].fill_(kept);
    }
  }

  /// The best continuations of a beam's live paths, best first.
  std::vector<Candidate> candidates(const Beam& beam, const Tensor& log_p, const Tensor& tokens,
                                    int64_t first) const {
    std::vector<Candidate> all;
    const int64_t width = tokens.size(1);
    for (size_t i = 0; i < beam.live().size(); ++i) {
      const int64_t row = first + int64_t(i);
      for (int64_t at = row * width; at < (row + 1) * width; ++at) {
        const double total = beam.live()[i].log_probability + log_p.data<double>()[at];
        if (total != -INFINITY) all.push_back({total, row, tokens.data<int64_t>()[at]});
      }
    }
    std::ranges::stable_sort(all, detail::better, &Candidate::log_probability);
    return all;
  }

  /// Adds a step's weights (R, S) to what each row has looked at -> each row's penalty.
  std::vector<double> cover(const DecoderStep& step) {
    if (options_.coverage == 0) return {};
    require(step.weights.defined(),
            "beam_search: coverage needs attention weights, but the steps give none");
    const Tensor weights = to(step.weights.value(), f64);
    covered_ = covered_.defined() ? covered_ + weights : weights;
    std::vector<double> penalties;
    for (size_t row = 0; row < sources_.size(); ++row) {
      const Tensor looked = narrow(covered_, 0, int64_t(row), 1);
      double sum = 0;
      const Tensor counted = contiguous(detail::counted_weights(decoder_, sources_[row], looked));
      for (int64_t j = 0; j < counted.numel(); ++j)
        sum += std::log(std::min(counted.data<double>()[j], 1.0));
      penalties.push_back(options_.coverage * sum);
    }
    return penalties;
  }

  Hypothesis hypothesis(const Path& path, double score, int64_t b) const {
    Hypothesis found{.ended = path.ended, .log_probability = path.log_probability, .score = score};
    std::vector<Tensor> rows;  // (1, S) each
    for (int64_t at = path.node; at >= 0; at = tree_[size_t(at)].parent) {
      const PathNode& node = tree_[size_t(at)];
      found.tokens.push_back(node.token);
      if (!weights_.empty()) rows.push_back(narrow(weights_[size_t(node.step)], 0, node.row, 1));
    }
    std::ranges::reverse(found.tokens);
    std::ranges::reverse(rows);
    if (weights_.empty()) return found;
    const Tensor all = rows.empty() ? narrow(weights_[0], 0, 0, 0) : cat(rows, 0);
    found.weights = clone(detail::counted_weights(decoder_, b, all));
    return found;
  }

  const Decoder& decoder_;
  const BeamOptions& options_;
  std::vector<PathNode> tree_;
  std::vector<Beam> beams_;          // of each sequence
  std::vector<int64_t> sources_;     // the sequence of each row of the batch
  std::vector<int64_t> remembered_;  // the sequence of each row of memory
  std::vector<Tensor> weights_;      // of each step, (R, S)
  Tensor covered_;                   // (R, S): the sum of the weights of each row's path
};

}  // namespace

std::vector<std::vector<Hypothesis>> beam_search(const Decoder& decoder,
                                                 const BeamOptions& options) {
  detail::check_decoder("beam_search", decoder);
  detail::check_prefix("beam_search", options.prefix, decoder.read.size(0));
  require(options.max_length >= 1, "beam_search: expected a max_length of at least 1, got ",
          options.max_length);
  require(options.beam_size >= 1 && options.n_best >= 1 && options.n_best <= options.beam_size,
          "beam_search: expected 1 <= n_best <= beam_size, got ", options.n_best, " and ",
          options.beam_size);
  require(options.alpha >= 0, "beam_search: expected an alpha of at least 0, got ", options.alpha);
  require(options.coverage >= 0, "beam_search: expected a coverage of at least 0, got ",
          options.coverage);
  require(options.patience >= 1, "beam_search: expected a patience of at least 1, got ",
          options.patience);
  const NoGrad no_grad;
  Search search(decoder, options);
  search.run();
  return search.results();
}

std::vector<std::vector<Hypothesis>> beam_search(const Seq2Seq& model, const Tensor& source,
                                                 const Tensor& given_lengths,
                                                 const BeamOptions& options) {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  detail::check_decode("beam_search", source, lengths, options.max_length);
  return beam_search(decoder_of(model, source, lengths, options.bos), options);
}

}  // namespace heed::models
