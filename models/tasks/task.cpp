#include "heed/models/tasks/task.h"

#include <unistd.h>

#include <algorithm>

#include "heed/core/convert.h"
#include "heed/core/error.h"
#include "heed/core/memory.h"
#include "heed/core/reduce.h"
#include "heed/models/data/lines.h"
#include "heed/models/data/unit.h"
#include "heed/models/show/text.h"
#include "heed/models/tasks/classify.h"
#include "heed/models/tasks/dates.h"
#include "heed/models/tasks/g2p.h"
#include "heed/models/tasks/lm.h"
#include "heed/models/tasks/pairs.h"
#include "heed/models/tasks/series.h"
#include "heed/models/tasks/translate.h"

namespace heed::models {
namespace {

template <class T>
TaskType listed(std::string name, std::string help) {
  const auto make = [name] { return std::make_unique<T>(name); };
  return {.name = name, .help = std::move(help), .make = make};
}

Json named(const Task& task, std::span<const Field> fields) {
  Json json = Json::object().set("name", task.name());
  const Json values = to_json(fields);
  for (const auto& [name, value] : values.items()) json.set(name, value);
  return json;
}

/// The tokens that may be read, without the special ones.
std::string known_tokens(const data::Tokenizer& tokenizer, int64_t first) {
  std::string known;
  for (int64_t id = first; id < tokenizer.size(); ++id) {
    if (known.size() > 200) return known + " …";
    known += (known.empty() ? "" : " ") + show::printable(tokenizer.piece(id));
  }
  return known;
}

}  // namespace

void check_readable(const data::Tokenizer& tokenizer, std::string_view text) {
  const std::string kind = tokenizer.kind();
  const bool unknown = tokenizer.find("<unk>") == data::unk_id;  // is there a token for that?
  if (kind == "character" || (kind == "word" && !unknown)) {
    const int64_t first = unknown ? data::unk_id + 1 : 0;
    data::for_each_token(data::parse_unit(kind), text, [&](std::string_view token) {
      if (tokenizer.find(token).value_or(-1) >= first) return;
      fail("\"", text, "\": the model does not know ", data::shown(token), "; it reads ",
           known_tokens(tokenizer, first));
    });
  }
  require(!tokenizer.encode(text).empty(), "\"", text, "\": there is nothing to read");
}

data::TokenizerOptions TokenChoice::options(bool specials) const {
  return {.kind = tokens,
          .vocabulary = vocabulary == 0 && tokens == "bpe" ? 1000 : vocabulary,
          .min_count = min_count,
          .specials = specials};
}

void TokenChoice::check(bool specials) const {
  require(tokens != "character" || specials || (vocabulary == 0 && min_count == 1),
          "--vocabulary and --min-count go with --tokens word or bpe: each character is a token");
  const int64_t least = (tokens == "bpe" ? 256 : 1) + (specials ? data::unk_id + 1 : 0);
  require(vocabulary == 0 || vocabulary >= least, "--vocabulary: expected 0 or an integer from ",
          least, " up for --tokens ", tokens, ", got ", vocabulary);
}

void note_small_parts(std::vector<std::string>& notes, int64_t validation, int64_t test) {
  constexpr int64_t enough = 20;
  if (std::min(validation, test) >= enough) return;
  notes.push_back("only " + show::counted(validation, "examples") + " to validate and " +
                  show::grouped(test) + " to test: numbers of so few say little");
}

void check_batch(const TrainingConfig& config, double example_bytes) {
  const double machine = double(sysconf(_SC_PHYS_PAGES)) * double(sysconf(_SC_PAGESIZE));
  const double room = memory_limit() > 0 ? double(memory_limit()) : machine;
  const double batch = example_bytes * double(config.batch_size);
  if (batch <= room) return;
  fail<MemoryError>("batch_size ", show::grouped(config.batch_size), ": one batch takes at least ",
                    show::brief(batch / 1e9, 1), " GB, and there are ", show::brief(room / 1e9, 1));
}

void set_size(std::span<const Field> fields, std::string_view name, int64_t size) {
  if (const Field* field = find_field(fields, name)) *std::get<int64_t*>(field->value) = size;
}

void preset(std::span<const Field> fields,
            std::initializer_list<std::pair<std::string_view, std::string>> values) {
  for (const auto& [name, value] : values) {
    if (find_field(fields, name)) set_field(fields, name, value);
  }
}

std::vector<show::AttentionMap> head_maps(const nn::AttentionMaps& maps,
                                          const std::vector<std::string>& source,
                                          const std::vector<std::string>& target,
                                          const std::string& title) {
  std::vector<show::AttentionMap> drawn;
  const auto add = [&](const Tensor& weights, size_t layer, std::string head) {  // (T, S)
    const std::string place = "layer " + text(layer) + (head == "mean" ? ", " : ", head ") + head;
    drawn.push_back({.source = source,
                     .target = target,
                     .weights = numbers(weights),
                     .title = place + ": " + title,
                     .layer = text(layer),
                     .head = std::move(head),
                     .self = source == target});
  };
  if (maps.layers.empty()) return drawn;
  add(mean(maps.layers.back()[0], 0), maps.layers.size(), "mean");
  for (size_t layer = 0; layer < maps.layers.size(); ++layer) {
    const Tensor heads = maps.layers[layer][0];  // (heads, T, S)
    for (int64_t head = 0; head < heads.size(0); ++head) {
      add(heads[head], layer + 1, text(head + 1));
    }
  }
  return drawn;
}

Json settings_json(Task& task) { return named(task, task.settings()); }

Json to_json(Task& task) {
  auto fields = task.settings();
  for (const auto& option : task.options()) fields.push_back(option);
  return named(task, fields);
}

std::vector<TaskType> tasks() {
  return {listed<Dates>("dates", "write dates in one form: 3 May 1979 -> 1979-05-03"),
          listed<G2p>("g2p", "pronounce English words: psychology -> s ay k aa l ax jh iy"),
          listed<Pairs>("pairs", "any source<TAB>target text of your own (--data FILE)"),
          listed<Translate>("translate", "sentences of one file into those of another"),
          listed<Classify>("classify", "the class of texts (label<TAB>text) or images (IDX files)"),
          listed<SeriesTask>("series", "the next values of a series of numbers (CSV)"),
          listed<Lm>("lm", "predict a text token by token, and go on with it (heed generate)")};
}

std::unique_ptr<Task> make_task(std::string_view name) {
  std::string known;
  for (const auto& type : tasks()) {
    if (type.name == name) return type.make();
    known += (known.empty() ? "" : ", ") + type.name;
  }
  fail("there is no task \"", name, "\"; there are ", known);
}

std::unique_ptr<Task> task_of(const StoredModel& stored, const std::string& path) {
  const JsonReader json(stored.task, path + ": task");
  try {
    auto task = make_task(json.at("name").as_string());
    std::string name;
    auto fields = task->settings();
    fields.push_back({.name = "name", .value = &name, .help = ""});
    read_fields(fields, json, Absent::refused);
    return task;
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    fail<FileError>(json.path(), ": ", error.what());
  }
}

}  // namespace heed::models
