#include "heed/core/io/json.h"

#include <algorithm>
#include <charconv>

namespace heed {
namespace {

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// Keys come from files: anything that could confuse a terminal or the reader is quoted and escaped.
std::string shown_key(const std::string& key) {
  const bool bare = !key.empty() && key.size() <= 100 && std::all_of(key.begin(), key.end(), plain);
  return bare ? key : text(Json(key));
}

}  // namespace

// The copy of a variant in libstdc++ 12 destroys what it has not made yet when memory runs out.
Json::Json(const Json& other) {
  std::visit([this](const auto& value) { value_ = std::decay_t<decltype(value)>(value); },
             other.value_);
}

// The shortest decimal of a float, read as double, is the double with that shortest decimal. Should
// it ever lie so close to the border between two floats that the way back fails, the exact value is
// kept.
Json::Json(float value) : Json(double(value)) {
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  double shortest = 0;
  std::from_chars(buffer, written.ptr, shortest);
  if (float(shortest) == value) value_ = shortest;
}

Json Json::object() {
  Json json;
  json.value_ = Object();
  return json;
}

Json Json::array(std::initializer_list<Json> values) {
  Json json;
  json.value_ = Array(values);
  return json;
}

Json& Json::set(std::string_view key, Json value) {
  auto* object = std::get_if<Object>(&value_);
  require(object, "json: set(\"", key, "\") needs an object, got ", *this);
  const auto same = [&](const auto& member) { return member.first == key; };
  const auto found = std::find_if(object->begin(), object->end(), same);
  if (found != object->end())
    found->second = std::move(value);
  else
    object->emplace_back(key, std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  auto* array = std::get_if<Array>(&value_);
  require(array, "json: push() needs an array, got ", *this);
  array->push_back(std::move(value));
  return *this;
}

template <class T>
const T& Json::get(const char* expected, std::string_view where) const {
  const T* value = std::get_if<T>(&value_);
  if (!value) fail<FileError>(where, ": expected ", expected, ", got ", *this);
  return *value;
}

bool Json::as_bool(std::string_view where) const { return get<bool>("true or false", where); }

int64_t Json::as_int(std::string_view where) const { return get<int64_t>("an integer", where); }

double Json::as_double(std::string_view where) const {
  const auto* integer = std::get_if<int64_t>(&value_);
  return integer ? double(*integer) : get<double>("a number", where);
}

const std::string& Json::as_string(std::string_view where) const {
  return get<std::string>("a string", where);
}

const Json::Array& Json::elements(std::string_view where) const {
  return get<Array>("an array", where);
}

const Json::Object& Json::items(std::string_view where) const {
  return get<Object>("an object", where);
}

const Json* Json::find(std::string_view key, std::string_view where) const {
  for (const auto& [name, value] : items(where))
    if (name == key) return &value;
  return nullptr;
}

JsonReader JsonReader::member(const std::string& key, const Json& value) const {
  JsonReader reader(value, path_ + (root_ ? ": " : ".") + shown_key(key));
  reader.root_ = false;
  return reader;
}

JsonReader JsonReader::element(size_t index, const Json& value) const {
  JsonReader reader(value, path_ + (root_ ? ": [" : "[") + std::to_string(index) + "]");
  reader.root_ = false;
  return reader;
}

JsonReader JsonReader::at(std::string_view key) const {
  auto found = find(key);
  if (!found) fail<FileError>(path_, ": \"", key, "\" is missing");
  return *found;
}

JsonReader JsonReader::at(size_t index) const {
  const auto& values = json_->elements(path_);
  if (index >= values.size())
    fail<FileError>(path_, ": expected more than ", index, " values, got ", values.size());
  return element(index, values[index]);
}

std::optional<JsonReader> JsonReader::find(std::string_view key) const {
  const Json* value = json_->find(key, path_);
  if (!value) return std::nullopt;
  return member(std::string(key), *value);
}

std::vector<JsonReader> JsonReader::elements() const {
  std::vector<JsonReader> readers;
  for (const auto& value : json_->elements(path_))
    readers.push_back(element(readers.size(), value));
  return readers;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::items() const {
  std::vector<std::pair<std::string, JsonReader>> readers;
  for (const auto& [key, value] : json_->items(path_))
    readers.emplace_back(key, member(key, value));
  return readers;
}

void JsonReader::allow_only(std::initializer_list<std::string_view> keys) const {
  constexpr size_t max_listed = 20;
  std::string unknown;
  size_t count = 0;
  for (const auto& [key, value] : json_->items(path_))
    if (std::find(keys.begin(), keys.end(), key) == keys.end() && ++count <= max_listed)
      unknown += " " + shown_key(key);
  if (count > max_listed) unknown += " and " + std::to_string(count - max_listed) + " more";
  if (count > 0) fail<FileError>(path_, ": unknown keys:", unknown);
}

}  // namespace heed
