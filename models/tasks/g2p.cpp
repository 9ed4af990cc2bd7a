#include "heed/models/tasks/g2p.h"

#include "heed/models/data/cmudict.h"
#include "heed/models/show/text.h"

namespace heed::models {

std::vector<Field> G2p::options() {
  FieldVisitor visit;
  visit("data", chosen.data, {}, "the CMU dictionary; else it is found");
  auto fields = visit.take();
  for (auto& field : PairTask::options()) fields.push_back(std::move(field));
  return fields;
}

std::vector<Recipe> G2p::recipes() const {
  return pair_recipes(128, 256, 0.1,
                      {.steps = 6500,
                       .batch_size = 128,
                       .learning_rate = 2e-3,
                       .warmup = 200,
                       .clip = 1,
                       .validate_every = 500});
}

data::Split G2p::examples(const DataPlaces& places) const {
  const std::string path =
      chosen.data.empty() ? data::find_cmudict(places.dictionaries) : chosen.data;
  return data::split_file(path, data::read_cmudict(path), uint64_t(kept.split_seed));
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

std::string G2p::describe(const Json& measures) const {
  return "phoneme error rate (PER) " + show::fixed(measures.find("per")->as_double(), 2) +
         " %, word error rate (WER) " + show::fixed(measures.find("wer")->as_double(), 2) + " %";
}

}  // namespace heed::models
