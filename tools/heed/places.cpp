#include "places.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

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

LoadedModel load(const std::string& argument) {
  LoadedModel loaded{.path = model_path(argument), .model = {}, .task = {}};
  loaded.model = load_model(loaded.path);
  loaded.task = task_of(loaded.model, loaded.path);
  return loaded;
}

namespace {

/// The tokens that the model knows, without the special ones.
std::string known_tokens(const data::Vocabulary& vocabulary) {
  std::string known;
  for (int64_t id = data::unk_id + 1; id < vocabulary.size(); ++id) {
    if (known.size() > 200) return known + " …";
    known += (known.empty() ? "" : " ") + vocabulary.token(id);
  }
  return known;
}

}  // namespace

std::vector<std::string> tokens_of(const LoadedModel& loaded, const std::string& text) {
  const data::Unit unit = loaded.task->source_unit();
  auto tokens = data::split(unit, loaded.task->normalized(text));
  require(!tokens.empty(), "\"", text, "\": there is nothing to read");
  if (unit == data::Unit::word) return tokens;
  const auto& vocabulary = loaded.model.source;
  for (const auto& token : tokens) {
    require(vocabulary.find(token).value_or(-1) > data::unk_id, "\"", text,
            "\": the model does not know \"", token, "\"; it reads ", known_tokens(vocabulary));
  }
  return tokens;
}
