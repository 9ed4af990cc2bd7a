#include "heed/models/tasks/task.h"

#include <cmath>
#include <csignal>
#include <fstream>

#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/models/bahdanau.h"
#include "heed/models/data/dates.h"
#include "heed/models/fields.h"
#include "heed/models/tasks/pair_task.h"
#include "heed/models/tasks/run.h"
#include "heed/models/train/batch.h"
#include "heed/models/train/pair_loss.h"
#include "heed/models/train/signals.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;
using Words = std::vector<std::string>;
using Ids = std::vector<int64_t>;

namespace {

/// A task of pairs, to look at its parts.
std::unique_ptr<PairTask> pair_task(const std::string& name) {
  auto task = make_task(name);
  REQUIRE(dynamic_cast<PairTask*>(task.get()));
  return std::unique_ptr<PairTask>(static_cast<PairTask*>(task.release()));
}

Ids ids(const Tensor& tensor) {
  const auto* begin = tensor.data<int64_t>();
  return {begin, begin + tensor.numel()};
}

/// A file of pairs "abc" -> "cba".
std::string reversed_pairs(const TempDir& folder, int count) {
  const std::string path = folder / "pairs.tsv";
  std::ofstream file(path);
  Generator generator(3);
  for (int i = 0; i < count; ++i) {
    std::string word;
    const int64_t length = 2 + generator.integer(5);
    for (int64_t k = 0; k < length; ++k) word += char('a' + generator.integer(3));
    file << word << '\t' << std::string(word.rbegin(), word.rend()) << '\n';
  }
  return path;
}

RunConfig small_run(const std::string& data) {
  RunConfig config = default_run("pairs");
  set_field(config.task->options(), "data", data);
  set_field(config.recipe.model->fields(), "embedding", "8");
  set_field(config.recipe.model->fields(), "hidden", "16");
  config.recipe.training.steps = 30;
  config.recipe.training.batch_size = 8;
  config.recipe.training.warmup = 3;
  config.recipe.training.validate_every = 10;
  return config;
}

}  // namespace

TEST_CASE("pairs become a batch") {
  const std::vector<data::EncodedPair> pairs = {{.source = {5, 6, 7}, .target = {8}},
                                                {.source = {9}, .target = {4, 4}},
                                                {.source = {4}, .target = {}}};
  const Batch batch = make_batch(pairs, Ids{1, 0, 2});
  CHECK(batch.source.shape() == Shape{3, 3});
  CHECK(ids(batch.source) == Ids{9, 0, 0, 5, 6, 7, 4, 0, 0});
  CHECK(ids(batch.lengths) == Ids{1, 3, 1});
  CHECK(batch.target_in.shape() == Shape{3, 3});
  CHECK(ids(batch.target_in) == Ids{1, 4, 4, 1, 8, 0, 1, 0, 0});
  CHECK(ids(batch.target_out) == Ids{4, 4, 2, 8, 2, -100, 2, -100, -100});
  CHECK(batch.tokens == 6);
}

TEST_CASE("tasks are made by name") {
  for (const auto& type : tasks()) CHECK(make_task(type.name)->name() == type.name);
  check_error([] { make_task("datse"); }, "there is no task \"datse\"; there are dates, g2p");
}

TEST_CASE("g2p reads the dictionary and spells in lower case") {
  const auto g2p = pair_task("g2p");
  const TempDir folder;
  const std::string path = folder / "dictionary";
  std::ofstream file(path);
  for (int i = 0; i < 30; ++i) {
    const std::string word = "w" + std::string(size_t(i + 1), 'o');
    file << "(\"" << word << "\" nil (((w uw) 1)))\n";
  }
  file.close();
  g2p->chosen.data = path;
  const auto parts = g2p->examples({});
  CHECK(parts.train.size() == 28);
  CHECK(parts.test.size() == 1);
  CHECK(parts.train[0].targets == std::vector<Words>{{"w", "uw"}});
  CHECK(g2p->normalized("TensOr") == "tensor");
  CHECK(g2p->target_unit() == data::Unit::word);
  const auto rates = data::error_rates(std::vector<Words>{{"a", "b"}, {"c", "c"}},
                                       std::vector<std::vector<Words>>{{{"a", "b"}}, {{"c", "d"}}});
  CHECK(g2p->measures(rates).dump() == R"({"per":25.0,"wer":50.0})");
  CHECK(pair_task("pairs")->measures(rates).dump() ==
        R"({"exact_match":50.0,"token_error_rate":25.0})");
  g2p->chosen.data = "/nowhere";
  CHECK_THROWS_AS(g2p->examples({}), IoError);
}

