#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flags.h"
#include "heed/core/compact.h"
#include "heed/models/tasks/task.h"

/// Where the setup scripts put the CMU dictionary: beside the build of this program, or under the
/// folder that it is called from.
std::vector<std::string> dictionary_places();

/// The model file that an argument names: itself, or model.json of the run's folder.
std::string model_path(const std::string& argument);

/// Is it a folder of a BERT for sentences, as Hugging Face's libraries write it?
bool is_sentence_encoder(const std::string& folder);

/// "dates, g2p, pairs"
std::string task_names();
bool is_task(const std::string& name);

/// A model file with the task that it was trained for.
struct LoadedModel {
  std::string path;
  heed::models::StoredModel stored;
  std::unique_ptr<heed::models::Task> task;
};
LoadedModel load(const std::string& argument);
/// load_model, which says what a file is that is no model.
heed::models::StoredModel read_model(const std::string& path);
/// --weights, for commands that only use a model, and what it says: nothing for f32.
Flag weights_flag();
std::optional<heed::CompactKind> chosen_weights(const Arguments& arguments);
/// The word that most likely names a model, before flags are known; empty where there is none.
std::string named_model(std::span<const std::string> words);

/// The flag of a field: lower-case for lower_case.
std::string flag_name(const heed::models::Field& field);
/// Fields as flags.
std::vector<Flag> flags_of(std::span<const heed::models::Field> fields);
/// Sets the fields that were given as flags. Throws UsageError.
void set_fields(std::span<const heed::models::Field> fields, const Arguments& arguments);
/// Throws UsageError when options are missing or contradict each other.
void check_options(const heed::models::Task& task, const Arguments& arguments);
