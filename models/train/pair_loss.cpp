#include "heed/models/train/pair_loss.h"

#include "heed/autograd/elementwise.h"
#include "heed/models/data/buckets.h"
#include "heed/models/decode/teacher_forcing.h"
#include "heed/nn/loss.h"
#include "heed/nn/reinforce.h"

namespace heed::models {

Variable sequence_loss(const Seq2Seq& model, const Batch& batch, double teacher_forcing) {
  nn::AttentionMaps maps;
  const Variable logits = forward_sampled(
      model, batch.source, batch.lengths, batch.target_in,
      {.ratio = teacher_forcing, .maps = model.draws() ? &maps : nullptr});  // (B, T, V)
  const Variable loss = nn::cross_entropy(logits, batch.target_out, {.ignore_index = ignored_id});
  if (!model.draws()) return loss;
  const Tensor costs =
      nn::cross_entropy(logits.detach(), batch.target_out,
                        {.ignore_index = ignored_id, .reduction = nn::Reduction::none})
          .value();  // (B, T)
  return loss + nn::reinforce_loss(maps.log_p[0], costs, ne(batch.target_out, ignored_id));
}

std::function<BatchLoss()> pair_loss(const Seq2Seq& model, std::span<const data::EncodedPair> pairs,
                                     const TrainingConfig& config, double teacher_forcing) {
  data::BucketOrder order(data::lengths(pairs),
                          {.examples = config.batch_size, .tokens = config.batch_tokens},
                          uint64_t(config.seed));
  return [&model, pairs, order = std::move(order), teacher_forcing]() mutable -> BatchLoss {
    const Batch batch = make_batch(pairs, order.next());
    return {sequence_loss(model, batch, teacher_forcing), batch.tokens};
  };
}

}  // namespace heed::models
