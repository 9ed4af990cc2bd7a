#include <algorithm>
#include <charconv>
#include <cmath>

#include "heed/core/io/json.h"
#include "heed/core/io/utf8.h"

namespace heed {
namespace {

void append_escape(std::string& out, char c) {
  constexpr std::string_view letters = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
  constexpr const char* digits = "0123456789abcdef";
  const size_t known = letters.find(c);
  if (known != letters.npos)
    out.append({'\\', names[known]});
  else
    out.append({'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]});
}

void append_string(std::string& out, std::string_view text) {
  const auto special = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  };
  out += '"';
  for (auto at = text.begin(); at != text.end();) {
    const auto next = std::find_if(at, text.end(), special);
    out.append(at, next);
    if (next == text.end()) break;
    append_escape(out, *next);
    at = next + 1;
  }
  out += '"';
}

// A number keeps its point or exponent, so that it is not read back as an integer (-0.0 would lose
// its sign).
void append_number(std::string& out, double value) {
  const size_t begin = out.size();
  out += text(value);
  if (out.find_first_of(".e", begin) == out.npos) out += ".0";
}

// One container on the way from the root to the value being written; the way is only looked at when
// something is wrong.
struct Step {
  const Step* parent;
  size_t index;
};

JsonReader locate(const Json& root, const Step* step) {
  if (!step) return JsonReader(root, "json");
  const JsonReader parent = locate(root, step->parent);
  return parent.json().type() == Json::Type::array ? parent.at(step->index)
                                                   : parent.items()[step->index].second;
}

class Writer {
 public:
  Writer(const Json& root, int indent) : root_(root), indent_(indent) {}

  std::string write() {
    value(root_, nullptr, 0);
    return std::move(out_);
  }

 private:
  void value(const Json& json, const Step* step, int depth) {
    switch (json.type()) {
      case Json::Type::null:
        out_ += "null";
        return;
      case Json::Type::boolean:
        out_ += json.as_bool() ? "true" : "false";
        return;
      case Json::Type::integer:
        out_ += std::to_string(json.as_int());
        return;
      case Json::Type::number:
        number(json.as_double(), step);
        return;
      case Json::Type::string:
        string(json.as_string(), step);
        return;
      case Json::Type::array:
        array(json.elements(), step, depth + 1);
        return;
      case Json::Type::object:
        object(json.items(), step, depth + 1);
        return;
    }
  }

  void number(double value, const Step* step) {
    if (!std::isfinite(value)) wrong(step, text(value) + " cannot be written as JSON");
    append_number(out_, value);
  }

  void string(const std::string& value, const Step* step) {
    if (!valid_utf8(value)) wrong(step, "the text is not valid UTF-8");
    append_string(out_, value);
  }

  void array(const Json::Array& values, const Step* step, int depth) {
    check_depth(step, depth);
    const auto scalar = [](const Json& json) { return json.type() < Json::Type::array; };
    const bool broken = indent_ >= 0 && !std::all_of(values.begin(), values.end(), scalar);
    out_ += '[';
    for (size_t i = 0; i < values.size(); ++i) {
      const Step here{step, i};
      if (i > 0) out_ += indent_ >= 0 && !broken ? ", " : ",";
      if (broken) new_line(depth);
      value(values[i], &here, depth);
    }
    if (broken) new_line(depth - 1);
    out_ += ']';
  }

  void object(const Json::Object& members, const Step* step, int depth) {
    check_depth(step, depth);
    out_ += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      const Step here{step, i};
      if (i > 0) out_ += ',';
      if (indent_ >= 0) new_line(depth);
      string(members[i].first, &here);
      out_ += indent_ >= 0 ? ": " : ":";
      value(members[i].second, &here, depth);
    }
    if (indent_ >= 0 && !members.empty()) new_line(depth - 1);
    out_ += '}';
  }

  void new_line(int depth) {
    out_ += '\n';
    out_.append(size_t(indent_) * size_t(depth), ' ');
  }

  void check_depth(const Step* step, int depth) const {
    if (depth > Json::max_depth)
      wrong(step, "nested deeper than " + std::to_string(Json::max_depth) + " levels");
  }

  [[noreturn]] void wrong(const Step* step, const std::string& what) const {
    fail(locate(root_, step).path(), ": ", what);
  }

  const Json& root_;
  const int indent_;
  std::string out_;
};

}  // namespace

std::string Json::dump(int indent) const { return Writer(*this, indent).write(); }

std::string Json::describe() const {
  constexpr size_t max_shown = 40;
  if (const auto* values = std::get_if<Array>(&value_))
    return "an array of " + std::to_string(values->size());
  if (const auto* members = std::get_if<Object>(&value_))
    return "an object of " + std::to_string(members->size());
  if (const auto* value = std::get_if<double>(&value_)) return heed::text(*value);
  const auto* value = std::get_if<std::string>(&value_);
  if (!value) return dump();
  std::string shown;
  size_t length = std::min(value->size(), max_shown);
  while (length > 0 && length < value->size() && continues_code_point((*value)[length])) --length;
  append_string(shown, std::string_view(*value).substr(0, length));
  return length < value->size() ? shown + "..." : shown;
}

}  // namespace heed
