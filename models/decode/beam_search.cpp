#include "heed/models/decode/beam_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/shape.h"
#include "heed/core/sort.h"

namespace heed::models {
namespace {

/// One token of the tree of all beginnings.
struct Node {
  int64_t token;
  int64_t parent;  // -1: the first token
  int64_t step;    // which wrote it, from that row of its batch
  int64_t row;
};

/// A beginning of one sentence, or a whole one.
struct Path {
  int64_t node = -1;   // its last token but <eos>
  int64_t length = 0;  // with <eos>
  double log_probability = 0;
  bool ended = false;
};

/// A path and one more token.
struct Candidate {
  double log_probability;
  int64_t row, token;
};

/// Best first. NaN counts as the largest, as in topk.
bool better(double a, double b) { return b == b && (a > b || a != a); }

class Search {
 public:
  Search(const BeamOptions& options, const Tensor& lengths)
      : options_(options),
        lengths_(lengths),
        live_(size_t(lengths.numel()), {Path{}}),
        ended_(live_.size()) {
    for (size_t b = 0; b < live_.size(); ++b) sources_.push_back(int64_t(b));
  }

  void run(const Seq2Seq& model, const Tensor& source) {
    DecoderState state = model.encode(source, lengths_);
    Tensor tokens = full({source.size(0)}, options_.bos, {.dtype = i64});
    for (int64_t t = 0; t < options_.max_length && tokens.numel() > 0; ++t) {
      const DecoderStep step = model.step(tokens, state);
      if (options_.maps && step.weights.defined()) weights_.push_back(step.weights.value());
      const std::vector<int64_t> before = sources_;
      const auto [parents, written] = advance(detail::log_probabilities(step), t);
      state = before == sources_ ? reorder_within_sources(step.state, parents)
                                 : reorder(step.state, parents);
      tokens = written;
    }
  }

  std::vector<std::vector<Hypothesis>> results() const {
    std::vector<std::vector<Hypothesis>> all;
    for (size_t b = 0; b < live_.size(); ++b) {
      std::vector<Path> paths = ended_[b];
      paths.insert(paths.end(), live_[b].begin(), live_[b].end());
      std::ranges::stable_sort(paths, [this](const Path& x, const Path& y) {
        return x.ended != y.ended ? x.ended : better(score(x), score(y));
      });
      if (paths.size() > size_t(options_.n_best)) paths.resize(size_t(options_.n_best));
      all.emplace_back();
      for (const Path& path : paths) all.back().push_back(hypothesis(path, int64_t(b)));
    }
    return all;
  }

 private:
  struct Rows {
    Tensor parents, tokens;  // (R) i64: the row that each new row came from, and what it wrote
  };

  double penalty(int64_t length) const { return std::pow(double(5 + length) / 6, options_.alpha); }
  double score(const Path& path) const { return path.log_probability / penalty(path.length); }

  /// Every sentence's beam one token on, from log_p (R, V).
  Rows advance(const Tensor& log_p, int64_t step) {
    const SortResult top = topk(log_p, std::min(options_.beam_size, log_p.size(1)), 1);  // (R, k)
    std::vector<int64_t> parents, tokens;
    sources_.clear();
    int64_t row = 0;
    for (size_t b = 0; b < live_.size(); ++b) {
      const std::vector<Path> paths = std::exchange(live_[b], {});
      const std::vector<Candidate> best = candidates(b, paths, top, row);
      for (const Candidate& next : best) extend(b, paths[size_t(next.row - row)], next, step);
      row += int64_t(paths.size());
      if (settled(b)) live_[b].clear();
      for (const Path& path : live_[b]) {
        parents.push_back(nodes_[size_t(path.node)].row);
        tokens.push_back(nodes_[size_t(path.node)].token);
        sources_.push_back(int64_t(b));
      }
    }
    const Shape rows{int64_t(parents.size())};
    return {from_values(parents, rows), from_values(tokens, rows)};
  }

