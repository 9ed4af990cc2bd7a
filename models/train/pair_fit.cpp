#include "heed/models/train/pair_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "heed/autograd/recording.h"
#include "heed/core/elementwise.h"
#include "heed/core/error.h"
#include "heed/core/reduce.h"
#include "heed/models/train/batch.h"
#include "heed/models/train/signals.h"
#include "heed/nn/loss.h"

namespace heed::models {

double PairFit::perplexity() const { return std::exp(loss()); }

PairFit fit_of(const Seq2Seq& model, std::span<const data::EncodedPair> pairs, int64_t batch_size) {
  require(!pairs.empty(), "fit_of: expected at least one pair, got none");
  require(batch_size >= 1, "fit_of: expected a batch_size of at least 1, got ", batch_size);
  std::vector<int64_t> order(pairs.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](int64_t i) {
    return std::pair(pairs[size_t(i)].target.size(), pairs[size_t(i)].source.size());
  });
  const NoGrad no_grad;
  PairFit fit;
  for (size_t begin = 0; begin < order.size(); begin += size_t(batch_size)) {
    leave_if_signalled();
    const size_t size = std::min(size_t(batch_size), order.size() - begin);
    const Batch batch = make_batch(pairs, std::span(order).subspan(begin, size));
    const Variable logits = model.forward(batch.source, batch.lengths, batch.target_in);
    fit.nats += nn::cross_entropy(logits, batch.target_out,
                                  {.ignore_index = ignored_id, .reduction = nn::Reduction::sum})
                    .item();
    fit.tokens += batch.tokens;
    const Tensor best = argmax(logits.value(), 2);  // (B, T)
    fit.right += sum(eq(best, batch.target_out)).item<int64_t>();
  }
  return fit;
}

}  // namespace heed::models
