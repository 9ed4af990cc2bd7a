#include "heed/models/model_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "heed/core/creation.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/core/memory.h"
#include "heed/models/bahdanau.h"
#include "heed/models/fields.h"
#include "heed/models/gpt.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

std::shared_ptr<const data::Tokenizer> characters(const std::string& text) {
  return data::train_tokenizer(text, {.specials = true});
}

StoredModel small_model(std::string cell = "lstm") {
  StoredModel made{.model = {},
                   .tokenizers = {{"source", characters("aé")}, {"target", characters("x")}}};
  manual_seed(7);
  made.model = std::make_unique<Bahdanau>(BahdanauConfig{
      .source_tokens = 6, .target_tokens = 5, .embedding = 3, .hidden = 4, .cell = cell});
  made.task.set("name", "pairs").set("longest", 12);
  return made;
}

template <class T>
bool same_numbers(const Tensor& a, const Tensor& b) {
  const T *x = a.data<T>(), *y = b.data<T>();
  return std::equal(x, x + a.numel(), y, y + b.numel(),
                    [](T p, T q) { return p == q && std::signbit(p) == std::signbit(q); });
}

void check_same(const StoredModel& a, const StoredModel& b) {
  const auto left = a.model->state_dict(), right = b.model->state_dict();
  REQUIRE(left.size() == right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    CHECK(left[i].first == right[i].first);
    REQUIRE(left[i].second.dtype() == right[i].second.dtype());
    CHECK(left[i].second.shape() == right[i].second.shape());
    CHECK(dispatch_floating(left[i].second.dtype(), "test", [&](auto t) {
      return same_numbers<decltype(t)>(left[i].second, right[i].second);
    }));
  }
  for (const char* name : {"source", "target"}) {
    CHECK(a.tokenizer(name).to_json() == b.tokenizer(name).to_json());
  }
  CHECK(a.task == b.task);
}

/// The file of a small model with one piece of its text replaced.
std::string spoiled(const TempDir& folder, std::string_view old_text, std::string_view new_text) {
  const std::string path = folder / "model.json";
  save_model(path, small_model());
  std::string text = read_file(path);
  const size_t place = text.find(old_text);
  REQUIRE(place != text.npos);
  text.replace(place, old_text.size(), new_text);
  write_file_atomic(path, text);
  return path;
}

void check_refused(std::string_view old_text, std::string_view new_text, std::string_view part) {
  const TempDir folder;
  const std::string path = spoiled(folder, old_text, new_text);
  check_error([&] { load_model(path); }, part);
  CHECK_THROWS_AS(load_model(path), FileError);
}

/// The checksum that a file whose weights were changed would have to have.
std::string checksum_asked_for(const std::string& path) {
  try {
    load_model(path);
  } catch (const FileError& error) {
    const std::string message = error.what(), words = "have the checksum \"";
    const size_t place = message.find(words);
    if (place != message.npos) return message.substr(place + words.size(), 16);
  }
  FAIL("no checksum was asked for");
  return {};
}

std::string with_checksum(std::string file, const std::string& sum) {
  const std::string words = "\"checksum\": \"";
  return file.replace(file.find(words) + words.size(), 16, sum);
}

}  // namespace

TEST_CASE("a model comes back from its file bit for bit") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  const auto numbers = GENERATE(Numbers::base64, Numbers::decimal);
  const std::string cell = GENERATE("lstm", "gru");
  const auto dtype = GENERATE(f32, f64);
  const StoredModel saved = small_model(cell);
  saved.model->to(dtype);
  save_model(path, saved, {.numbers = numbers});
  const StoredModel loaded = load_model(path);
  check_same(saved, loaded);
  CHECK(loaded.model->type() == "bahdanau");
  CHECK(loaded.model->config() == saved.model->config());
  CHECK_FALSE(loaded.model->training);
}

TEST_CASE("weights lie in a safetensors file beside the model when asked") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  const StoredModel saved = small_model();
  save_model(path, saved, {.safetensors = true});
  check_same(saved, load_model(path));
  CHECK(read_file(path).find("\"parameters\": \"model.safetensors\"") != std::string::npos);
  std::string text = read_file(path);
  const size_t place = text.find("model.safetensors");
  write_file_atomic(path, text.replace(place, 17, "../x.safetensors"));
  check_error([&] { load_model(path); }, "parameters: expected \"model.safetensors\"");
  save_model(path, saved, {.safetensors = true});
  std::filesystem::remove(folder / "model.safetensors");
  CHECK_THROWS_AS(load_model(path), IoError);
}

TEST_CASE("the checksum of weights is that of earlier versions, and loading draws no numbers") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  const StoredModel given = small_model();
  for (const auto& [name, value] : given.model->state_dict()) value.fill_(0.5);
  save_model(path, given, {.safetensors = true});
  CHECK(parse_json(read_file(path), path).find("checksum")->as_string() == "a90bbcd4907e2746");
  manual_seed(5);
  const uint64_t before = default_generator().offset();
  load_model(path);
  CHECK(default_generator().offset() == before);
  CHECK(default_generator().draws());
}

