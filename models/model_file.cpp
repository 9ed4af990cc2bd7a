#include "heed/models/model_file.h"

#include <filesystem>
#include <utility>

#include "heed/core/error.h"
#include "heed/core/io/files.h"
#include "heed/core/io/safetensors.h"

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

std::unique_ptr<Model> make_model(const JsonReader& json, const std::vector<ModelType>& table) {
  json.allow_only({"type", "config"});
  const auto type = json.at("type"), config = json.at("config");
  try {
    const auto settings = find_type(table, type.as_string()).settings();
    read_fields(settings->fields(), config, Absent::refused);
    return settings->make();
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    fail<FileError>(json.path(), ": ", error.what());
  }
}

/// The name that weights beside a model file have: model.safetensors for model.json.
std::filesystem::path weights_beside(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".safetensors");
}

nn::StateDict read_parameters(const JsonReader& json, const std::string& path, Problems& problems) {
  nn::StateDict state;
  if (json.json().type() == Json::Type::string) {
    const auto beside = weights_beside(path);
    if (json.as_string() != beside.filename().string()) {
      fail<FileError>(json.path(), ": expected \"", beside.filename().string(), "\", got ",
                      json.json());
    }
    for (auto& entry : read_safetensors(beside.string()).tensors) state.push_back(std::move(entry));
    return state;
  }
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
  Json parameters = Json::object();
  Problems problems;
  const nn::StateDict state = model.model->state_dict();
  for (const auto& [name, value] : state) {
    try {
      Json json = tensor_to_json(value, options.numbers, "parameter " + name);
      if (!options.safetensors) parameters.set(name, std::move(json));
    } catch (const Error& error) {
      problems.add(error.what());
    }
  }
  if (!problems.empty()) fail("save_model: ", path, ": not saved: ", problems.message());
  if (options.safetensors) {
    const auto beside = weights_beside(path);
    write_safetensors(beside.string(), state);
    parameters = beside.filename().string();
  }
  Json file = Json::object();
  file.set("format", format).set("version", version);
  file.set("model",
           Json::object().set("type", model.model->type()).set("config", model.model->config()));
  Json tokenizers = Json::object();
  for (const auto& [name, tokenizer] : model.tokenizers) {
    tokenizers.set(name, tokenizer->to_json());
  }
  file.set("tokenizers", std::move(tokenizers));
  file.set("task", model.task).set("parameters", std::move(parameters));
  write_file_atomic(path, file.dump(1) + "\n");
}

StoredModel load_model(const std::string& path, const std::vector<ModelType>& table) {
  constexpr size_t most_numbers = size_t{1} << 28;
  const std::string text = read_file(path);
  check_whole(text, path);
  const Json json = parse_json(text, path, most_numbers);
  const JsonReader file(json, path);
  check_format(file);
  StoredModel loaded;
  Problems problems;
  problems.collect([&] {
    file.allow_only({"format", "version", "model", "tokenizers", "task", "parameters"});
  });
  problems.collect([&] { read_tokenizers(file, loaded, problems); });
  problems.collect([&] {
    file.at("task").items();
    loaded.task = file.at("task").json();
  });
  nn::StateDict state;
  problems.collect([&] { state = read_parameters(file.at("parameters"), path, problems); });
  problems.collect([&] { loaded.model = make_model(file.at("model"), table); });
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
