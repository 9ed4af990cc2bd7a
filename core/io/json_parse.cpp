#include <algorithm>
#include <nlohmann/json.hpp>

#include "heed/core/io/json.h"

namespace heed::detail {
namespace {

// The text up to the next quote if each of its bytes stands for itself, else nothing.
std::string_view plain_string(std::string_view text) {
  const std::string_view inside = text.substr(0, text.find('"'));
  unsigned special = inside.size() == text.size();  // no quote at all
  for (const char c : inside) special |= uint8_t(c) < 0x20 || uint8_t(c) >= 0x80 || c == '\\';
  return special ? std::string_view() : inside;
}

// What the parser has read, because it does not tell the position of what it found right. Plain
// strings are taken past it, which would look at each character several times: it reads "" for
// them.
class Reading {
 public:
  explicit Reading(std::string_view text) : at_(text.data()), read_(at_), end_(at_ + text.size()) {}

  const char* at() const { return at_; }      // what comes next
  const char* read() const { return read_; }  // behind the last character that was read

  void advance() {
    const char c = *at_++;
    read_ = at_;
    if (escaped_ || (in_string_ && c == '\\')) {
      escaped_ = !escaped_;
    } else if (c == '"') {
      in_string_ = !in_string_;
      if (in_string_) plain_ = plain_string({at_, size_t(end_ - at_)});
      if (in_string_) at_ += plain_.size();
    }
  }

  // The string that the parser has just read as `rest`.
  std::string string(std::string rest) const {
    return plain_.empty() ? std::move(rest) : std::string(plain_);
  }

 private:
  const char *at_, *read_, *end_;
  bool in_string_ = false, escaped_ = false;
  std::string_view plain_;
};

// The characters of the document.
struct Characters {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  Reading* reading;

  reference operator*() const { return *at; }
  Characters& operator++() {
    reading->advance();
    at = reading->at();
    return *this;
  }
  Characters operator++(int) {
    const Characters before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Characters& a, const Characters& b) { return a.at == b.at; }
};

// The reason in the parser's message, without its position (counted otherwise) and without the text
// read last (of any length and content).
std::string reason(std::string_view message) {
  if (message.starts_with("[json.exception.out_of_range"))
    return "a number is out of double's range";
  const size_t begin = message.find("syntax error");
  if (begin == message.npos) return "syntax error";
  return std::string(message.substr(begin, message.find("; last read") - begin));
}

}  // namespace

/// Receives the parser's events (nlohmann's SAX interface) and builds the value from them.
class JsonBuilder {
 public:
  JsonBuilder(std::string_view text, std::string_view name, size_t max_values)
      : text_(text), name_(name), max_values_(max_values), reading_(text) {}

  Json build() {
    // The parser would take a zero byte for the end of the document.
    const size_t zero = text_.find('\0');
    if (zero != text_.npos) refuse("a zero byte", zero + 1);
    const char *begin = text_.data(), *end = begin + text_.size();
    nlohmann::json::sax_parse(Characters{begin, &reading_}, Characters{end, &reading_}, this);
    return std::move(root_);
  }

  bool null() { return add(Json()); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(int64_t value) { return add(value); }
  bool number_unsigned(uint64_t value) {
    return std::in_range<int64_t>(value) ? add(int64_t(value)) : add(double(value));
  }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(reading_.string(std::move(value))); }
  bool binary(const std::vector<uint8_t>&) { refuse("unexpected binary value"); }
  bool start_object(size_t) { return open(Json::object()); }
  bool start_array(size_t) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool key(std::string& key) {
    open_.back().key = reading_.string(std::move(key));
    return true;
  }
  bool end_object() {
    refuse_duplicates(open_.back().json.items());
    return close();
  }
  [[noreturn]] bool parse_error(size_t, const std::string&,
                                const nlohmann::json::exception& error) {
    refuse(reason(error.what()));
  }

 private:
  struct Container {
    Json json;
    std::string key;  // of the member that comes next
  };

  void count_value() {
    if (++count_ > max_values_) refuse("more than " + std::to_string(max_values_) + " values");
  }

  bool add(Json value) {
    count_value();
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    count_value();
    if (open_.size() == Json::max_depth)
      refuse("nested deeper than " + std::to_string(Json::max_depth) + " levels");
    open_.push_back({std::move(container), {}});
    return true;
  }

  bool close() {
    Json json = std::move(open_.back().json);
    open_.pop_back();
    place(std::move(json));
    return true;
  }

  void place(Json value) {
    if (open_.empty())
      root_ = std::move(value);
    else if (auto* array = std::get_if<Json::Array>(&open_.back().json.value_))
      array->push_back(std::move(value));
    else
      std::get<Json::Object>(open_.back().json.value_)
          .emplace_back(std::move(open_.back().key), std::move(value));
  }

  void refuse_duplicates(const Json::Object& members) const {
    std::vector<std::string_view> keys;
    for (const auto& member : members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end())
      refuse("the object that ends here has the key " + text(Json(*twice)) + " twice");
  }

  [[noreturn]] void refuse(const std::string& what) const {
    refuse(what, size_t(reading_.read() - text_.data()));
  }

  // Line and column count from 1, columns in bytes, and point at the last byte read.
  [[noreturn]] void refuse(const std::string& what, size_t consumed) const {
    const std::string_view before = text_.substr(0, std::max(consumed, size_t{1}) - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    fail<FileError>(name_, ":", line, ":", column, ": ", what);
  }

  std::string_view text_, name_;
  size_t max_values_, count_ = 0;
  Reading reading_;
  std::vector<Container> open_;
  Json root_;
};

}  // namespace heed::detail

namespace heed {

Json parse_json(std::string_view text, std::string_view name, size_t max_values) {
  return detail::JsonBuilder(text, name, max_values).build();
}

}  // namespace heed
