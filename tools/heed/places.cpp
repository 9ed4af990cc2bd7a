#include "places.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "heed/core/io/files.h"
#include "heed/models/data/token_source.h"

namespace fs = std::filesystem;
using namespace heed;
using namespace heed::models;

std::vector<std::string> dictionary_places() {
  const fs::path inside = fs::path("data") / "cmudict-0.4.out";
  std::vector<std::string> places = {("build" / inside).string()};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  // build/release/bin/heed, and build/data beside release
  if (!error)
    places.push_back((program.parent_path().parent_path().parent_path() / inside).string());
  return places;
}

std::string model_path(const std::string& argument) {
  std::error_code ignored;
  if (!fs::is_directory(argument, ignored)) return argument;
  return (fs::path(argument) / "model.json").string();
}

bool is_sentence_encoder(const std::string& folder) {
  std::error_code ignored;
  const fs::path place(folder);
  return fs::exists(place / "vocab.txt", ignored) && fs::exists(place / "config.json", ignored);
}

std::string task_names() {
  std::string names;
  for (const auto& task : tasks()) names += (names.empty() ? "" : ", ") + task.name;
  return names;
}

bool is_task(const std::string& name) {
  const auto table = tasks();
  return std::any_of(table.begin(), table.end(),
                     [&](const TaskType& task) { return task.name == name; });
}

namespace {

/// The first character that is no blank, or a zero byte.
char first_character(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char first = 0;
  file >> first;
  return first;
}

/// Is it the run.json of a run?
bool is_record(const std::string& path) {
  try {
    const Json json = parse_json(read_file(path), path);
    return json.type() == Json::Type::object && json.find("training") && !json.find("format");
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

StoredModel read_model(const std::string& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored) && first_character(path) != '{') {
    fail<FileError>(path, ": this is not a model of heed",
                    data::is_token_file(path) ? " but a file of tokens" : "",
                    ": expected a model.json or a run's folder");
  }
  try {
    return load_model(path);
  } catch (const FileError&) {
    if (!is_record(path)) throw;
    fail<FileError>(path, ": this is the record of a run; the model is model.json beside it");
  }
}

LoadedModel load(const std::string& argument) {
  LoadedModel loaded{.path = model_path(argument), .stored = {}, .task = {}};
  loaded.stored = read_model(loaded.path);
  loaded.task = task_of(loaded.stored, loaded.path);
  return loaded;
}

Flag weights_flag() {
  return {"weights", "f32|bf16|int8", "how weights are held: in 4, 2 or 1 bytes a number (f32)"};
}

std::optional<CompactKind> chosen_weights(const Arguments& arguments) {
  const std::string kind = arguments.text("weights").value_or("f32");
  for (const CompactKind known : {CompactKind::bf16, CompactKind::int8})
    if (kind == compact_name(known)) return known;
  if (kind != "f32") arguments.refuse("--weights: expected f32, bf16 or int8, got \"", kind, "\"");
  return {};
}

std::string named_model(std::span<const std::string> words) {
  std::string first;
  std::error_code ignored;
  for (const auto& word : words) {
    if (word.starts_with("-")) continue;
    if (first.empty()) first = word;
    if (word.ends_with(".json") || fs::exists(fs::path(word) / "model.json", ignored)) return word;
  }
  return first;
}

std::string flag_name(const Field& field) {
  std::string name = field.name;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

namespace {

/// What stands for the value in help; a switch has none.
std::string placeholder(const Field& field) {
  if (std::holds_alternative<bool*>(field.value)) return "";
  if (std::holds_alternative<int64_t*>(field.value)) return "N";
  if (std::holds_alternative<double*>(field.value)) return "X";
  if (!field.placeholder.empty()) return field.placeholder;
  std::string choices;
  for (const auto& choice : field.choices) choices += (choices.empty() ? "" : "|") + choice;
  return choices.empty() ? "FILE" : choices;
}

}  // namespace

std::vector<Flag> flags_of(std::span<const Field> fields) {
  std::vector<Flag> flags;
  for (const auto& field : fields) {
    flags.push_back({.name = flag_name(field), .value = placeholder(field), .help = field.help});
  }
  return flags;
}

void set_fields(std::span<const Field> fields, const Arguments& arguments) {
  for (const auto& field : fields) {
    const auto given = arguments.text(flag_name(field));
    if (!given) continue;
    try {
      const bool is_switch = std::holds_alternative<bool*>(field.value);
      set_field(fields, field.name, is_switch ? "true" : *given);
    } catch (const Error& error) {
      arguments.refuse("--", flag_name(field), std::string(error.what()).substr(field.name.size()));
    }
  }
}

void check_options(const Task& task, const Arguments& arguments) {
  try {
    task.check_options();
  } catch (const IoError&) {
    throw;
  } catch (const Error& error) {
    arguments.refuse(error.what());
  }
}
