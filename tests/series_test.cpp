#include "heed/models/tasks/series.h"

#include <cmath>
#include <fstream>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/models/attention_forecaster.h"
#include "heed/models/lstm_forecaster.h"
#include "heed/models/tasks/run.h"
#include "heed/nn/loss.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

std::string write_file(const TempDir& folder, const std::string& text) {
  const std::string path = folder / "series.csv";
  std::ofstream(path) << text;
  return path;
}

/// Three columns: the time, a wave of period 8, and nonsense.
std::string waves(const TempDir& folder) {
  std::string text = "time,wave,nonsense\n";
  for (int t = 0; t < 400; ++t) {
    text += std::to_string(t) + "," + std::to_string(5 + std::sin(t * M_PI / 4)) + ",7\n";
  }
  return write_file(folder, text);
}

}  // namespace

TEST_CASE("a column of a CSV file is a series") {
  const TempDir folder;
  const auto read = [&](const std::string& text, const std::string& column = "") {
    return data::read_series(write_file(folder, text), column);
  };
  CHECK(read("1\n2.5\n-3e2\n").values == std::vector<double>{1, 2.5, -300});
  CHECK(read("a,b\n1,2\n\n3,4\n").values == std::vector<double>{2, 4});
  CHECK(read("a,b\n1,2\n3,4\n").name == "b");
  CHECK(read("a;b\r\n1;2\r\n3;4\r\n", "a").values == std::vector<double>{1, 3});
  CHECK(read("\"a\"\tb\n1\t2\n", "a").values == std::vector<double>{1});
  CHECK(read("1,2\n3,4\n", "1").values == std::vector<double>{1, 3});
  check_error([&] { read("a,b\n1,2\n", "c"); }, "series.csv:1: there is no column \"c\" among 2");
  check_error([&] { read("a,b\n1,2\n", "3"); }, "there is no column");
  check_error([&] { read("a\n1\nx\n"); }, "series.csv:3: expected a number in column 1, got \"x\"");
  check_error([&] { read("a,b\n1,2\n3\n"); }, "series.csv:3: expected a number in column 2");
  check_error([&] { read("a\n1\nnan\n"); }, "series.csv:3: expected a number");
  CHECK(read("a\n1\n2\n\n\n").values == std::vector<double>{1, 2});
  check_error([&] { read("a\n1\n\n\n2\n"); }, "series.csv:3: expected a number, got an empty line");
  check_error([&] { read("t,a\n1,1\n2,\n3,2\n"); },
              "series.csv:3: expected a number in column 2, got \"\"");
  check_error([&] { read("a\n"); }, "expected lines with numbers, got none");
  CHECK_THROWS_AS(data::read_series("/nowhere"), IoError);
}

TEST_CASE("made-up series repeat by their seed") {
  const auto series = data::made_up_series(500, 3);
  CHECK(series.values.size() == 500);
  CHECK(series.values == data::made_up_series(500, 3).values);
  CHECK(series.values != data::made_up_series(500, 4).values);
}

TEST_CASE("forecasts move and grow with the series") {
  manual_seed(2);
  const ForecastConfig series{.past = 6, .horizon = 3, .deviation = 2};
  const bool attends = GENERATE(false, true);
  std::unique_ptr<Forecaster> model;
  if (attends) {
    model = std::make_unique<AttentionForecaster>(
        AttentionForecasterConfig{.series = series, .width = 8, .heads = 2});
  } else {
    model = std::make_unique<LstmForecaster>(LstmForecasterConfig{.series = series, .hidden = 4});
  }
  const Tensor past = tensor({{1.0, 2.0, 1.5, 0.5, 3.0, 2.0}, {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}});
  nn::AttentionMaps maps;
  const Variable forecast = model->forward(past, &maps);
  CHECK(forecast.shape() == Shape{2, 3});
  CHECK(allclose(model->forward(add(past, 10)).value(), add(forecast.value(), 10), 1e-4));
  REQUIRE(maps.layers.size() == (attends ? 1 : 0));
  if (attends) CHECK(maps.layers[0].shape() == Shape{2, 2, 3, 6});
  check_error([&] { model->forward(zeros({2, 5})); }, "expected the past (B, 6)");
  CHECK(nn::unlisted_leaves(*model, nn::mse_loss(forecast, zeros({2, 3}))).empty());
}

