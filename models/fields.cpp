#include "heed/models/fields.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "heed/core/error.h"

namespace heed::models {
namespace {

using Value = std::variant<int64_t, double, bool, std::string>;

std::string joined(std::span<const std::string> words, std::string_view between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

/// What the field takes, in words: "an integer from 1 to 65536".
std::string wanted(const Field& field) {
  if (std::holds_alternative<int64_t*>(field.value)) {
    const auto [min, max] = field.integers;
    const std::string least = "an integer from " + text(min);
    return max == IntegerRange().max ? least + " up" : least + " to " + text(max);
  }
  if (std::holds_alternative<double*>(field.value)) {
    const auto [min, max] = field.reals;
    const std::string least = "a number from " + text(min);
    return max == RealRange().max ? least + " up" : least + " to " + text(max);
  }
  if (std::holds_alternative<bool*>(field.value)) return "true or false";
  return field.choices.empty() ? "text" : joined(field.choices, " or ");
}

/// Is the value one that the field may hold? (NaN is in no range.)
bool allowed(const Field& field, const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return *integer >= field.integers.min && *integer <= field.integers.max;
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return *real >= field.reals.min && *real <= field.reals.max;
  }
  if (const auto* word = std::get_if<std::string>(&value)) {
    const auto& choices = field.choices;
    return choices.empty() || std::find(choices.begin(), choices.end(), *word) != choices.end();
  }
  return true;
}

Value read_value(const Field& field, const JsonReader& json) {
  if (std::holds_alternative<int64_t*>(field.value)) return json.as_int();
  if (std::holds_alternative<double*>(field.value)) return json.as_double();
  if (std::holds_alternative<bool*>(field.value)) return json.as_bool();
  return json.as_string();
}

template <class T>
std::optional<Value> parse_number(std::string_view text) {
  T number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::optional<Value> parse_value(const Field& field, std::string_view text) {
  if (std::holds_alternative<int64_t*>(field.value)) return parse_number<int64_t>(text);
  if (std::holds_alternative<double*>(field.value)) return parse_number<double>(text);
  if (std::holds_alternative<std::string*>(field.value)) return std::string(text);
  if (text == "true") return true;
  if (text == "false") return false;
  return {};
}

Value current(const Field& field) {
  return std::visit([](const auto* value) { return Value(*value); }, field.value);
}

void assign(const Field& field, const Value& value) {
  std::visit([&](auto* target) { *target = std::get<std::decay_t<decltype(*target)>>(value); },
             field.value);
}

Json to_json(const Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

/// The value as --set takes it, for help and messages.
std::string shown(const Value& value) {
  return std::visit([](const auto& held) { return text(held); }, value);
}

std::vector<std::string> names(std::span<const Field> fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name);
  return names;
}

}  // namespace

Field& FieldVisitor::add(std::string_view name, decltype(Field::value) value,
                         std::string_view help) {
  return fields_.emplace_back(
      Field{.name = std::string(name), .value = value, .help = std::string(help)});
}

void FieldVisitor::operator()(std::string_view name, int64_t& value, IntegerRange range,
                              std::string_view help) {
  add(name, &value, help).integers = range;
}

void FieldVisitor::operator()(std::string_view name, double& value, RealRange range,
                              std::string_view help) {
  add(name, &value, help).reals = range;
}

void FieldVisitor::operator()(std::string_view name, bool& value, std::string_view help) {
  add(name, &value, help);
}

void FieldVisitor::operator()(std::string_view name, std::string& value,
                              std::initializer_list<std::string_view> choices,
                              std::string_view help) {
  add(name, &value, help).choices.assign(choices.begin(), choices.end());
}

Json to_json(std::span<const Field> fields) {
  Json object = Json::object();
  for (const auto& field : fields) object.set(field.name, to_json(current(field)));
  return object;
}

void read_fields(std::span<const Field> fields, const JsonReader& object, Absent absent) {
  std::vector<std::string> wrong;
  for (const auto& [key, value] : object.items()) {
    if (!find_field(fields, key)) {
      wrong.push_back(object.path() + ": unknown field " + text(Json(key)) + "; there are " +
                      joined(names(fields), ", "));
    }
  }
  std::vector<std::pair<const Field*, Value>> values;
  for (const auto& field : fields) {
    const auto member = object.find(field.name);
    if (!member) {
      if (absent == Absent::refused) wrong.push_back(object.path() + ": no \"" + field.name + "\"");
      continue;
    }
    try {
      values.emplace_back(&field, read_value(field, *member));
      if (allowed(field, values.back().second)) continue;
      wrong.push_back(member->path() + ": expected " + wanted(field) + ", got " +
                      text(member->json()));
    } catch (const FileError& error) {
      wrong.push_back(error.what());
    }
  }
  if (!wrong.empty()) fail<FileError>(joined(wrong, "; "));
  for (const auto& [field, value] : values) assign(*field, value);
}

void set_field(std::span<const Field> fields, std::string_view name, std::string_view text) {
  const Field* field = find_field(fields, name);
  require(field, "there is no field \"", name, "\"; there are ", joined(names(fields), ", "));
  const auto value = parse_value(*field, text);
  require(value && allowed(*field, *value), name, ": expected ", wanted(*field), ", got \"", text,
          "\"");
  assign(*field, *value);
}

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  for (const auto& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string describe(std::span<const Field> fields) {
  std::vector<std::string> left;
  size_t width = 0;
  for (const auto& field : fields) {
    left.push_back(field.name + " = " + shown(current(field)));
    width = std::max(width, left.back().size());
  }
  std::string lines;
  for (size_t i = 0; i < left.size(); ++i) {
    lines += "  " + left[i] + std::string(width + 2 - left[i].size(), ' ') + fields[i].help + " (" +
             wanted(fields[i]) + ")\n";
  }
  return lines;
}

void check_fields(std::span<const Field> fields, std::string_view where) {
  std::vector<std::string> wrong;
  for (const auto& field : fields) {
    const Value value = current(field);
    if (!allowed(field, value)) {
      wrong.push_back(field.name + ": expected " + wanted(field) + ", got " + shown(value));
    }
  }
  require(wrong.empty(), where, ": ", joined(wrong, "; "));
}

}  // namespace heed::models
