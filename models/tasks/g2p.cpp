#include "heed/models/tasks/g2p.h"

#include "heed/models/data/cmudict.h"
#include "heed/models/show/text.h"

namespace heed::models {

Recipe G2p::recipe() const {
  return {.model = {.embedding = 128, .hidden = 256, .cell = "lstm", .dropout = 0.1},
          .training = {.steps = 6500,
                       .batch_size = 128,
                       .learning_rate = 2e-3,
                       .warmup = 200,
                       .clip = 1,
                       .validate_every = 500}};
}

data::Split G2p::examples(const DataPlaces& places) const {
  const std::string path =
      places.path.empty() ? data::find_cmudict(places.dictionaries) : places.path;
  return data::split(data::read_cmudict(path), uint64_t(config().split_seed));
}

std::string G2p::normalized(std::string_view text) const {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  }
  return lower;
}

Json G2p::measures(const data::ErrorRates& rates) const {
  return Json::object().set("per", rates.token_error_rate).set("wer", rates.sequence_error_rate);
}

std::string G2p::describe(const data::ErrorRates& rates) const {
  return "phoneme error rate (PER) " + show::fixed(rates.token_error_rate, 2) +
         " %, word error rate (WER) " + show::fixed(rates.sequence_error_rate, 2) + " %";
}

}  // namespace heed::models