TEST_CASE("weights of another save are refused") {
  const TempDir folder, other;
  const std::string path = folder / "model.json";
  save_model(path, small_model(), {.safetensors = true});
  const StoredModel next = small_model();
  next.model->named_parameters()[0].variable.value().mutable_data<float>()[0] += 1;
  save_model(other / "model.json", next, {.safetensors = true});
  std::filesystem::copy_file(other / "model.safetensors", folder / "model.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  check_error([&] { load_model(path); }, "model.json: checksum: the numbers in ");
  check_error([&] { load_model(path); }, ": the two files were not saved together");
  CHECK_THROWS_AS(load_model(path), FileError);
  check_same(next, load_model(other / "model.json"));
}

TEST_CASE("numbers that are not finite are refused from either kind of file") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  const bool apart = GENERATE(false, true);
  const StoredModel model = small_model();
  const auto first = model.model->named_parameters()[0];
  first.variable.value().mutable_data<float>()[4] = 12345.678F;
  save_model(path, model, {.safetensors = apart});
  const std::string place = apart ? std::string(folder / "model.safetensors") : path;
  std::string bytes = read_file(place);
  if (apart) {
    const float before = 12345.678F, after = NAN;
    const std::string_view number(reinterpret_cast<const char*>(&before), 4);
    bytes.replace(bytes.find(number), 4, reinterpret_cast<const char*>(&after), 4);
  } else {
    const std::string data = "\"data\": \"";
    bytes.replace(bytes.find(data) + data.size() + 20, 8, "AAAAwH8A");  // bytes 16 to 19: NaN
  }
  write_file_atomic(place, bytes);
  if (apart) write_file_atomic(path, with_checksum(read_file(path), checksum_asked_for(path)));
  check_error([&] { load_model(path); }, first.name + ": nan at index (1, 1)");
}

TEST_CASE("a few words in a file do not take memory") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  GptConfig config{.tokens = 65, .layers = 1, .heads = 1, .width = 8};
  save_model(path, {.model = std::make_unique<Gpt>(config)});
  Json json = parse_json(read_file(path), path);
  const auto set = [&](const char* name, int64_t value) {
    Json model = *json.find("model"), sizes = *model.find("config");
    json.set("model", model.set("config", sizes.set(name, value)));
  };
  set("layers", 1024);
  set("width", 1024);
  write_file_atomic(path, json.dump());
  reset_peak_memory();
  const int64_t before = memory_statistics().live_bytes;
  check_error([&] { load_model(path); },
              "model.json: model.config: a model of these sizes has more numbers than the ");
  CHECK_THROWS_AS(load_model(path), FileError);
  CHECK(memory_statistics().peak_bytes - before < 100'000'000);
  CHECK(memory_statistics().live_bytes == before);
}

TEST_CASE("a file that was cut short is told from one that is wrong") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  save_model(path, small_model());
  const std::string text = read_file(path);
  write_file_atomic(path, std::string_view(text).substr(0, text.size() / 2));
  check_error([&] { load_model(path); }, "ends in the middle");
  CHECK_THROWS_AS(load_model(path), FileError);
  write_file_atomic(path, "");
  check_error([&] { load_model(path); }, "the file is empty");
}

TEST_CASE("extreme numbers survive both ways of writing") {
  const auto numbers = GENERATE(Numbers::base64, Numbers::decimal);
  using limits = std::numeric_limits<float>;
  const std::vector<float> values = {0.0f,
                                     -0.0f,
                                     0.1f,
                                     limits::max(),
                                     limits::min(),
                                     -1.0f / 3.0f,
                                     limits::lowest(),
                                     16777216.0f,
                                     limits::denorm_min()};
  const Tensor tensor = from_values(values, {int64_t(values.size())});
  const Json json = tensor_to_json(tensor, numbers);
  const Json parsed = parse_json(json.dump(), "x.json");
  CHECK(same_numbers<float>(tensor, tensor_from_json(JsonReader(parsed, "x.json"))));
}

TEST_CASE("tensors of every dtype and shape become JSON") {
  const auto numbers = GENERATE(Numbers::base64, Numbers::decimal);
  const auto back = [&](const Tensor& tensor) {
    const Json json = tensor_to_json(tensor, numbers);
    return tensor_from_json(JsonReader(json, "x"));
  };
  const std::vector<int64_t> integers = {-1, int64_t{1} << 62};
  const Tensor tensor = back(from_values(integers, {2, 1}));
  CHECK(tensor.dtype() == i64);
  CHECK(tensor.shape() == Shape{2, 1});
  CHECK(tensor[1].item<int64_t>() == int64_t{1} << 62);
  CHECK(back(zeros({2, 0, 3})).shape() == Shape{2, 0, 3});
  CHECK(back(full({}, 2.5)).item() == 2.5);
  CHECK(back(full({3}, 255, {.dtype = u8}))[2].item<int64_t>() == 255);
}

