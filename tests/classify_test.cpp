#include "heed/models/tasks/classify.h"

#include <fstream>

#include "heed/core/generator.h"
#include "heed/models/tasks/run.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

/// Texts that are warm when "sun" is in them and cold when "ice" is.
std::string weather(const TempDir& folder, int count) {
  const std::string path = folder / "weather.tsv";
  std::ofstream file(path);
  Generator random(5);
  for (int i = 0; i < count; ++i) {
    const bool warm = random.integer(2) == 0;
    file << (warm ? "warm" : "cold") << '\t';
    const int64_t place = random.integer(4);
    for (int64_t k = 0; k < 4; ++k) {
      file << (k == place ? (warm ? "sun " : "ice ")
                          : "word" + std::to_string(random.integer(9)) + " ");
    }
    file << i << '\n';  // so that no text stands twice
  }
  return path;
}

void write_bytes(const std::string& path, const std::vector<int>& sizes,
                 const std::vector<unsigned char>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << '\0' << '\0' << '\x08' << char(sizes.size());
  for (const int size : sizes) file << '\0' << '\0' << char(size / 256) << char(size % 256);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}

/// Images of 4 x 4: light above (class 0), below (1) or on the left (2), and the names of these.
std::string images(const TempDir& folder) {
  Generator random(6);
  for (const std::string part : {"train", "t10k"}) {
    const int count = part == "train" ? 200 : 40;
    std::vector<unsigned char> pixels, labels;
    for (int i = 0; i < count; ++i) {
      const int label = int(random.integer(3));
      labels.push_back(static_cast<unsigned char>(label));
      for (int p = 0; p < 16; ++p) {
        const bool light = label == 0 ? p < 8 : label == 1 ? p >= 8 : p % 4 < 2;
        pixels.push_back(static_cast<unsigned char>((light ? 155 : 0) + random.integer(100)));
      }
    }
    write_bytes(folder / (part + "-images-idx3-ubyte"), {count, 4, 4}, pixels);
    write_bytes(folder / (part + "-labels-idx1-ubyte"), {count}, labels);
  }
  std::ofstream(folder / "names") << "above\nbelow\nleft\n";
  return folder.path().string();
}

RunConfig small_run(const std::string& data, std::string_view model = "") {
  auto task = make_task("classify");
  set_field(task->options(), "data", data);
  RunConfig config = default_run(std::move(task), model);
  preset(config.recipe.model->fields(), {{"embedding", "8"},
                                         {"hidden", "16"},
                                         {"patch", "2"},
                                         {"heads", "2"},
                                         {"layers", "1"},
                                         {"feedforward", "16"},
                                         {"dropout", "0"}});
  config.recipe.training = {.steps = 60, .batch_size = 16, .learning_rate = 1e-2, .warmup = 5};
  return config;
}

double accuracy(const Report& report) { return report.measures.find("accuracy")->as_double(); }

}  // namespace

TEST_CASE("classify learns labelled texts, and shows what it looked at") {
  const TempDir folder;
  const std::string data = weather(folder, 600);
  RunView view;
  const RunResult result = run(small_run(data), {.folder = folder / "run"}, view);
  CHECK(accuracy(result.test) > 95);
  CHECK(result.test.count == 30);
  CHECK(result.test.maps.size() == result.test.samples.size());
  const StoredModel loaded = load_model(result.paths[0]);
  const auto again = task_of(loaded, result.paths[0]);
  check_error([&] { again->check_options(); }, "--data is missing: the text");
  set_field(again->options(), "data", data);
  again->read({});
  CHECK(again->test(loaded).measures == result.test.measures);
  const std::vector<std::string> texts = {"much sun today", ""};
  const auto answers = again->answer(loaded, texts, {.maps = true});
  CHECK(answers[0].text == "warm");
  REQUIRE(answers[0].maps.size() == 1);
  CHECK(answers[0].maps[0].at(0, 1) > 0.4);  // of "sun"
  CHECK(answers[1].error.find("nothing to read") != std::string::npos);
}

