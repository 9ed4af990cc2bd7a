#include "heed/models/model_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>

#include "heed/core/convert.h"
#include "heed/core/error.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/core/io/safetensors.h"
#include "heed/core/memory.h"

namespace heed::models {
namespace {

constexpr std::string_view format = "heed";
constexpr int64_t version = 1;

/// Gathers what is wrong, so that one message tells it all.
class Problems {
 public:
  /// Runs a step; what it finds wrong in the file is kept for later.
  template <class F>
  void collect(const F& step) {
    try {
      step();
    } catch (const FileError& error) {
      add(error.what());
    }
  }
  void add(std::string problem) { problems_.push_back(std::move(problem)); }
  bool empty() const { return problems_.empty(); }

  std::string message() const {
    if (problems_.size() == 1) return problems_[0];
    std::string message = text(problems_.size()) + " problems:";
    for (const auto& problem : problems_) message += "\n  " + problem;
    return message;
  }

 private:
  std::vector<std::string> problems_;
};

/// A file that was cut short gets a word of advice in place of a parser's.
void check_whole(std::string_view text, const std::string& path) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (last == text.npos) fail<FileError>(path, ": the file is empty");
  if (text[first] != '{' || text[last] == '}') return;
  fail<FileError>(path, ": the file ends in the middle, after ", text.size(),
                  " bytes: it was cut short on its way here; copy it again, or train again");
}

/// The JSON of a file, and how many bytes it has.
std::pair<Json, int64_t> read_json(const std::string& path) {
  constexpr size_t most_numbers = size_t{1} << 28;
  const std::string text = read_file(path);
  check_whole(text, path);
  return {parse_json(text, path, most_numbers), int64_t(text.size())};
}

void check_format(const JsonReader& file) {
  const auto name = file.at("format"), number = file.at("version");
  if (name.as_string() != format) {
    fail<FileError>(name.path(), ": expected \"", format, "\", got ", name.json());
  }
  if (number.as_int() != version) {
    fail<FileError>(number.path(), ": this program reads version ", version, ", got ",
                    number.json());
  }
}

/// Reads the tokenizers, and compares their sizes with those that the configuration names:
/// "source_tokens" for "source", "tokens" for "text".
void read_tokenizers(const JsonReader& file, StoredModel& loaded, Problems& problems) {
  const auto config = file.at("model").at("config");
  for (const auto& [name, json] : file.at("tokenizers").items()) {
    problems.collect([&, &name = name, &json = json] {
      loaded.tokenizers[name] = data::read_tokenizer(json);
      const auto size = config.find(name == "text" ? "tokens" : name + "_tokens");
      const int64_t expected = loaded.tokenizers[name]->size();
      if (!size || size->as_int() == expected) return;
      fail<FileError>(size->path(), ": the tokenizer has ", expected, " tokens, got ",
                      size->json());
    });
  }
}

/// The model of a configuration, which a stranger may have written: it gets no more memory than
/// files of `bytes` give reason for.
std::unique_ptr<Model> make_model(const JsonReader& json, const std::vector<ModelType>& table,
                                  int64_t bytes) {
  json.allow_only({"type", "config"});
  const auto type = json.at("type"), config = json.at("config");
  // The parameters, and what their first numbers are made from; tables that no file holds.
  const MemoryAllowance allowance(4 * bytes + (int64_t{64} << 20));
  const NoDraws zeros;  // the file has the numbers
  try {
    const auto settings = find_type(table, type.as_string()).settings();
    read_fields(settings->fields(), config, Absent::refused);
    return settings->make();
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    if (allowance.exceeded()) {
      fail<FileError>(config.path(), ": a model of these sizes has more numbers than the ", bytes,
                      " bytes of its files can hold (", error.what(), ")");
    }
    fail<FileError>(json.path(), ": ", error.what());
  }
}

Dims index_of(int64_t place, const Shape& shape) {
  Dims index = shape;
  for (int d = shape.size() - 1; d >= 0; --d) {
    index[d] = place % shape[d];
    place /= shape[d];
  }
  return index;
}

/// "nan at index (0, 2)": the first number that is NaN or infinite, rows one after the other; empty
/// where all are finite.
std::string not_finite(const Tensor& tensor) {
  if (!is_floating(tensor.dtype())) return {};
  const Tensor rows = contiguous(tensor);
  return dispatch_floating(rows.dtype(), "model file", [&](auto t) -> std::string {
    const auto* values = rows.data<decltype(t)>();
    for (int64_t i = 0; i < rows.numel(); ++i) {
      if (std::isfinite(values[i])) continue;
      return text(double(values[i])) + " at index " + text(index_of(i, rows.shape()));
    }
    return {};
  });
}

/// Adds bytes to a 64-bit hash as FNV-1a does, eight at a time; the last ones with zeros behind.
uint64_t hashed(uint64_t hash, std::string_view bytes) {
  const auto add = [&hash](uint64_t word) {
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 32;
  };
  uint64_t word = 0;
  for (; bytes.size() >= sizeof word; bytes.remove_prefix(sizeof word)) {
    std::memcpy(&word, bytes.data(), sizeof word);
    add(word);
  }
  if (bytes.empty()) return hash;
  word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  add(word);
  return hash;
}

/// 16 letters that differ for states whose names, shapes, dtypes or numbers do; the order of the
/// entries does not count.
std::string checksum(const nn::StateDict& state) {
  uint64_t sum = 0;
  for (const auto& [name, tensor] : state) {
    const Tensor rows = contiguous(tensor);
    const std::string head = name + " " + text(rows.dtype()) + " " + text(rows.shape());
    sum += hashed(hashed(0xcbf29ce484222325, head), {static_cast<const char*>(rows.raw_data()),
                                                     size_t(rows.numel() * size_of(rows.dtype()))});
  }
  std::string letters(16, '0');
  for (size_t i = 16; i-- > 0; sum /= 16) letters[i] = "0123456789abcdef"[sum % 16];
  return letters;
}

/// The name that weights beside a model file have: model.safetensors for model.json.
std::filesystem::path weights_beside(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".safetensors");
}

