#include "heed/models/decode/unroll.h"

#include <algorithm>
#include <numeric>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/index.h"
#include "heed/core/shape.h"
#include "heed/models/train/signals.h"

namespace heed::models::detail {
namespace {

/// Sequences on their way.
class Unrolling {
 public:
  Unrolling(const Decoder& decoder, const UnrollOptions& options)
      : decoder_(decoder),
        options_(options),
        state_(decoder.state),
        tokens_(select(decoder.read, 1, -1)),
        read_(options.keeps_read ? decoder.read : Tensor()),
        rows_(size_t(decoder.read.size(0))),
        found_(rows_.size()),
        weights_(rows_.size()) {
    state_.maps = options.maps;
    std::iota(rows_.begin(), rows_.end(), 0);
  }

  bool done() const { return rows_.empty(); }

  void step(const Choose& choose, int64_t t) {
    DecoderStep step = decoder_.step(tokens_, state_);
    state_ = std::move(step.state);
    const Tensor& logits = step.logits.value();
    tokens_ = choose({logits, read_, rows_, t});
    const Tensor written = unsqueeze(tokens_, 1);  // (R, 1)
    if (options_.keeps_read) read_ = cat({read_, written}, 1);
    append(log_probabilities(gather(logits, 1, written), logits), step.weights);
    leave_out_ended();
  }

  std::vector<Hypothesis> results() {
    for (size_t b = 0; b < found_.size(); ++b) {
      found_[b].score = found_[b].log_probability;
      if (!weights_[b].empty())
        found_[b].weights = clone(counted_weights(decoder_, int64_t(b), cat(weights_[b], 0)));
    }
    return std::move(found_);
  }

 private:
  /// The tokens written, which had log_p (R, 1), to the sequences that have not ended.
  void append(const Tensor& log_p, const Variable& weights) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      Hypothesis& row = found_[size_t(rows_[i])];
      if (row.ended) continue;
      const int64_t token = tokens_.data<int64_t>()[i];
      row.log_probability += log_p.data<double>()[i];
      row.ended = std::ranges::find(options_.stop, token) != options_.stop.end();
      if (options_.maps && weights.defined())  // of no token, if it has ended
        weights_[size_t(rows_[i])].push_back(
            narrow(weights.value(), 0, int64_t(i), row.ended ? 0 : 1));
      if (row.ended) continue;
      row.tokens.push_back(token);
      if (options_.on_token) options_.on_token(rows_[i], token);
    }
  }

  void leave_out_ended() {
    std::vector<int64_t> open, places;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (found_[size_t(rows_[i])].ended) continue;
      open.push_back(rows_[i]);
      places.push_back(int64_t(i));
    }
    if (4 * open.size() > 3 * rows_.size()) return;
    rows_ = std::move(open);
    if (done()) return;
    const Tensor index = from_values(places, {int64_t(places.size())});
    state_ = reorder(state_, index);
    tokens_ = index_select(tokens_, 0, index);
    if (read_.defined()) read_ = index_select(read_, 0, index);
  }

  const Decoder& decoder_;
  const UnrollOptions& options_;
  DecoderState state_;
  Tensor tokens_, read_;       // (R), (R, T)
  std::vector<int64_t> rows_;  // the sequence of each row of the batch
  std::vector<Hypothesis> found_;
  std::vector<std::vector<Tensor>> weights_;  // of each sequence's tokens, (1, S)
};

}  // namespace

std::vector<Hypothesis> unroll(const char* op, const Decoder& decoder, const UnrollOptions& options,
                               const Choose& choose) {
  check_decoder(op, decoder);
  require(options.max_length >= 1, op, ": expected a max_length of at least 1, got ",
          options.max_length);
  const NoGrad no_grad;
  Unrolling sequences(decoder, options);
  for (int64_t t = 0; t < options.max_length && !sequences.done(); ++t) {
    leave_if_signalled();
    sequences.step(choose, t);
  }
  return sequences.results();
}

}  // namespace heed::models::detail
