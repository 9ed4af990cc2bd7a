#include "heed/models/train/pair_loss.h"

#include "heed/models/data/buckets.h"
#include "heed/models/decode/teacher_forcing.h"
#include "heed/models/train/batch.h"
#include "heed/nn/loss.h"

namespace heed::models {

std::function<BatchLoss()> pair_loss(const Seq2Seq& model, std::span<const data::EncodedPair> pairs,
                                     const TrainingConfig& config, double teacher_forcing) {
  data::BucketOrder order(data::lengths(pairs), config.batch_size, uint64_t(config.seed));
  return [&model, pairs, order = std::move(order), teacher_forcing]() mutable -> BatchLoss {
    const Batch batch = make_batch(pairs, order.next());
    const Variable logits = forward_sampled(model, batch.source, batch.lengths, batch.target_in,
                                            {.ratio = teacher_forcing});  // (B, T, V)
    return {nn::cross_entropy(logits, batch.target_out, {.ignore_index = ignored_id}),
            batch.tokens};
  };
}

}  // namespace heed::models