TEST_CASE("the share of year digits written looking at the year") {
  const auto dates = pair_task("dates");
  const auto examples = data::date_examples(2000, 1, data::Part::test);
  std::vector<Transcript> transcripts;
  for (const auto& [example, begin, end, date] : examples) {
    Transcript transcript{.source = example.source, .target = example.targets[0]};
    const size_t columns = example.source.size();
    transcript.weights.assign(columns * transcript.target.size(), 0.1);
    for (int64_t t = 0; t < 4; ++t) {  // the last digit of the year looks just beside it
      const int64_t beside = begin > 0 ? begin - 1 : end;
      transcript.weights[size_t(t) * columns + size_t(t < 3 ? begin + t : beside)] = 0.5;
    }
    transcripts.push_back(std::move(transcript));
  }
  Json measures = Json::object();
  const StoredModel none;
  dates->measure_more({none, {}, transcripts, false}, measures);
  CHECK(measures.items().empty());  // in validation it is not measured
  dates->measure_more({none, {}, transcripts, true}, measures);
  CHECK(measures.dump() == R"({"year_attention":75.0})");
  CHECK(dates->remark(measures).starts_with("75.00 % of the year's digits"));
  transcripts.pop_back();
  check_error(
      [&] {
        dates->measure_more({none, {}, transcripts, true}, measures);
      },
      "expected 2000 transcripts");
}

