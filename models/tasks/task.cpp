#include "heed/models/tasks/task.h"

#include "heed/core/error.h"
#include "heed/models/fields.h"
#include "heed/models/show/text.h"
#include "heed/models/tasks/dates.h"
#include "heed/models/tasks/g2p.h"
#include "heed/models/tasks/pairs.h"

namespace heed::models {
namespace {

template <class T>
TaskType listed(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .make = [](TaskConfig config) {
            return std::make_unique<T>(std::move(config));
          }};
}

}  // namespace

Json Task::measures(const data::ErrorRates& rates) const {
  return Json::object()
      .set("exact_match", 100 - rates.sequence_error_rate)
      .set("token_error_rate", rates.token_error_rate);
}

std::string Task::describe(const data::ErrorRates& rates) const {
  return show::fixed(100 - rates.sequence_error_rate, 2) + " % exact, " +
         show::fixed(rates.token_error_rate, 2) + " % of the tokens wrong";
}

std::vector<TaskType> tasks() {
  return {listed<Dates>("dates", "write dates in one form: 3 May 1979 -> 1979-05-03"),
          listed<G2p>("g2p", "pronounce English words: psychology -> s ay k aa l ax jh iy"),
          listed<Pairs>("pairs", "any source<TAB>target text of your own (--data FILE.tsv)")};
}

std::unique_ptr<Task> make_task(TaskConfig config) {
  std::string known;
  for (const auto& type : tasks()) {
    if (type.name == config.name) return type.make(std::move(config));
    known += (known.empty() ? "" : ", ") + type.name;
  }
  fail("there is no task \"", config.name, "\"; there are ", known);
}

std::unique_ptr<Task> task_of(const TextModel& model, const std::string& path) {
  TaskConfig config;
  read_fields(list_fields(config), JsonReader(model.task, path + ": task"), Absent::refused);
  try {
    return make_task(std::move(config));
  } catch (const Error& error) {
    fail<FileError>(path, ": task: ", error.what());
  }
}

}  // namespace heed::models
