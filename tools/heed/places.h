#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/models/tasks/task.h"

/// Where the setup scripts put the CMU dictionary: beside the build of this program, or under the
/// folder that it is called from.
std::vector<std::string> dictionary_places();

/// The model file that an argument names: itself, or model.json of the run's folder.
std::string model_path(const std::string& argument);

/// "dates, g2p, pairs"
std::string task_names();
bool is_task(const std::string& name);

/// A model file with the task that it was trained for.
struct LoadedModel {
  std::string path;
  heed::models::TextModel model;
  std::unique_ptr<heed::models::Task> task;
};
LoadedModel load(const std::string& argument);

/// The text as the model reads it. Throws heed::Error for a text without tokens, and, where tokens
/// are characters, for one with a character that the model does not know.
std::vector<std::string> tokens_of(const LoadedModel& loaded, const std::string& text);
