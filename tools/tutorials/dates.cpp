// A date as people write it, "Thursday, 3 May 1979", becomes 1979-05-03. An LSTM reads the
// characters in both directions, another writes the digits and, before each, looks back at all that
// was read. That "May" is 05, and that a weekday says nothing, is learned from pairs of texts
// alone. Bahdanau, Cho & Bengio 2015; the task is that of Ahmed 2017, "How to visualize your
// recurrent neural network with attention in Keras", github.com/datalogue/keras-attention.
#include <algorithm>

#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr std::string_view drawn = "Thursday, 3 May 1979", weekday = "Thursday";

/// Pairs of one part of all days from 1600 to 2199: no day of the test is learned in any format.
std::vector<data::Example> dates(int64_t count, data::Part part) {
  std::vector<data::Example> examples;
  for (data::DateExample& date : data::date_examples(count, 1, part))
    examples.push_back(std::move(date.example));
  return examples;
}

struct Translator {
  data::Vocabulary letters, digits;
  models::Bahdanau model{{.source_tokens = letters.size(),
                          .target_tokens = digits.size(),
                          .embedding = 64,
                          .hidden = 128,
                          .dropout = 0}};
};

/// The share of dates whose ten characters are all right.
double exact(Translator& translator, std::span<const data::EncodedPair> pairs) {
  translator.model.eval();
  int64_t right = 0;
  for (size_t begin = 0; begin < pairs.size(); begin += 250) {
    const auto some = pairs.subspan(begin, std::min<size_t>(250, pairs.size() - begin));
    std::vector<std::vector<int64_t>> sources;
    for (const data::EncodedPair& pair : some) sources.push_back(pair.source);
    const auto [source, lengths] = models::make_source_batch(sources);
    const auto written =
        models::greedy(translator.model, source, lengths, {.max_length = 12, .maps = false});
    for (size_t i = 0; i < some.size(); ++i) right += written[i].tokens == some[i].target;
  }
  translator.model.train();
  return double(right) / double(pairs.size());
}

/// Where the model looks when it reads `drawn`.
show::AttentionMap look(const Translator& translator) {
  const auto ids = translator.letters.ids(data::split(data::Unit::character, drawn));
  const Tensor source = from_values(ids, {1, int64_t(ids.size())});
  const auto written = models::greedy(translator.model, source, {}, {.max_length = 12})[0];
  std::string date;
  for (const std::string& digit : translator.digits.tokens(written.tokens)) date += digit;
  show::AttentionMap map = show::attention_map(drawn, date, written.weights);
  map.title = std::string(drawn) + " -> " + date;
  return map;
}

}  // namespace

int main(int count, char** words) {
  return tutorial("dates", count, words, [](Tutorial& t) {
    const auto learned = dates(100000, data::Part::train), fresh = dates(5000, data::Part::test);
    Translator translator{data::source_vocabulary(learned), data::target_vocabulary(learned)};
    const auto pairs = data::encode(learned, translator.letters, translator.digits);
    const auto test = data::encode(fresh, translator.letters, translator.digits);
    data::BucketOrder order(data::lengths(pairs), 64, uint64_t(t.seed()));
    optim::Adam adam(translator.model.named_parameters(), {.lr = 3e-3});
    const int64_t steps = t.steps(1500);
    for (int64_t step = 0; step < steps; ++step) {
      const models::Batch batch = models::make_batch(pairs, order.next());
      const Variable loss = models::sequence_loss(translator.model, batch);
      adam.zero_grad();
      loss.backward();
      optim::clip_grad_norm_(adam.parameters(), 1);
      adam.set_lr_factor(optim::linear_warmup(step, 100) * optim::cosine(step, steps));
      adam.step();
      t.progress(step + 1, steps, loss.item());
      if ((step + 1) % 300 == 0)
        t.say("step ", step + 1, ": ", fixed(100 * exact(translator, test), 2), " % exact");
    }
    const double right = exact(translator, test);
    translator.model.eval();
    const show::AttentionMap map = look(translator);
    double on_weekday = 0;
    for (size_t row = 0; row < map.target.size(); ++row)
      for (size_t column = 0; column < weekday.size(); ++column)
        on_weekday += map.at(row, column) / double(map.target.size());
    t.say(map.title);
    t.write("dates.svg", show::svg(map));
    t.result(right, right >= 0.99 && on_weekday < 0.1,
             fixed(100 * right, 2) + " % of 5,000 fresh dates exact; the weekday gets " +
                 fixed(100 * on_weekday, 1) + " % of the weights");
  });
}