TEST_CASE("dates never share a day between training and test") {
  const auto parts = pair_task("dates")->examples({});
  CHECK(parts.train.size() == 100'000);
  std::map<Words, int> days;
  for (const auto& example : parts.train) ++days[example.targets[0]];
  for (const auto& example : parts.test) CHECK(days.count(example.targets[0]) == 0);
}

TEST_CASE("a run trains, tests and leaves its folder") {
  const TempDir folder;
  const RunConfig config = small_run(reversed_pairs(folder, 400));
  struct View : RunView {
    std::vector<std::string> events;
    int64_t steps = 0, validations = 0;
    void step(const StepReport& report) override { steps = report.step; }
    void validated(int64_t, const Report& report) override {
      ++validations;
      CHECK(report.samples.size() == 3);
    }
    void event(const Json& json) override { events.push_back(json.dump()); }
  } view;
  const RunResult result = run(config, {.folder = folder / "run"}, view);
  CHECK(result.signal == 0);
  CHECK(view.steps == 30);
  CHECK(view.validations == 4);
  std::string lines;
  for (const auto& event : view.events) lines += event + "\n";
  CHECK(read_file(folder / "run/metrics.jsonl") == lines);
  const Json last = parse_json(view.events.back(), "metrics");
  CHECK(last.find("event")->as_string() == "result");
  CHECK(last.find("task")->as_string() == "pairs");
  CHECK(last.find("steps")->as_int() == 30);
  CHECK(*last.find("exact_match") == *result.test.measures.find("exact_match"));
  CHECK(last.find("model")->as_string() == (folder / "run/model.json").string());
  for (const auto& path : result.paths) CHECK_FALSE(read_file(path).empty());

  const StoredModel loaded = load_model(result.paths[0]);
  const auto again = task_of(loaded, result.paths[0]);
  set_field(again->options(), "data", (folder / "pairs.tsv").string());
  again->read({});
  CHECK(again->test(loaded).measures == result.test.measures);
}

TEST_CASE("long pairs are left out of training, and told") {
  const TempDir folder;
  const std::string path = reversed_pairs(folder, 400);
  std::ofstream(path, std::ios::app) << std::string(1500, 'a') << "\tb\n"
                                     << std::string(1600, 'a') << "\tb\n"
                                     << std::string(1700, 'a') << "\tb\n";
  const RunConfig config = small_run(path);
  config.task->read({});
  StoredModel stored;
  const auto notes = [&] {
    return config.task->set_up(stored, config.recipe.model->fields()).notes;
  };
  const auto usual = notes();
  REQUIRE(usual.size() == 3);
  CHECK(usual[0].ends_with("duplicate lines left out"));
  CHECK(
      usual[1].ends_with(" with more than 1,000 tokens on a side left out of training "
                         "(--longest)"));
  CHECK(usual[2].starts_with("only "));
  set_field(config.task->options(), "longest", "0");
  CHECK(notes().size() == 2);
  set_field(config.task->options(), "longest", "1");
  check_error(notes, "pairs: every pair to learn has more than 1 token on a side; --longest N");
}

TEST_CASE("a run's configuration comes back from run.json, and gives the same model") {
  const TempDir folder;
  RunConfig config = small_run(reversed_pairs(folder, 400));
  config.recipe.training.seed = 9;
  RunView view;
  run(config, {.folder = folder / "one", .max_steps = 3}, view);
  const Json echo = parse_json(read_file(folder / "one/run.json"), "run.json");
  const RunConfig again = read_run("pairs", JsonReader(echo, "run.json"));
  run(again, {.folder = folder / "two", .max_steps = 3}, view);
  CHECK(read_file(folder / "one/model.json") == read_file(folder / "two/model.json"));
  check_error([&] { read_run("dates", JsonReader(echo, "run.json")); }, "run of task \"pairs\"");
}

TEST_CASE("training stops when the loss is not a number, before anything changes") {
  const std::vector<data::EncodedPair> pairs = {{.source = {4}, .target = {4}}};
  Bahdanau model({.source_tokens = 5, .target_tokens = 5, .embedding = 2, .hidden = 2});
  model.output.bias->value().mutable_data<float>()[1] = NAN;
  const Tensor weight = model.output.weight.value();
  const float before = weight.data<float>()[0];
  const auto trained = [&](int64_t steps) {
    const TrainingConfig config{.steps = steps};
    train(model, pair_loss(model, pairs, config), config);
  };
  check_error([&] { trained(3); }, "training diverged at step 1: the loss is nan");
  CHECK_THROWS_AS(trained(3), DivergedError);
  CHECK(!model.training);
  CHECK(weight.data<float>()[0] == before);
  check_error([&] { trained(0); }, "training: steps: expected an integer");
}

TEST_CASE("a signal ends a run after its step, and the model is saved") {
  const TempDir folder;
  struct View : RunView {
    void step(const StepReport& report) override {
      if (report.step == 4) std::raise(SIGTERM);
    }
  } view;
  const RunConfig config = small_run(reversed_pairs(folder, 400));
  const RunResult result = run(config, {.folder = folder / "run"}, view);
  CHECK(result.signal == SIGTERM);
  CHECK(result.steps == 4);
  CHECK(load_model(result.paths[0]).tokenizer("source").size() == 7);
  const std::string lines = read_file(folder / "run/metrics.jsonl");
  CHECK(lines.find(R"("event":"interrupted","signal":15,"steps":4)") != lines.npos);
}

TEST_CASE("a signal ends decoding and measuring between two steps") {
  const TempDir folder;
  struct View : RunView {
    void started(const Task&, const DataFacts&, int64_t) override {
      if (early) std::raise(SIGTERM);
    }
    void step(const StepReport& report) override { last = report.step; }
    void validated(int64_t step, const Report& report) override {
      validations.push_back(step);
      if (step == 10) CHECK(std::isfinite(report.cost));
    }
    void event(const Json& event) override {
      if (last == 20 && event.find("event")->as_string() == "step") std::raise(SIGTERM);
    }
    bool early = false;
    int64_t last = 0;
    std::vector<int64_t> validations;
  } view;
  view.early = GENERATE(true, false);
  std::ofstream(folder / "model.json") << "an older one";
  std::ofstream(folder / "run.json") << "{}";
  const RunConfig config = small_run(reversed_pairs(folder, 400));
  const RunResult result = run(config, {.folder = folder.path()}, view);
  CHECK(result.signal == SIGTERM);
  CHECK(result.steps == (view.early ? 0 : 21));
  CHECK(view.validations == (view.early ? Ids{} : Ids{0, 10, 20}));
  CHECK(result.paths.empty() == view.early);
  CHECK((read_file(folder / "model.json") == "an older one") == view.early);
  CHECK((read_file(folder / "run.json") == "{}") == view.early);
  CHECK(std::filesystem::exists(folder / "metrics.jsonl") != view.early);
}

TEST_CASE("what cannot be learned leaves an earlier run as it is") {
  const TempDir folder;
  std::ofstream(folder / "short.txt") << "hello there";
  std::ofstream(folder / "run.json") << "an older one";
  std::ofstream(folder / "model.json") << "an older one";
  struct View : RunView {
    void replaces(const std::string&) override { told = true; }
    bool told = false;
  } view;
  for (const std::string data : {"short.txt", "missing.txt"}) {
    const RunConfig config = default_run("lm");
    set_field(config.task->options(), "data", (folder / data).string());
    CHECK_THROWS(run(config, {.folder = folder.path()}, view));
  }
  CHECK_FALSE(view.told);
  CHECK(read_file(folder / "run.json") == "an older one");
  CHECK(read_file(folder / "model.json") == "an older one");
}

TEST_CASE("the model is saved when a validation is the best so far, and nothing old stays") {
  const TempDir folder;
  for (const char* name : {"run.json", "model.json", "attention.svg", "mine.txt"}) {
    std::ofstream(folder / name) << "an older one";
  }
  struct View : RunView {
    void replaces(const std::string& path) override { told = path; }
    void step(const StepReport& report) override {
      const bool saved = std::filesystem::exists(folder + "/model.json");
      CHECK(saved == (report.step > 10));
      if (report.step == 11) throw std::runtime_error("killed");
    }
    std::string told, folder;
  } view;
  view.folder = folder.path().string();
  const RunConfig config = small_run(reversed_pairs(folder, 400));
  check_error([&] { run(config, {.folder = folder.path()}, view); }, "killed");
  CHECK(view.told == view.folder);
  CHECK(load_model(folder / "model.json").tokenizer("source").size() == 7);
  CHECK_FALSE(std::filesystem::exists(folder / "attention.svg"));
  CHECK(std::filesystem::exists(folder / "mine.txt"));
}

TEST_CASE("signals are watched only while a watch lives") {
  {
    const SignalWatch watch;
    CHECK(watch.caught() == 0);
    CHECK_NOTHROW(leave_if_signalled());
    std::raise(SIGINT);
    CHECK(watch.caught() == SIGINT);
    CHECK_THROWS_AS(leave_if_signalled(), Interrupted);
  }
  CHECK_NOTHROW(leave_if_signalled());
  CHECK(SignalWatch().caught() == 0);
}

TEST_CASE("transcripts come in the order of their sources, whatever the batch") {
  StoredModel model;
  const std::string letters = "ab";
  model.tokenizers["source"] = data::train_tokenizer(letters, {.specials = true});
  model.tokenizers["target"] = model.tokenizers["source"];
  manual_seed(2);
  model.model = std::make_unique<Bahdanau>(
      BahdanauConfig{.source_tokens = 6, .target_tokens = 6, .embedding = 4, .hidden = 8});
  model.model->eval();
  const std::vector<std::string> sources = {"aba", "b", "aa", "ba?"};
  const auto together = transcribe(model, sources, {.max_length = 5, .weights = true});
  const auto alone =
      transcribe(model, sources, {.max_length = 5, .batch_size = 1, .weights = true});
  for (size_t i = 0; i < sources.size(); ++i) {
    CHECK(together[i].target == alone[i].target);
    CHECK(together[i].weights.size() == sources[i].size() * together[i].target.size());
  }
  CHECK(together[0].source == Words{"a", "b", "a"});
  CHECK(together[3].source == Words{"b", "a", "<unk>"});
  check_error([&] { transcribe(model, std::vector<std::string>{""}); }, "source 0 has no tokens");
}

TEST_CASE("examples are chosen at equal distances") {
  std::vector<data::Example> examples;
  for (int i = 0; i < 10; ++i) examples.push_back({.source = {std::to_string(i)}, .targets = {}});
  const auto chosen = spread(examples, 3);
  REQUIRE(chosen.size() == 3);
  CHECK(chosen[1].source == Words{"3"});
  CHECK(spread(examples, 100).size() == 10);
  CHECK(spread({}, 3).empty());
}