  /// The best continuations of a sentence's paths, as many as its beam has places.
  std::vector<Candidate> candidates(size_t b, const std::vector<Path>& paths, const SortResult& top,
                                    int64_t first_row) const {
    std::vector<Candidate> all;
    const int64_t width = top.values.size(1);
    for (size_t i = 0; i < paths.size(); ++i) {
      const int64_t row = first_row + int64_t(i);
      for (int64_t at = row * width; at < (row + 1) * width; ++at) {
        const double total = paths[i].log_probability + top.values.data<double>()[at];
        if (total != -INFINITY) all.push_back({total, row, top.indices.data<int64_t>()[at]});
      }
    }
    std::ranges::stable_sort(all, better, &Candidate::log_probability);
    const size_t places = size_t(options_.beam_size) - ended_[b].size();
    if (all.size() > places) all.resize(places);
    return all;
  }

  void extend(size_t b, Path path, const Candidate& next, int64_t step) {
    path.log_probability = next.log_probability;
    ++path.length;
    path.ended = next.token == options_.eos;
    if (!path.ended) {
      nodes_.push_back({next.token, path.node, step, next.row});
      path.node = int64_t(nodes_.size()) - 1;
    }
    (path.ended ? ended_ : live_)[b].push_back(path);
  }

  /// Can no live path enter the n best any more? Probabilities only fall, and no length is kinder
  /// than the largest.
  bool settled(size_t b) const {
    if (ended_[b].size() < size_t(options_.n_best)) return false;
    std::vector<double> scores;
    for (const Path& path : ended_[b]) scores.push_back(score(path));
    std::ranges::sort(scores, better);
    const double last = scores[size_t(options_.n_best) - 1];
    return std::ranges::none_of(live_[b], [&](const Path& path) {
      return better(path.log_probability / penalty(options_.max_length), last);
    });
  }

  Hypothesis hypothesis(const Path& path, int64_t b) const {
    Hypothesis found{
        .ended = path.ended, .log_probability = path.log_probability, .score = score(path)};
    std::vector<Tensor> rows;
    const int64_t length = lengths_[b].item<int64_t>();
    for (int64_t at = path.node; at >= 0; at = nodes_[size_t(at)].parent) {
      const Node& node = nodes_[size_t(at)];
      found.tokens.push_back(node.token);
      if (!weights_.empty())
        rows.push_back(narrow(weights_[size_t(node.step)][node.row], 0, 0, length));
    }
    std::ranges::reverse(found.tokens);
    std::ranges::reverse(rows);
    if (!weights_.empty())
      found.weights =
          rows.empty() ? empty({0, length}, {.dtype = weights_[0].dtype()}) : stack(rows, 0);
    return found;
  }

  const BeamOptions& options_;
  const Tensor& lengths_;
  std::vector<std::vector<Path>> live_, ended_;  // of each sentence
  std::vector<int64_t> sources_;                 // the sentence of each row of the batch
  std::vector<Node> nodes_;
  std::vector<Tensor> weights_;  // of each step, (R, S)
};

}  // namespace

std::vector<std::vector<Hypothesis>> beam_search(const Seq2Seq& model, const Tensor& source,
                                                 const Tensor& given_lengths,
                                                 const BeamOptions& options) {
  const Tensor lengths = lengths_or_full(given_lengths, source);
  detail::check_decode("beam_search", source, lengths, options.max_length);
  require(options.beam_size >= 1 && options.n_best >= 1 && options.n_best <= options.beam_size,
          "beam_search: expected 1 <= n_best <= beam_size, got ", options.n_best, " and ",
          options.beam_size);
  require(options.alpha >= 0, "beam_search: expected an alpha of at least 0, got ", options.alpha);
  const NoGrad no_grad;
  Search search(options, lengths);
  search.run(model, source);
  return search.results();
}

}  // namespace heed::models
