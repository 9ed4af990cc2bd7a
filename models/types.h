#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/models/classifier.h"
#include "heed/models/decode/decoder.h"
#include "heed/models/decode/language_model.h"
#include "heed/models/fields.h"
#include "heed/models/forecaster.h"

namespace heed::models {

/// A configuration whose type only its model knows: what can be set, and the model it makes.
class ModelSettings {
 public:
  virtual ~ModelSettings() = default;
  /// The configuration's fields; they refer to it.
  virtual std::vector<Field> fields() = 0;
  /// A model with random parameters. Throws Error that names every field out of its range.
  virtual std::unique_ptr<Model> make() const = 0;
};

/// The settings of a model M that is made from a Config.
template <class M, class Config>
class SettingsOf final : public ModelSettings {
 public:
  explicit SettingsOf(Config config = {}) : config_(std::move(config)) {}
  std::vector<Field> fields() override { return list_fields(config_); }
  std::unique_ptr<Model> make() const override { return std::make_unique<M>(config_); }

 private:
  Config config_;
};

/// What models of a base class are called in messages; tasks ask for a kind.
template <class M>
constexpr std::string_view kind_name() {
  if constexpr (std::derived_from<M, Seq2Seq>) {
    return "sequence-to-sequence model";
  } else if constexpr (std::derived_from<M, LanguageModel>) {
    return "language model";
  } else if constexpr (std::derived_from<M, Classifier>) {
    return "classifier";
  } else if constexpr (std::derived_from<M, Forecaster>) {
    return "forecaster";
  } else {
    return "model";
  }
}

/// A type of model that files may name.
struct ModelType {
  std::string name;       ///< as Model::type() gives it: "bahdanau"
  std::string help;       ///< one line
  std::string_view kind;  ///< kind_name of the model
  /// The settings with their defaults.
  std::function<std::unique_ptr<ModelSettings>()> settings;
};

/// The entry of a model M whose Config lists its fields.
template <class M, class Config>
ModelType model_type(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .kind = kind_name<M>(), .settings = [] {
            return std::make_unique<SettingsOf<M, Config>>();
          }};
}

/// The models of this library. A value: a program appends its own types to its copy and hands it to
/// load_model; only listed types load.
std::vector<ModelType> types();

/// The types of a kind: types_of(kind_name<Seq2Seq>()).
std::vector<ModelType> types_of(std::string_view kind);

/// The type of that name; Error, naming those there are, for any other.
const ModelType& find_type(const std::vector<ModelType>& table, std::string_view name);

/// The model as a kind: `as<Seq2Seq>(model)`. Error, telling the types that are of that kind, for
/// any other model.
template <class Kind>
Kind& as(Model& model);
extern template Seq2Seq& as<Seq2Seq>(Model&);
extern template LanguageModel& as<LanguageModel>(Model&);
extern template Classifier& as<Classifier>(Model&);
extern template Forecaster& as<Forecaster>(Model&);

}  // namespace heed::models
