#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "heed/core/io/json.h"

namespace heed::models {

/// What a field may hold, both ends included.
struct IntegerRange {
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
};
struct RealRange {
  double min = 0;
  double max = std::numeric_limits<double>::max();
};

/// One field of a configuration. `value` points into the configuration it was listed from.
struct Field {
  std::string name;
  std::variant<int64_t*, double*, bool*, std::string*> value;
  std::string help;
  IntegerRange integers = {};
  RealRange reals = {};
  std::vector<std::string> choices = {};  ///< of a string; none: any text
  std::string placeholder = {};  ///< what stands for the value in help, where the type does not say
};

/// What the fields of a configuration are told to. A configuration lists them once; JSON, --set,
/// --help and inspect come from that list:
///
///     struct NetConfig {
///       int64_t hidden = 256;
///       std::string cell = "lstm";
///       template <class V>
///       void fields(V& visit) {
///         visit("hidden", hidden, {.min = 1, .max = 65536}, "units of the decoder");
///         visit("cell", cell, {"lstm", "gru"}, "recurrent cell");
///       }
///     };
class FieldVisitor {
 public:
  void operator()(std::string_view name, int64_t& value, IntegerRange range, std::string_view help);
  void operator()(std::string_view name, double& value, RealRange range, std::string_view help);
  void operator()(std::string_view name, bool& value, std::string_view help);
  void operator()(std::string_view name, std::string& value,
                  std::initializer_list<std::string_view> choices, std::string_view help);
  std::vector<Field> take() { return std::move(fields_); }

 private:
  Field& add(std::string_view name, decltype(Field::value) value, std::string_view help);
  std::vector<Field> fields_;
};

/// The fields of a configuration, in its order. They refer to it.
template <class Config>
std::vector<Field> list_fields(Config& config) {
  FieldVisitor visit;
  config.fields(visit);
  return visit.take();
}

/// The values as a JSON object, in the order of the fields.
Json to_json(std::span<const Field> fields);
template <class Config>
Json fields_to_json(Config config) {
  return to_json(list_fields(config));
}

/// Whether every field has to be there, or those that are absent keep their values.
enum class Absent { refused, kept };

/// Sets the fields from a JSON object. Throws one FileError that names everything wrong (unknown
/// keys, missing fields, wrong types, values out of range), and then has changed nothing.
void read_fields(std::span<const Field> fields, const JsonReader& object, Absent absent);

/// Sets a field from text, as --set name=text gives it. Throws Error when there is no such field or
/// the text is no value for it; the message names the fields or the range.
void set_field(std::span<const Field> fields, std::string_view name, std::string_view text);

/// The field of that name, or null.
const Field* find_field(std::span<const Field> fields, std::string_view name);

/// "hidden = 256    units of the decoder (1 to 65536)": one line for each field, for --help.
std::string describe(std::span<const Field> fields);

/// Throws Error that names every field whose value is out of its range: for configurations that
/// were filled in C++.
void check_fields(std::span<const Field> fields, std::string_view where);

}  // namespace heed::models
