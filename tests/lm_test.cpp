#include "heed/models/tasks/lm.h"

#include <cmath>
#include <fstream>
#include <numbers>
#include <set>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/generator.h"
#include "heed/models/char_rnn.h"
#include "heed/models/gpt.h"
#include "heed/models/tasks/run.h"
#include "heed/models/train/text_loss.h"
#include "heed/nn/loss.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

std::vector<int64_t> some_ids(int64_t count, int64_t tokens) {
  Generator random(4);
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back(random.integer(tokens));
  return ids;
}

/// A model that finds every token equally probable.
struct Even : CharRnn {
  Even() : CharRnn({.tokens = 5, .embedding = 2, .hidden = 2, .layers = 1}) {
    for (auto& parameter : parameters()) parameter.value().fill_(0);
  }
};

/// A text file in which every line is one of three.
std::string text_file(const TempDir& folder) {
  const std::string path = folder / "text.txt";
  std::ofstream file(path);
  Generator random(2);
  for (int i = 0; i < 400; ++i) {
    const int64_t line = random.integer(3);
    file << (line == 0 ? "ab ab ab\n" : line == 1 ? "cdé cdé\n" : "xyz\n");
  }
  return path;
}

RunConfig small_run(const std::string& data, std::string_view model) {
  RunConfig config = default_run("lm", model);
  set_field(config.task->options(), "data", data);
  set_field(config.task->options(), "length", "16");
  preset(config.recipe.model->fields(),
         {{"context", "16"}, {"layers", "1"}, {"width", "16"}, {"heads", "2"}, {"hidden", "24"}});
  config.recipe.training = {.steps = 60, .batch_size = 8, .learning_rate = 1e-2, .warmup = 5};
  return config;
}

}  // namespace

TEST_CASE("an even model needs log V nats a token, and every token but the first counts once") {
  const Even model;
  for (const int64_t length : {7, 8, 64, 100, 1000}) {
    const TextFit fit = fit_of(model, some_ids(65, 5), length);
    CHECK(fit.tokens == 64);
    CHECK(fit.loss() == Approx(std::log(5.0)));
    CHECK(fit.perplexity() == Approx(5.0));
  }
  CHECK(fit_of(model, some_ids(65, 5), 8, 3).tokens == 24);
  check_error([&] { fit_of(model, some_ids(1, 5), 8); }, "at least 2 tokens, got 1");
}

TEST_CASE("the fit of a text is the cross entropy of its windows") {
  manual_seed(3);
  Gpt model({.tokens = 5, .context = 8, .layers = 1, .heads = 2, .width = 8});
  model.eval();
  const auto ids = some_ids(17, 5);
  const NoGrad guard;
  const Tensor in = from_values(std::span(ids).first(16), {2, 8});
  const Tensor out = from_values(std::span(ids).last(16), {2, 8});
  const double loss = nn::cross_entropy(model.forward(in), out).item();
  CHECK(fit_of(model, ids, window_length(model, 99)).loss() == Approx(loss).epsilon(1e-6));
  CHECK(window_length(model, 99) == 8);
  CHECK(window_length(Even(), 99) == 99);
}

TEST_CASE("windows of the text are drawn by the seed, and none reaches beyond its end") {
  const Even model;
  const auto nine = some_ids(9, 5);
  const data::TokenView ids(nine);
  const TrainingConfig config{.batch_size = 4};
  auto next = text_loss(model, ids, 8, config);  // there is only one place
  CHECK(next().items == 32);
  check_error([&] { text_loss(model, ids, 9, config); }, "the text to learn from has 9 tokens");
}

