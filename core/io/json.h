#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "heed/core/error.h"

namespace heed {

namespace detail {
class JsonBuilder;
}

/// A JSON value. Objects keep the order in which their members were set. Integers and other numbers
/// are different things: 3 is an integer, 3.0 and 1e3 are not. Two values are equal when their
/// types, contents and orders are.
///
/// The reading functions throw FileError "<where>: expected an integer, got "abc"" when the value
/// has another type. JsonReader supplies `where`.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;
  enum class Type { null, boolean, integer, number, string, array, object };

  /// Deeper nesting is neither read nor written.
  static constexpr int max_depth = 32;

  Json() = default;
  Json(const Json& other);
  Json(Json&& other) = default;
  Json& operator=(const Json& other) { return *this = Json(other); }
  Json& operator=(Json&& other) = default;
  Json(std::nullptr_t) {}
  template <std::same_as<bool> T>
  Json(T value) : value_(value) {}
  /// Throws Error for an unsigned value above 2^63 - 1.
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Json(T value)
      : value_(int64_t(value)) {
    require(std::in_range<int64_t>(value), "json: integer ", value, " does not fit 64 bits signed");
  }
  Json(double value) : value_(value) {}
  /// Keeps the shortest decimal that reads back as the same float: 0.1f is written as 0.1.
  Json(float value);
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}

  /// An empty object, for set().
  static Json object();
  /// An array of the values: Json::array({1, "two", 3.5}).
  static Json array(std::initializer_list<Json> values = {});
  /// An array of the values of a container: Json::array(x.shape()).
  template <class Range>
  requires requires(const Range& values) { values.begin(); }
  static Json array(const Range& values) {
    Json json = array();
    for (const auto& value : values) json.push(value);
    return json;
  }

  /// Sets a member of an object, in place when the key exists. Throws Error on any other type.
  Json& set(std::string_view key, Json value);
  /// Appends to an array. Throws Error on any other type.
  Json& push(Json value);

  Type type() const { return Type(value_.index()); }
  bool as_bool(std::string_view where = "json") const;
  /// Accepts integers only.
  int64_t as_int(std::string_view where = "json") const;
  /// Accepts integers too.
  double as_double(std::string_view where = "json") const;
  const std::string& as_string(std::string_view where = "json") const;
  const Array& elements(std::string_view where = "json") const;
  const Object& items(std::string_view where = "json") const;
  /// The member of an object, or null when the key is absent.
  const Json* find(std::string_view key, std::string_view where = "json") const;

  /// The value as JSON text: on one line, or with `indent` spaces per level (arrays without
  /// containers stay on one line). The same value gives the same bytes everywhere, in every locale;
  /// numbers are written in the shortest form that reads back exactly.
  /// Throws Error with the path of a number that is not finite, of text that is not UTF-8, or of a
  /// value nested deeper than max_depth.
  std::string dump(int indent = -1) const;

  friend bool operator==(const Json& a, const Json& b) { return a.value_ == b.value_; }
  /// A few words for messages: 12, "abc", an array of 3, an object of 2.
  friend std::string text(const Json& json) { return json.describe(); }

 private:
  friend class detail::JsonBuilder;
  std::string describe() const;
  template <class T>
  const T& get(const char* expected, std::string_view where) const;

  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

/// Reads one JSON document strictly: UTF-8, no duplicate keys, no trailing bytes, at most max_depth
/// levels and max_values values, numbers within double's range (an integer beyond 64 bits signed
/// becomes a number). Throws FileError "<name>:<line>:<column>: ..." with what is wrong there.
Json parse_json(std::string_view text, std::string_view name, size_t max_values = 10'000'000);

/// A place in a JSON document that knows its path, for messages such as
/// `model.json: model.config.hidden_size: expected an integer, got "abc"`. Refers to the document.
class JsonReader {
 public:
  JsonReader(const Json& json, std::string name) : json_(&json), path_(std::move(name)) {}
  JsonReader(Json&&, std::string) = delete;

  const Json& json() const { return *json_; }
  /// "model.json: model.config"
  const std::string& path() const { return path_; }

  /// The member; FileError when it is missing.
  JsonReader at(std::string_view key) const;
  /// The element; FileError when the array has no such index.
  JsonReader at(size_t index) const;
  std::optional<JsonReader> find(std::string_view key) const;
  std::vector<JsonReader> elements() const;
  std::vector<std::pair<std::string, JsonReader>> items() const;
  /// Throws FileError that names every member whose key is not in the list.
  void allow_only(std::initializer_list<std::string_view> keys) const;

  bool as_bool() const { return json_->as_bool(path_); }
  int64_t as_int() const { return json_->as_int(path_); }
  double as_double() const { return json_->as_double(path_); }
  const std::string& as_string() const { return json_->as_string(path_); }

 private:
  JsonReader member(const std::string& key, const Json& value) const;
  JsonReader element(size_t index, const Json& value) const;

  const Json* json_;
  std::string path_;
  bool root_ = true;
};

}  // namespace heed
