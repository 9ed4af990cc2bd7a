#include "flags.h"

#include <algorithm>
#include <charconv>

#include "heed/models/metrics/edit_distance.h"

namespace {

std::vector<std::string> letters(std::string_view word) {
  std::vector<std::string> letters;
  for (const char c : word) letters.emplace_back(1, c);
  return letters;
}

/// All of the text as a number.
template <class T>
std::optional<T> parsed(std::string_view text) {
  T number{};
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc() || stop != end) return {};
  return number;
}

/// -1 and -.5 are texts.
bool is_flag(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && word[1] != '.' && (word[1] < '0' || word[1] > '9');
}

}  // namespace

std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates) {
  std::optional<std::string> best;
  for (const auto candidate : candidates) {
    if (word.size() > 1 && candidate.starts_with(word)) return std::string(candidate);
  }
  int64_t smallest = 3;  // at most two letters differ
  for (const auto candidate : candidates) {
    const int64_t distance = heed::data::edit_distance(letters(word), letters(candidate));
    if (distance >= smallest) continue;
    smallest = distance;
    best = candidate;
  }
  return best;
}

Arguments::Arguments(std::string_view command, std::span<const Flag> flags,
                     std::span<const std::string> words)
    : command_(command) {
  bool only_texts = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_texts || !is_flag(word)) {
      texts_.push_back(word);
    } else if (word == "--") {
      only_texts = true;
    } else {
      const size_t equals = word.starts_with("--") ? word.find('=') : word.npos;
      const Flag& flag = find(word.substr(0, equals), flags);
      if (flag.value.empty() && equals != word.npos) refuse("--", flag.name, " takes no value");
      std::string value = equals == word.npos ? "" : word.substr(equals + 1);
      if (!flag.value.empty() && equals == word.npos) {
        if (++i == words.size()) refuse("--", flag.name, " needs a value: ", flag.value);
        value = words[i];
      }
      given_.push_back({.flag = flag.name, .value = std::move(value)});
    }
  }
}

const Flag& Arguments::find(std::string_view word, std::span<const Flag> flags) const {
  std::vector<std::string_view> names;
  for (const Flag& flag : flags) {
    const bool is_long = word.starts_with("--");
    if (is_long ? word.substr(2) == flag.name : word.size() == 2 && word[1] == flag.letter) {
      return flag;
    }
    names.push_back(flag.name);
  }
  const auto meant = nearest(word.substr(std::min(word.size(), size_t{2})), names);
  refuse("unknown flag ", word, meant ? "; did you mean --" + *meant + "?" : "");
}

std::optional<std::string> Arguments::text(std::string_view flag) const {
  const auto values = all(flag);
  if (values.empty()) return {};
  return values.back();
}

std::vector<std::string> Arguments::all(std::string_view flag) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : given_) {
    if (name == flag) values.push_back(value);
  }
  return values;
}

std::optional<int64_t> Arguments::integer(std::string_view flag, int64_t min) const {
  const auto value = text(flag);
  if (!value) return {};
  const auto number = parsed<int64_t>(*value);
  if (number && *number >= min) return number;
  refuse("--", flag, ": expected an integer from ", min, " up, got \"", *value, "\"");
}

std::optional<double> Arguments::number(std::string_view flag) const {
  const auto value = text(flag);
  if (!value) return {};
  const auto number = parsed<double>(*value);
  if (number && *number >= 0) return number;
  refuse("--", flag, ": expected a number from 0 up, got \"", *value, "\"");
}

void Arguments::expect_texts(size_t least, size_t most, std::string_view wanted) const {
  if (texts_.size() < least) refuse("expected ", wanted);
  if (texts_.size() > most) refuse("expected ", wanted, ", and no \"", texts_[most], "\"");
}

std::string describe(std::span<const Flag> flags) {
  std::vector<std::string> left;
  size_t width = 0;
  for (const Flag& flag : flags) {
    std::string text = flag.letter ? std::string("-") + flag.letter + ", --" : "    --";
    text += flag.name + (flag.value.empty() ? "" : " ") + flag.value;
    width = std::max(width, text.size());
    left.push_back(std::move(text));
  }
  std::string lines;
  for (size_t i = 0; i < left.size(); ++i) {
    lines += "  " + left[i] + std::string(width + 2 - left[i].size(), ' ') + flags[i].help + "\n";
  }
  return lines;
}
