#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/io/json.h"
#include "heed/models/decode/decoder.h"

namespace heed::models {

/// A kind of model that files may name.
struct ModelType {
  std::string name;  ///< as Seq2Seq::type() gives it: "bahdanau"
  /// Builds one from its configuration, with random parameters. Throws FileError that names
  /// everything wrong in the configuration.
  std::function<std::unique_ptr<Seq2Seq>(const JsonReader& config)> make;
};

/// The models of this library. A value: a program appends its own types to its copy and hands it to
/// load_model; only listed types load.
std::vector<ModelType> types();

/// The type of that name; FileError, naming those there are, for any other.
const ModelType& find_type(const std::vector<ModelType>& table, const JsonReader& name);

}  // namespace heed::models