TEST_CASE("classify learns images with each of their models") {
  const TempDir folder;
  const std::string data = images(folder);
  const std::string model = GENERATE("vit", "row_lstm");
  RunConfig config = small_run(data, model);
  config.recipe.training.steps = 150;
  set_field(config.task->options(), "names", (folder / "names").string());
  if (model == "vit") set_field(config.task->options(), "shift", "1");
  RunView view;
  const RunResult result = run(config, {.folder = folder / "run"}, view);
  CHECK(accuracy(result.test) > 90);
  CHECK(result.test.count == 40);
  const StoredModel loaded = load_model(result.paths[0]);
  const auto task = task_of(loaded, result.paths[0]);
  const std::string file = data + "/t10k-images-idx3-ubyte";
  const std::vector<std::string> names = {file + ":2", file + ":40", file, file + ":x"};
  const auto answers = task->answer(loaded, names, {.maps = true});
  CHECK((answers[0].text == "above" || answers[0].text == "below" || answers[0].text == "left"));
  CHECK(answers[0].maps.size() == (model == "vit" ? 3 : 0));  // the mean of two heads, and each
  for (const auto& map : answers[0].maps) CHECK(map.weights.size() == 4);  // patches
  for (size_t i = 1; i < 4; ++i) CHECK_FALSE(answers[i].error.empty());
}

TEST_CASE("the kind of data decides which models there are") {
  const TempDir folder;
  CHECK(default_run("classify").recipe.type == "text_classifier");
  CHECK(small_run(images(folder)).recipe.type == "vit");
  const std::string file = weather(folder, 10);
  check_error([&] { small_run(file, "vit"); }, "the model vit reads images, and the data are none");
}

TEST_CASE("classify tells of duplicates and small parts, and learns every class") {
  const TempDir folder;
  const std::string path = folder / "few.tsv";
  {
    std::ofstream file(path);
    for (int i = 0; i < 100; ++i) {
      file << (i % 2 ? "warm\tsun " : "cold\tice ") << i << '\n';
      file << "warm\tsun 1\n";
    }
    for (int i = 0; i < 10; ++i) file << "rare" << i << "\tonly here " << i << '\n';
  }
  const RunConfig config = small_run(path);
  bool moved = false;
  for (int seed = 1; seed < 9; ++seed) {
    set_field(config.task->settings(), "split_seed", std::to_string(seed));
    config.task->read({});
    StoredModel stored;
    DataFacts facts;
    try {
      facts = config.task->set_up(stored, config.recipe.model->fields());
    } catch (const std::exception& error) {
      FAIL(error.what());
    }
    CHECK(stored.tokenizer("labels").size() == 12);
    REQUIRE(facts.notes.size() >= 2);
    CHECK(facts.notes[0] == "100 duplicate lines left out");
    CHECK(facts.notes.back().ends_with("to test: numbers of so few say little"));
    moved |= facts.notes.size() == 3;
  }
  CHECK(moved);
  std::ofstream(folder / "test.tsv") << "warm\tsun\nhot\tfire\n";
  set_field(config.task->options(), "test_data", (folder / "test.tsv").string());
  config.task->read({});
  StoredModel stored;
  check_error([&] { config.task->set_up(stored, config.recipe.model->fields()); },
              "test.tsv:2: the model knows no class \"hot\"");
}

TEST_CASE("classify names the file that has too few lines or classes") {
  const TempDir folder;
  const std::string path = folder / "few.tsv";
  const auto refused = [&](const std::string& text, std::string_view message) {
    std::ofstream(path) << text;
    const RunConfig config = small_run(path);
    const auto set_up = [&] {
      config.task->read({});
      StoredModel stored;
      config.task->set_up(stored, config.recipe.model->fields());
    };
    check_error(set_up, message);
    CHECK_THROWS_AS(set_up(), FileError);
  };
  refused("a\tone\nb\ttwo\n", "few.tsv: expected at least 3 different sources");
  refused("a\tone\na\ttwo\na\tthree\n", "few.tsv: expected at least 2 classes, got 1");
  refused("a\tone\nb\ttwo\nc\tthree\n",
          "few.tsv: expected more lines of each class: none is left to validate");
}

TEST_CASE("classify refuses lines and options that make no sense") {
  const TempDir folder;
  const std::string path = folder / "bad.tsv";
  for (const std::string line : {"no tab", "\ttext", "label\t", "a\tb\xff"}) {
    std::ofstream(path) << "warm\tsun\n" << line << '\n';
    check_error([&] { read_labelled_lines(path); }, "bad.tsv:2: expected label<TAB>text");
  }
  const auto task = make_task("classify");
  set_field(task->options(), "test_data", path);
  check_error([&] { task->check_options(); }, "--test-data goes with --data");
  const auto other = make_task("classify");
  set_field(other->options(), "names", path);
  check_error([&] { other->check_options(); }, "--names goes with images");
  const auto texts = data::train_tokenizer("sun", {.kind = "word", .specials = true});
  const std::vector<data::Example> examples = {{.source = {"sun"}, .targets = {{"hot"}}}};
  check_error([&] { encoded(examples, *texts, *texts); }, "the model knows no class \"hot\"");
}
