#include "heed/models/decode/beam.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace heed::models::detail {

Beam::Beam(const BeamOptions& options, std::vector<PathNode>& tree)
    : options_(options),
      tree_(tree),
      most_ended_(size_t(std::ceil(std::min(options.patience * double(options.beam_size), 1e9)))),
      live_{Path{}} {}

void Beam::advance(const std::vector<Candidate>& candidates, const std::vector<double>& coverage,
                   int64_t step) {
  std::vector<Path> live;
  for (const Candidate& next : candidates) {
    if (live.size() == size_t(options_.beam_size) || ended_.size() == most_ended_) break;
    Path path = extended(path_of(next), next, step);
    if (!coverage.empty()) path.coverage = coverage[size_t(next.row)];
    (path.ended ? ended_ : live).push_back(path);
  }
  live_ = std::move(live);
  if (settled()) live_.clear();
}

Path Beam::extended(Path path, const Candidate& next, int64_t step) {
  path.log_probability = next.log_probability;
  ++path.length;
  path.ended = next.token == options_.eos;
  if (!path.ended) {
    tree_.push_back({next.token, path.node, step, next.row});
    path.node = int64_t(tree_.size()) - 1;
  }
  return path;
}

/// Have enough ended, or can no live path enter the n best any more? Probabilities only fall, no
/// length is kinder than the largest, and the penalty for coverage is at best 0.
bool Beam::settled() const {
  if (ended_.size() == most_ended_) return true;
  if (ended_.size() < size_t(options_.n_best)) return false;
  std::vector<double> scores;
  for (const Path& path : ended_) scores.push_back(score(path));
  std::ranges::sort(scores, better);
  const double last = scores[size_t(options_.n_best) - 1];
  return std::ranges::none_of(live_, [&](const Path& path) {
    return better(path.log_probability / penalty(options_.max_length), last);
  });
}

std::vector<Path> Beam::best() const {
  std::vector<Path> paths = ended_;
  paths.insert(paths.end(), live_.begin(), live_.end());
  std::ranges::stable_sort(paths, [this](const Path& x, const Path& y) {
    return x.ended != y.ended ? x.ended : better(score(x), score(y));
  });
  if (paths.size() > size_t(options_.n_best)) paths.resize(size_t(options_.n_best));
  return paths;
}

/// Wu et al. 2016, eq. 14.
double Beam::penalty(int64_t length) const {
  return std::pow(double(5 + length) / 6, options_.alpha);
}
double Beam::score(const Path& path) const {
  return path.log_probability / penalty(path.length) + path.coverage;
}

}  // namespace heed::models::detail