TEST_CASE("a language model learns a text, and comes back from its file") {
  const TempDir folder;
  const std::string model = GENERATE("gpt", "char_rnn");
  const std::string data = text_file(folder);
  const RunConfig config = small_run(data, model);
  RunView view;
  const RunResult result = run(config, {.folder = folder / "run"}, view);
  const double loss = result.test.measures.find("loss")->as_double();
  CHECK(loss < 0.9);
  CHECK(result.test.measures.find("perplexity")->as_double() == Approx(std::exp(loss)));
  CHECK(result.test.measures.find("bits_per_character")->as_double() ==
        Approx(loss / std::numbers::ln2).epsilon(0.01));
  CHECK(result.test.part == "validation");
  CHECK(result.test.origin == "of the last tenth of " + data);
  CHECK(result.test.samples.empty());  // the last validation has just shown one

  const StoredModel loaded = load_model(result.paths[0]);
  CHECK(loaded.model->type() == model);
  const auto again = task_of(loaded, result.paths[0]);
  check_error([&] { again->check_options(); }, "lm: --data FILE is missing");
  set_field(again->options(), "data", data);
  again->read({});
  CHECK(again->test(loaded).measures == result.test.measures);
  const std::vector<std::string> texts = {"ab ab"};
  check_error([&] { again->answer(loaded, texts, {}); }, "heed generate");
  const int64_t tenth = again->test(loaded).count;
  set_field(again->options(), "whole", "true");
  again->read({});
  const Report whole = again->test(loaded);
  CHECK(whole.count > 9 * tenth);
  CHECK(whole.origin == "of " + data);
  check_error(
      [&] {
        const RunConfig generated = default_run("lm", model);
        set_field(generated.task->options(), "whole", "true");
        generated.task->read({});
      },
      "--whole measures all of a file, so it needs --data FILE");
  set_field(config.task->options(), "whole", "true");
  config.task->read({});
  StoredModel other;
  check_error([&] { config.task->set_up(other, config.recipe.model->fields()); },
              "--whole goes with heed evaluate");
  const auto maps = again->answer(loaded, texts, {.maps = true})[0].maps;
  CHECK(maps.size() ==
        (model == "gpt" ? 4 : 1));  // the last one is the sensitivity  // the mean, and two heads
  if (model == "gpt") CHECK(maps[0].at(1, 0) + maps[0].at(1, 1) == Approx(1));
}

TEST_CASE("texts that are too short are refused by name, with advice") {
  const TempDir folder;
  const std::string path = folder / "short.txt";
  const auto refused = [&](const std::string& text, std::string_view model, std::string_view why) {
    std::ofstream(path) << text;
    const RunConfig config = small_run(path, model);
    const auto begin = [&] {
      config.task->read({});
      StoredModel stored;
      config.task->set_up(stored, config.recipe.model->fields());
      stored.model = config.recipe.model->make();
      config.task->begin(stored, config.recipe.training);
    };
    check_error(begin, why);
    CHECK_THROWS_AS(begin(), FileError);
  };
  refused("", "gpt", "short.txt: the file is empty");
  refused("hello there", "gpt",
          "short.txt: the text to learn from has 9 tokens, and a window takes 16 and one more: a "
          "longer text is needed, or --set context=8");
  refused("hello there", "char_rnn", "a longer text is needed, or --length 8");
  std::ofstream(path) << "a b c d e f g h i j k l m n o p q zzzzzzzzzz";
  const RunConfig config = small_run(path, "gpt");
  set_field(config.task->options(), "tokens", "word");
  config.task->read({});
  StoredModel stored;
  config.task->set_up(stored, config.recipe.model->fields());
  stored.model = config.recipe.model->make();
  check_error([&] { config.task->begin(stored, config.recipe.training); },
              "short.txt: the last tenth, to validate, has 1 token: at least 2 are needed");
}

TEST_CASE("a batch that cannot fit the machine is refused before anything is read") {
  const TempDir folder;
  const RunConfig config = small_run(text_file(folder), "gpt");
  config.task->read({});
  StoredModel stored;
  config.task->set_up(stored, config.recipe.model->fields());
  stored.model = config.recipe.model->make();
  check_error([&] { config.task->begin(stored, {.batch_size = 1'000'000'000}); },
              "batch_size 1,000,000,000: one batch takes at least 1");
  CHECK_THROWS_AS(config.task->begin(stored, {.batch_size = 1'000'000'000}), MemoryError);
}

TEST_CASE("words unknown to the training part are read as unknown") {
  const TempDir folder;
  const std::string path = folder / "words.txt";
  std::ofstream file(path);
  for (int i = 0; i < 100; ++i) file << "one two three ";
  file << "four five";
  file.close();
  RunConfig config = small_run(path, "char_rnn");
  set_field(config.task->options(), "tokens", "word");
  config.task->read({});
  StoredModel stored;
  config.task->set_up(stored, config.recipe.model->fields());
  CHECK(stored.tokenizer("text").size() == 4 + 3);
}

TEST_CASE("without a file the text is generated") {
  const auto task = make_task("lm");
  task->read({});
  StoredModel stored;
  const auto recipe = default_run("lm");
  const DataFacts facts = task->set_up(stored, recipe.recipe.model->fields());
  CHECK(stored.tokenizer("text").find(".").has_value());
  CHECK(facts.items == "tokens");
  CHECK(stored.tokenizer("text").size() > 26);
}
