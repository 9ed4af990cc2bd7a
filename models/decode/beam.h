#pragma once
// internal

#include "heed/models/decode/beam_search.h"

namespace heed::models::detail {

/// One token of the tree of all beginnings.
struct PathNode {
  int64_t token;
  int64_t parent;  // -1: the first token
  int64_t step;    // which wrote it, from that row of its batch
  int64_t row;
};

/// A beginning of one sequence, or a whole one.
struct Path {
  int64_t node = -1;   // its last token but <eos>
  int64_t length = 0;  // with <eos>
  double log_probability = 0;
  double coverage = 0;  // the penalty for what its steps did not look at
  bool ended = false;
};

/// A path and one more token.
struct Candidate {
  double log_probability;
  int64_t row, token;
};

/// Best first. NaN counts as the largest, as in topk.
inline bool better(double a, double b) { return b == b && (a > b || a != a); }

/// The paths of one sequence.
class Beam {
 public:
  Beam(const BeamOptions& options, std::vector<PathNode>& tree);

  const std::vector<Path>& live() const { return live_; }
  const Path& path_of(const Candidate& next) const { return live_[size_t(next.row - first_row_)]; }

  /// The first row of the batch that is a live path of this beam; the others follow.
  void stand_at(int64_t first_row) { first_row_ = first_row; }

  /// Goes one token on with the candidates, best first; coverage holds the penalty of each row.
  void advance(const std::vector<Candidate>& candidates, const std::vector<double>& coverage,
               int64_t step);

  /// The n best paths, best first.
  std::vector<Path> best() const;
  double score(const Path& path) const;

 private:
  double penalty(int64_t length) const;
  Path extended(Path path, const Candidate& next, int64_t step);
  bool settled() const;

  const BeamOptions& options_;
  std::vector<PathNode>& tree_;  // of all beams
  size_t most_ended_;
  int64_t first_row_ = 0;
  std::vector<Path> live_, ended_;
};

}  // namespace heed::models::detail
