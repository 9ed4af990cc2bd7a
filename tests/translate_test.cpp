#include "heed/models/tasks/translate.h"

#include <fstream>

#include "heed/core/generator.h"
#include "heed/models/tasks/run.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;
using Words = std::vector<std::string>;

namespace {

std::string write_lines(const TempDir& folder, const std::string& name, const Words& lines) {
  const std::string path = folder / name;
  std::ofstream file(path);
  for (const auto& line : lines) file << line << '\n';
  return path;
}

/// Phrases of an article, a colour and a thing, and the same with colour and thing swapped.
void write_phrases(const TempDir& folder) {
  const Words colours = {"red", "green", "blue", "black", "white", "grey", "brown", "pink"};
  const Words things = {"Cat", "Dog", "House", "Car", "Tree", "Bird", "Book", "Lamp"};
  Words source, target;
  for (const auto& colour : colours) {
    for (const auto& thing : things) {
      source.push_back("the " + colour + " " + thing);
      target.push_back("le " + thing + " " + colour);
    }
  }
  write_lines(folder, "source", source);
  write_lines(folder, "target", target);
}

void set(Task& task, std::string_view name, const std::string& value) {
  set_field(task.options(), name, value);
}

RunConfig small_run(const TempDir& folder, std::string_view model) {
  RunConfig config = default_run("translate", model);
  set(*config.task, "source", (folder / "source").string());
  set(*config.task, "target", (folder / "target").string());
  preset(config.recipe.model->fields(), {{"embedding", "16"},
                                         {"hidden", "32"},
                                         {"width", "16"},
                                         {"heads", "2"},
                                         {"layers", "1"},
                                         {"dropout", "0"}});
  config.recipe.training = {.steps = 60, .batch_size = 16, .learning_rate = 2e-2, .warmup = 5};
  return config;
}

}  // namespace

TEST_CASE("translate learns from two files with any Seq2Seq") {
  const TempDir folder;
  write_phrases(folder);
  const std::string model = GENERATE("bahdanau", "transformer");
  const RunConfig config = small_run(folder, model);
  RunView view;
  const RunResult result = run(config, {.folder = folder / "run"}, view);
  CHECK(result.test.measures.find("perplexity")->as_double() < 3);
  CHECK(result.test.measures.find("bleu")->as_double() >= 0);
  CHECK(result.test.measures.find("chrf")->as_double() > 0);
  CHECK_FALSE(result.test.maps.empty());
  const StoredModel loaded = load_model(result.paths[0]);
  CHECK(loaded.model->type() == model);
  const auto again = task_of(loaded, result.paths[0]);
  check_error([&] { again->check_options(); }, "--source FILE and --target FILE are missing");
  set(*again, "source", (folder / "source").string());
  set(*again, "target", (folder / "target").string());
  again->read({});
  CHECK(again->test(loaded).measures == result.test.measures);
  const std::vector<std::string> texts = {"the pink Lamp", "", "the unheard Lamp"};
  const auto answers = again->answer(loaded, texts, {});
  CHECK(answers[0].text.starts_with("le "));
  CHECK(answers[1].error.find("nothing to read") != std::string::npos);
  CHECK(answers[2].error.empty());
}

TEST_CASE("validation and test have files of their own, or a twentieth each") {
  const TempDir folder;
  write_phrases(folder);
  const auto config = small_run(folder, "");
  auto& task = dynamic_cast<PairTask&>(*config.task);
  CHECK(task.examples({}).validation.size() == 3);
  set(task, "valid_source", write_lines(folder, "vs", {"the red sky", "", "one more"}));
  check_error([&] { task.check_options(); }, "--valid-source and --valid-target");
  set(task, "valid_target", write_lines(folder, "vt", {"le sky red", "", "more one"}));
  const auto parts = task.examples({});
  CHECK(parts.validation.size() == 2);
  CHECK(parts.validation[1].source == Words{"one", "more"});
  CHECK(parts.test.size() == 3);
  CHECK(parts.train.size() == 61);
}

TEST_CASE("files that do not belong together are refused") {
  const TempDir folder;
  write_phrases(folder);
  const auto config = small_run(folder, "");
  auto& task = dynamic_cast<PairTask&>(*config.task);
  set(task, "target", write_lines(folder, "short", {"le Cat red"}));
  check_error([&] { task.examples({}); }, "expected 64 lines, as");
  CHECK_THROWS_AS(task.examples({}), FileError);
  set(task, "target", write_lines(folder, "bytes", Words(64, "\xff")));
  check_error([&] { task.examples({}); }, "line 1:");
  set(task, "target", "");
  check_error([&] { task.check_options(); }, "--source and --target name two files");
}

TEST_CASE("rare words are unknown, and long pairs left out of training") {
  const TempDir folder;
  write_phrases(folder);
  const auto config = small_run(folder, "");
  auto& task = dynamic_cast<PairTask&>(*config.task);
  StoredModel stored;
  task.read({});
  task.set_up(stored, config.recipe.model->fields());
  CHECK(stored.tokenizer("source").size() == 4 + 17);
  set(task, "min_count", "30");
  set(task, "longest", "2");
  check_error([&] { task.set_up(stored, config.recipe.model->fields()); },
              "translate: every pair to learn has more than 2 tokens on a side");
  set(task, "longest", "3");
  const DataFacts facts = task.set_up(stored, config.recipe.model->fields());
  CHECK(stored.tokenizer("source").size() == 4 + 1);  // only "the" is in every line
  CHECK(facts.examples.starts_with("58 examples to learn (58 pairs)"));
}