TEST_CASE("a wave is predicted better than by its last value") {
  const TempDir folder;
  const std::string path = waves(folder);
  const std::string model = GENERATE("lstm_forecaster", "attention_forecaster");
  RunConfig config = default_run("series", model);
  const auto options = config.task->options();
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
           {"data", path}, {"column", "wave"}, {"past", "8"}, {"horizon", "4"}}) {
    set_field(options, name, value);
  }
  preset(config.recipe.model->fields(), {{"hidden", "16"}, {"width", "16"}});
  config.recipe.training = {.steps = 120, .batch_size = 16, .learning_rate = 1e-2, .warmup = 5};
  RunView view;
  const RunResult result = run(config, {.folder = folder / "run"}, view);
  const double naive = result.test.measures.find("naive_mae")->as_double();
  CHECK(naive > 0.8);
  CHECK(result.test.measures.find("mae")->as_double() < 0.2 * naive);
  CHECK(read_file(folder / "run/forecast.svg").starts_with("<svg"));

  const StoredModel loaded = load_model(result.paths[0]);
  const auto task = task_of(loaded, result.paths[0]);
  check_error([&] { task->check_options(); }, "series: --data FILE is missing");
  set_field(task->options(), "data", path);
  task->read({});
  CHECK(task->test(loaded).measures == result.test.measures);
  const std::vector<std::string> files = {path, "/nowhere"};
  const auto answers = task->answer(loaded, files, {.maps = true});
  CHECK(answers[0].facts.find("forecast")->elements().size() == 4);
  CHECK(answers[0].maps.empty() == (model == "lstm_forecaster"));
  CHECK(answers[1].error.find("/nowhere") != std::string::npos);
}

TEST_CASE("a small wave on a large number is measured and predicted like the wave alone") {
  manual_seed(6);
  const TempDir folder;
  std::string low, high;
  for (int t = 0; t < 300; ++t) {
    const int height = int(std::lround(64 * std::sin(t * M_PI / 4)));  // in 64ths: exact
    low += text(height / 64.0) + "\n";
    high += text(1e8 + height / 64.0) + "\n";
  }
  StoredModel stored;
  stored.model = std::make_unique<LstmForecaster>(
      LstmForecasterConfig{.series = {.past = 8, .horizon = 2, .deviation = 0.7}, .hidden = 4});
  const auto measure = [&](const std::string& values, double offset) {
    const RunConfig config = default_run("series");
    set_field(config.task->options(), "data", write_file(folder, values));
    config.task->read({});
    const Report report = config.task->test(stored);
    const std::vector<std::string> files = {folder / "series.csv"};
    const auto answer = config.task->answer(stored, files, {}).at(0);
    const double predicted = answer.facts.find("forecast")->elements()[1].as_double() - offset;
    return std::vector{report.measures.find("mae")->as_double(),
                       report.measures.find("naive_mae")->as_double(), predicted};
  };
  const auto near = measure(low, 0), far = measure(high, 1e8);
  for (size_t i = 0; i < near.size(); ++i) CHECK(far[i] == Approx(near[i]).epsilon(1e-6));
}

TEST_CASE("series that are too short or flat are refused") {
  const TempDir folder;
  const auto refused = [&](const std::string& text) {
    const RunConfig config = default_run("series");
    set_field(config.task->options(), "data", write_file(folder, text));
    config.task->read({});
    StoredModel stored;
    config.task->set_up(stored, config.recipe.model->fields());
  };
  std::string flat;
  for (int i = 0; i < 1000; ++i) flat += "3\n";
  check_error([&] { refused("1\n2\n3\n"); },
              "series.csv: expected more than 600 values, got 3: a tenth of them validates");
  check_error([&] { refused("1\n2\n3\n"); }, "smaller --past and --horizon need fewer");
  check_error([&] { refused(flat); }, "series.csv: all values are the same: 3");
  CHECK_THROWS_AS(refused(flat), FileError);
}

TEST_CASE("numbers beyond all bounds are written short, and batches too") {
  const auto recipe = default_run("series");
  recipe.task->read({});
  StoredModel stored;
  const DataFacts facts = recipe.task->set_up(stored, recipe.recipe.model->fields());
  CHECK(facts.examples.starts_with("4,000 values of a made-up series to learn"));
  stored.model = recipe.recipe.model->make();
  for (auto& parameter : stored.model->parameters()) parameter.value().fill_(1e9);
  const Report report = recipe.task->validate(stored, 0);
  for (const auto& sample : report.samples) {
    CHECK(sample.written.starts_with("forecast from row 4,488: "));
    CHECK(sample.written.find("\n    actual: ") != std::string::npos);
    CHECK(sample.written.size() < 300);
  }
  CHECK(report.words.size() < 80);
  check_error([&] { recipe.task->begin(stored, {.batch_size = int64_t{1} << 60}); },
              "batch_size 1,152,921,504,606,846,976: one batch takes at least");
}
