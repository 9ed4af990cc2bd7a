#include "heed/models/tasks/dates.h"

#include <algorithm>
#include <iterator>

#include "heed/core/error.h"
#include "heed/models/data/dates.h"
#include "heed/models/show/text.h"

namespace heed::models {
namespace {

constexpr int64_t year_digits = 4;
constexpr int64_t train_count = 100'000, held_out_count = 2'000;

std::vector<data::DateExample> test_dates(int64_t seed) {
  return data::date_examples(held_out_count, uint64_t(seed), data::Part::test);
}

std::vector<data::Example> plain(std::vector<data::DateExample> dates) {
  std::vector<data::Example> examples;
  for (auto& date : dates) examples.push_back(std::move(date.example));
  return examples;
}

/// How many of the year's digits were written while looking mostly at the source's year.
int64_t digits_in_year(const Transcript& transcript, const data::DateExample& date) {
  const auto columns = int64_t(transcript.source.size());
  const auto rows = std::min(year_digits, int64_t(transcript.target.size()));
  int64_t count = 0;
  for (int64_t t = 0; t < rows; ++t) {
    const auto row = transcript.weights.begin() + t * columns;
    const int64_t largest = std::distance(row, std::max_element(row, row + columns));
    count += largest >= date.year_begin && largest < date.year_end;
  }
  return count;
}

}  // namespace

std::vector<Recipe> Dates::recipes() const {
  return pair_recipes(64, 128, 0,
                      {.steps = 600,
                       .batch_size = 64,
                       .learning_rate = 3e-3,
                       .warmup = 100,
                       .clip = 1,
                       .validate_every = 100});
}

data::Split Dates::examples(const DataPlaces&) const {
  const auto seed = uint64_t(kept.split_seed);
  const auto validation = data::Part::validation;
  return {.train = plain(data::date_examples(train_count, seed, data::Part::train)),
          .validation = plain(data::date_examples(held_out_count, seed, validation)),
          .test = plain(test_dates(kept.split_seed))};
}

void Dates::measure_more(const Examined& examined, Json& measures) const {
  if (!examined.test || examined.transcripts.front().weights.empty()) return;
  const auto dates = test_dates(kept.split_seed);
  require(examined.transcripts.size() == dates.size(), "dates: expected ", dates.size(),
          " transcripts, got ", examined.transcripts.size());
  int64_t count = 0;
  for (size_t i = 0; i < dates.size(); ++i) {
    count += digits_in_year(examined.transcripts[i], dates[i]);
  }
  measures.set("year_attention", 100.0 * double(count) / double(year_digits * dates.size()));
}

std::string Dates::remark(const Json& measures) const {
  const Json* share = measures.find("year_attention");
  if (!share) return {};
  return show::fixed(share->as_double(), 2) +
         " % of the year's digits were written looking at the year";
}

}  // namespace heed::models
