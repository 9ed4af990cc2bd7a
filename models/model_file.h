#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "heed/core/io/json.h"
#include "heed/models/data/tokenizer.h"
#include "heed/models/tensor_json.h"
#include "heed/models/types.h"

/// A model as one JSON file:
///
///     {"format": "heed", "version": 1,
///      "model": {"type": "bahdanau", "config": {...}},
///      "tokenizers": {"source": {"kind": "word", ...}, "target": {"kind": "word", ...}},
///      "task": {...},
///      "parameters": {"encoder.weight_ih_l0": {"dtype": "f32", "shape": [512, 128],
///                                              "data": "base64 of the little-endian bytes"}}}
///
/// With the weights in a file of their own, "parameters" is "model.safetensors", the name of the
/// file beside model.json (always its own name with another ending), and "checksum" tells whether
/// the two were saved together.
namespace heed::models {

/// A model with the tokenizers that give its ids: all that a model file holds.
struct StoredModel {
  std::unique_ptr<Model> model;
  /// By name: "source" and "target", or "text", or none.
  std::map<std::string, std::shared_ptr<const data::Tokenizer>> tokenizers = {};
  Json task = Json::object();  ///< what the model was trained for, as its task wrote it

  /// The tokenizer of that name; Error where the model has none.
  const data::Tokenizer& tokenizer(const std::string& name) const;
};

struct SaveOptions {
  Numbers numbers = Numbers::base64;
  bool safetensors = false;  ///< the parameters in a .safetensors file beside it
};

/// Writes the model to a file, whole or not at all (see write_file_atomic). Throws Error, before
/// anything is written, that names every parameter with a number that is NaN or infinite; IoError
/// when a file cannot be written. Of two files the weights are written first; where the second is
/// not, load_model tells by the checksum that they do not belong together.
void save_model(const std::string& path, const StoredModel& model, SaveOptions options = {});

/// Rebuilds a model from a file, in evaluation mode; its type need not be known. Strict: throws one
/// FileError with everything wrong (unknown or missing fields, a type that is not in the table,
/// sizes that do not agree, numbers that are not finite). A configuration gets memory in proportion
/// to the numbers in the file, whatever sizes it names. Opens no other file, but for the
/// .safetensors of the same name, where the file says that its weights are there.
StoredModel load_model(const std::string& path, const std::vector<ModelType>& table = types());

}  // namespace heed::models
