// How is a word pronounced that one has never seen? An LSTM with attention and a transformer learn
// the CMU pronouncing dictionary, letters to phones: 95,098 words, with 5,283 others for the test,
// as in `heed train g2p`. Each has about 4 million parameters and reads about a million words; the
// search through five beams comes at the end.
// Bahdanau, Cho & Bengio 2015; Vaswani et al. 2017, with the sizes of
// github.com/cmusphinx/g2p-seq2seq: 3 layers, width 256, 4 heads, 512 inside.
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

/// A model with its tokenizers, and how it learns.
struct Learner {
  const char* name;
  double learning_rate;
  models::StoredModel stored;
};

/// How many phones and words are wrong when the model writes on its own.
data::ErrorRates measure(const Learner& learner, std::span<const data::Example> words,
                         int64_t beam) {
  std::vector<std::string> letters;
  std::vector<std::vector<std::string>> written;
  std::vector<std::vector<std::vector<std::string>>> right;
  for (const data::Example& word : words) {
    letters.push_back(data::join(data::Unit::character, word.source));
    right.push_back(word.targets);
  }
  for (models::Transcript& spoken :
       models::transcribe(learner.stored, letters, {.max_length = 50, .beam = beam}))
    written.push_back(std::move(spoken.target));
  return data::error_rates(written, right);
}

/// Words of similar lengths together; a tenth of each target is shared out among all phones.
std::function<models::BatchLoss()> losses(const models::Seq2Seq& model,
                                          std::span<const data::EncodedPair> pairs, int64_t seed) {
  data::BucketOrder order(data::lengths(pairs), 128, uint64_t(seed));
  return [&model, pairs, order]() mutable -> models::BatchLoss {
    const models::Batch batch = models::make_batch(pairs, order.next());
    const Variable logits = model.forward(batch.source, batch.lengths, batch.target_in);
    return {nn::cross_entropy(logits, batch.target_out,
                              {.ignore_index = models::ignored_id, .label_smoothing = 0.1}),
            batch.tokens};
  };
}

/// Trains; returns the share of wrong words of the held-out ones, in per cent, by step.
show::Series train(Tutorial& t, Learner& learner, std::span<const data::EncodedPair> pairs,
                   std::span<const data::Example> held_out) {
  const auto& model = models::as<models::Seq2Seq>(*learner.stored.model);
  const models::TrainingConfig config{.steps = t.steps(8000),
                                      .learning_rate = learner.learning_rate,
                                      .warmup = 1000,
                                      .schedule = "warmup_cosine",
                                      .validate_every = 500};
  show::Series curve{.name = learner.name};
  const double start = t.minutes();
  const auto validate = [&](int64_t step) {
    const double wrong = measure(learner, held_out, 1).sequence_error_rate;
    curve.points.emplace_back(step, wrong);
    t.say(learner.name, " step ", step, ", ", fixed(t.minutes() - start, 1),
          " min: ", fixed(wrong, 1), " % of the words wrong");
  };
  const auto step = [&](const models::StepReport& at) {
    t.progress(at.step, config.steps, at.smoothed_loss);
  };
  models::train(*learner.stored.model, losses(model, pairs, t.seed()), config, {step, validate});
  return curve;
}

/// What remains wrong of the test, in per cent of the words.
double test(Tutorial& t, const Learner& learner, std::span<const data::Example> words) {
  const double greedy = measure(learner, words, 1).sequence_error_rate;
  const data::ErrorRates best = measure(learner, words, 5);
  t.say(learner.name, ", test: WER ", fixed(best.sequence_error_rate, 2), " %, PER ",
        fixed(best.token_error_rate, 2), " % with five beams, WER ", fixed(greedy, 2),
        " % with one");
  return best.sequence_error_rate;
}

}  // namespace

int main(int count, char** words) {
  return tutorial("g2p", count, words, [](Tutorial& t) {
    const data::Split parts = data::split(data::read_cmudict(t.file()), 1);
    const auto letters = source_vocabulary(parts.train), phones = target_vocabulary(parts.train);
    const auto pairs = data::encode(parts.train, letters, phones);
    t.say(parts.train.size(), " words to learn, ", parts.test.size(), " to test");
    const auto stored = [&](auto model) -> models::StoredModel {
      return {std::make_unique<decltype(model)>(std::move(model)),
              {{"source", std::make_shared<data::UnitTokenizer>(data::Unit::character, letters)},
               {"target", std::make_shared<data::UnitTokenizer>(data::Unit::word, phones)}}};
    };
    const int64_t source = letters.size(), target = phones.size();
    Learner learners[] = {
        {"LSTM with attention", 1.5e-3,
         stored(models::Bahdanau(
             {.source_tokens = source, .target_tokens = target, .hidden = 512, .dropout = 0.3}))},
        {"transformer", 1e-3,
         stored(models::Transformer(
             {.source_tokens = source, .target_tokens = target, .layers = 3, .hidden = 512}))}};
    show::LinePlot plot{.title = "Words pronounced wrong",
                        .x = {.name = "step"},
                        .y = {.name = "wrong of 2,000 held-out words, %"}};
    double best = 100;
    for (Learner& learner : learners) {
      plot.series.push_back(train(t, learner, pairs, std::span(parts.validation).first(2000)));
      best = std::min(best, test(t, learner, parts.test));
    }
    t.write("g2p.svg", show::svg(plot));
    t.result(best, best <= 30.2, "best WER " + fixed(best, 2) + " %");
  });
}
