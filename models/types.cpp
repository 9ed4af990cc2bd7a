#include "heed/models/types.h"

#include "heed/models/bahdanau.h"
#include "heed/models/fields.h"

namespace heed::models {
namespace {

/// A model type whose configuration lists its fields.
template <class Model, class Config>
ModelType listed(std::string name) {
  return {.name = std::move(name), .make = [](const JsonReader& json) {
            Config config;
            read_fields(list_fields(config), json, Absent::refused);
            try {
              return std::make_unique<Model>(config);
            } catch (const Error& error) {
              fail<FileError>(json.path(), ": ", error.what());
            }
          }};
}

}  // namespace

std::vector<ModelType> types() { return {listed<Bahdanau, BahdanauConfig>("bahdanau")}; }

const ModelType& find_type(const std::vector<ModelType>& table, const JsonReader& name) {
  std::string known;
  for (const auto& type : table) {
    if (type.name == name.as_string()) return type;
    known += (known.empty() ? "" : ", ") + type.name;
  }
  fail<FileError>(name.path(), ": unknown type ", name.json(), "; there are ", known);
}

}  // namespace heed::models