TEST_CASE("numbers that are not finite are not saved, and the parameters are named") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  save_model(path, small_model());
  const std::string before = read_file(path);
  const StoredModel model = small_model();
  const auto parameters = model.model->named_parameters();
  parameters[0].variable.value().mutable_data<float>()[4] = NAN;
  parameters[1].variable.value().mutable_data<float>()[0] = INFINITY;
  const auto save = [&] { save_model(path, model); };
  check_error(save, "parameter " + parameters[0].name + ": nan at index (1, 1)");
  check_error(save, "parameter " + parameters[1].name + ": inf at index (0, 0)");
  CHECK(read_file(path) == before);
}

TEST_CASE("files that are no models are refused") {
  check_refused("\"heed\"", "\"other\"", "model.json: format: expected \"heed\", got \"other\"");
  check_refused("\"version\": 1", "\"version\": 2", "version: this program reads version 1, got 2");
  check_refused("\"task\"", "\"tusk\"", "tusk");
  check_refused("\"bahdanau\"", "\"bahdana\"", "unknown type \"bahdana\"; there are bahdanau");
  check_refused("\"hidden\": 4", "\"hidden\": 5", "expected an even number of hidden units, got 5");
  check_refused("\"hidden\": 4", "\"hidden\": 6", "parameters: ");
  check_refused("\"hidden\": 4", "\"hidden\": \"4\"", "config.hidden: expected an integer");
  check_refused("\"hidden\": 4", "\"hiden\": 4", "unknown field \"hiden\"");
  check_refused("\"source_tokens\": 6", "\"source_tokens\": 600",
                "tokenizer has 6 tokens, got 600");
  check_refused("\"<pad>\"", "\"<bad>\"", "tokenizers.source");
  check_refused("\"f32\"", "\"f16\"", "f16");
  check_refused("\"f32\"", "\"f64\"", "base64 letters for");
  check_refused("\"shape\": [6, 3]", "\"shape\": [6, 3, 1000000000000, 100000000]", "shape");
  check_refused("\"shape\": [6, 3]", "\"shape\": [6, -3]", "shape");
  check_refused("\"shape\": [6, 3]", "\"shape\": [3, 6]", "parameters: ");
  check_refused("source_embedding.weight\"", "source_embedding.wait\"", "source_embedding.wait");
  check_refused("\"heed\"", "\"heed\",,", "model.json:");
}

TEST_CASE("everything wrong is in one message") {
  const TempDir folder;
  std::string path = spoiled(folder, "\"f32\"", "\"f16\"");
  std::string text = read_file(path);
  text.replace(text.find("\"x\""), 3, "\"\"");
  text.replace(text.find("\"hidden\": 4"), 11, "\"hidden\": 0");
  write_file_atomic(path, text);
  const auto load = [&] { load_model(path); };
  check_error(load, "3 problems:");
  check_error(load, "f16");
  check_error(load, "tokenizers.target");
  check_error(load, "hidden: expected an integer from 2 to 65536, got 0");
}

TEST_CASE("a file of nonsense numbers is refused") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  save_model(path, small_model(), {.numbers = Numbers::decimal});
  std::string text = read_file(path);
  const size_t begin = text.find("\"data\": [") + 9;
  text.replace(begin, text.find(',', begin) - begin, "1e39");  // infinite as a float
  write_file_atomic(path, text);
  check_error([&] { load_model(path); }, "inf at index (0, 0)");
  text.replace(begin, 4, "1, 2");
  write_file_atomic(path, text);
  check_error([&] { load_model(path); }, "expected 18 numbers, got 19");
}

TEST_CASE("a program's own types load") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  struct Mine : Bahdanau {
    using Bahdanau::Bahdanau;
    std::string type() const override { return "mine"; }
  };
  StoredModel saved = small_model();
  BahdanauConfig config{.source_tokens = 6, .target_tokens = 5, .embedding = 2, .hidden = 2};
  saved.model = std::make_unique<Mine>(config);
  save_model(path, saved);
  check_error([&] { load_model(path); }, "model: unknown type \"mine\"");
  auto table = types();
  table.push_back(model_type<Mine, BahdanauConfig>("mine", "a model of my own"));
  CHECK(load_model(path, table).model->type() == "mine");
}

TEST_CASE("a model that cannot be written is an IoError") {
  CHECK_THROWS_AS(save_model("/dev/full", small_model()), IoError);
  CHECK_THROWS_AS(load_model("/nowhere/model.json"), IoError);
}