/// The bytes of the weights that a model file says are beside it.
int64_t weights_size(const JsonReader& file, const std::string& path) {
  const auto parameters = file.find("parameters");
  if (!parameters || parameters->json().type() != Json::Type::string) return 0;
  std::error_code error;
  const auto size = std::filesystem::file_size(weights_beside(path), error);
  return error ? 0 : int64_t(size);
}

/// The weights beside a model file, if they are those that it was saved with.
nn::StateDict read_weights(const JsonReader& file, const std::string& path) {
  const auto beside = weights_beside(path);
  const auto name = file.at("parameters"), sum = file.at("checksum");
  if (name.as_string() != beside.filename().string()) {
    fail<FileError>(name.path(), ": expected \"", beside.filename().string(), "\", got ",
                    name.json());
  }
  nn::StateDict state = read_safetensors(beside.string()).tensors;
  if (const auto found = checksum(state); sum.as_string() != found) {
    fail<FileError>(sum.path(), ": the numbers in ", beside.string(), " have the checksum \"",
                    found, "\", got ", sum.json(), ": the two files were not saved together");
  }
  return state;
}

nn::StateDict read_parameters(const JsonReader& file, const std::string& path, Problems& problems) {
  const auto json = file.at("parameters");
  if (json.json().type() == Json::Type::string) return read_weights(file, path);
  nn::StateDict state;
  for (const auto& [name, entry] : json.items()) {
    problems.collect(
        [&, &name = name, &entry = entry] { state.emplace_back(name, tensor_from_json(entry)); });
  }
  return state;
}

/// Parameters of f64 throughout make a model of f64.
void match_dtype(const nn::StateDict& state, nn::Module& model) {
  if (!state.empty() && state[0].second.dtype() == f64) model.to(f64);
}

}  // namespace

const data::Tokenizer& StoredModel::tokenizer(const std::string& name) const {
  const auto found = tokenizers.find(name);
  require(found != tokenizers.end(), "the model has no tokenizer \"", name, "\"");
  return *found->second;
}

void save_model(const std::string& path, const StoredModel& model, SaveOptions options) {
  Problems problems;
  const nn::StateDict state = model.model->state_dict();
  for (const auto& [name, value] : state) {
    const std::string found = not_finite(value);
    if (!found.empty()) problems.add("parameter " + name + ": " + found);
  }
  if (!problems.empty()) fail("save_model: ", path, ": not saved: ", problems.message());
  if (options.safetensors) write_safetensors(weights_beside(path).string(), state);
  Json file = Json::object();
  file.set("format", format).set("version", version);
  file.set("model",
           Json::object().set("type", model.model->type()).set("config", model.model->config()));
  Json tokenizers = Json::object();
  for (const auto& [name, tokenizer] : model.tokenizers) {
    tokenizers.set(name, tokenizer->to_json());
  }
  file.set("tokenizers", std::move(tokenizers));
  file.set("task", model.task);
  if (options.safetensors) {
    file.set("parameters", weights_beside(path).filename().string());
    file.set("checksum", checksum(state));
  } else {
    Json parameters = Json::object();
    for (const auto& [name, value] : state) {
      parameters.set(name, tensor_to_json(value, options.numbers));
    }
    file.set("parameters", std::move(parameters));
  }
  write_file_atomic(path, file.dump(1) + "\n");
}

StoredModel load_model(const std::string& path, const std::vector<ModelType>& table) {
  const auto [json, size] = read_json(path);
  const JsonReader file(json, path);
  check_format(file);
  StoredModel loaded;
  Problems problems;
  problems.collect([&] {
    file.allow_only({"format", "version", "model", "tokenizers", "task", "parameters", "checksum"});
  });
  problems.collect([&] { read_tokenizers(file, loaded, problems); });
  problems.collect([&] {
    file.at("task").items();
    loaded.task = file.at("task").json();
  });
  nn::StateDict state;
  problems.collect([&] { state = read_parameters(file, path, problems); });
  for (const auto& [name, value] : state) {
    const std::string found = not_finite(value);
    if (!found.empty()) problems.add(path + ": parameters." + name + ": " + found);
  }
  problems.collect([&, size = size] {
    loaded.model = make_model(file.at("model"), table, size + weights_size(file, path));
  });
  if (!problems.empty()) fail<FileError>(problems.message());
  match_dtype(state, *loaded.model);
  try {
    loaded.model->load_state_dict(state);
  } catch (const Error& error) {
    fail<FileError>(path, ": parameters: ", error.what());
  }
  loaded.model->name_parameters();
  loaded.model->eval();
  return loaded;
}

}  // namespace heed::models
