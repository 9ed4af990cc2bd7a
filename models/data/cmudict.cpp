#include "heed/models/data/cmudict.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "heed/core/error.h"
#include "heed/models/data/lines.h"

namespace heed::data {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }
bool is_atom(char c) { return c > ' ' && c <= '~' && c != '(' && c != ')' && c != '"' && c != ';'; }

/// Reads one line's S-expression from left to right; what does not fit is a FileError.
class EntryParser {
 public:
  explicit EntryParser(const Line& line) : line_(line), rest_(line.text) {}

  /// ("word" part-of-speech (syllable ...))
  void entry(std::string& word, std::vector<std::string>& phones) {
    expect('(');
    word = quoted_word();
    atom("a part of speech");
    expect('(');
    while (next() != ')') syllable(phones);
    expect(')');
    expect(')');
    if (next() != '\0' || !rest_.empty()) wrong("the end of the line");
    if (phones.empty()) wrong("a word with phones");
  }

 private:
  /// ((phone ...) stress)
  void syllable(std::vector<std::string>& phones) {
    expect('(');
    expect('(');
    while (next() != ')') phones.push_back(atom("a phone"));
    expect(')');
    const std::string stress = atom("a stress");
    if (stress.size() != 1 || stress[0] < '0' || stress[0] > '9') wrong("a stress of one digit");
    expect(')');
  }

  /// The next character that is not white space, not taken; NUL at the end of the line.
  char next() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }

  void expect(char c) {
    if (next() != c) wrong(std::string("'") + c + "'");
    rest_.remove_prefix(1);
  }

  std::string quoted_word() {
    expect('"');
    std::string word;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);  // the escaped character follows
      if (rest_.empty()) break;
      word += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) wrong("the word's closing quote");
    rest_.remove_prefix(1);
    if (word.empty()) wrong("a word between the quotes");
    return word;
  }

  std::string atom(const char* what) {
    next();
    size_t size = 0;
    while (size < rest_.size() && is_atom(rest_[size])) ++size;
    if (size == 0) wrong(what);
    const std::string found(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return found;
  }

  [[noreturn]] void wrong(const std::string& expected) const {
    fail<FileError>(line_.where(), ": expected ", expected, " at column ",
                    line_.text.size() - rest_.size() + 1, " of ", shown(line_.text));
  }

  const Line& line_;
  std::string_view rest_;
};

/// A line that has no entry by right: empty, a comment, or the header.
bool skipped(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text.empty() || text.front() == ';' || text == "MNCL";
}

void add_line(const Line& line, ExampleCollector& examples) {
  if (skipped(line.text)) return;
  std::string word;
  std::vector<std::string> phones, letters;
  EntryParser(line).entry(word, phones);
  for (const char c : word) {
    if (!is_letter(c)) return;  // abbreviations, digits, accents: not a plainly spelled word
    letters.emplace_back(1, lower(c));
  }
  examples.add(std::move(letters), std::move(phones));
}

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

}  // namespace

std::vector<Example> read_cmudict(const std::string& path) {
  ExampleCollector collector;
  for_each_line(path, [&](const Line& line) { add_line(line, collector); });
  auto examples = collector.take();
  if (examples.empty()) fail<FileError>(path, ": expected entries of a dictionary, got none");
  return examples;
}

std::string find_cmudict(std::span<const std::string> candidates) {
  const std::string standard = "/usr/share/festival/dicts/cmu/cmudict-0.4.out";
  if (const char* chosen = std::getenv("HEED_CMUDICT"); chosen && *chosen) {
    if (!is_file(chosen)) fail<IoError>(chosen, ": no such file (HEED_CMUDICT names it)");
    return chosen;
  }
  std::string tried;
  for (const auto& path : candidates) {
    if (is_file(path)) return path;
    tried += path + ", ";
  }
  if (is_file(standard)) return standard;
  fail<IoError>(tried, standard, ": no CMU dictionary there; install Debian's package festlex-cmu ",
                "or name the file in the environment variable HEED_CMUDICT");
}

}  // namespace heed::data
