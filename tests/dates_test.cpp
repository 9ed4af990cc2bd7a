#include "heed/models/data/dates.h"

#include <algorithm>
#include <set>

#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;

namespace {

std::string source(const DateExample& made) { return join(Unit::character, made.example.source); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The format of a written date: digits as 9, runs of letters by their length's kind.
std::string shape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter && !out.empty() && out.back() == 'x') continue;
    out += is_digit(c) ? '9' : letter ? 'x' : c;
  }
  return out;
}

/// Day of the week by Zeller's congruence, 0 = Saturday, an other way than the code's.
int zeller(int year, int month, int day) {
  if (month < 3) month += 12, --year;
  return (day + 13 * (month + 1) / 5 + year + year / 4 - year / 100 + year / 400) % 7;
}

int days_in_month(int year, int month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

const char* const weekdays[] = {"sat", "sun", "mon", "tue", "wed", "thu", "fri"};
const char* const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                              "jul", "aug", "sep", "oct", "nov", "dec"};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return text;
}

/// The numbers in a text, and its words.
struct Pieces {
  std::vector<int> numbers;
  std::vector<std::string> words;
};

Pieces pieces(const std::string& text) {
  Pieces found;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    if (is_digit(text[i])) {
      while (end < text.size() && is_digit(text[end])) ++end;
      found.numbers.push_back(std::stoi(text.substr(i, end - i)));
    } else if (text[i] >= 'a' && text[i] <= 'z') {
      while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
      found.words.push_back(text.substr(i, end - i));
    }
    i = end;
  }
  return found;
}

/// Reads a written date anew and compares: year, month, day, weekday and the ordinal's ending.
void check_reading(const DateExample& made) {
  const std::string text = lower(source(made));
  CAPTURE(text);
  const int year = std::stoi(made.date.substr(0, 4)), month = std::stoi(made.date.substr(5, 2));
  const int day = std::stoi(made.date.substr(8, 2));
  CHECK(std::to_string(year) == text.substr(made.year_begin, made.year_end - made.year_begin));
  REQUIRE((month >= 1 && month <= 12));
  CHECK((day >= 1 && day <= days_in_month(year, month)));
  const auto [numbers, words] = pieces(text);
  const bool year_first = made.year_begin == 0;
  if (words.empty()) {
    CHECK(numbers == (year_first ? std::vector{year, month, day} : std::vector{day, month, year}));
    return;
  }
  CHECK(numbers == (year_first ? std::vector{year, day} : std::vector{day, year}));
  int month_names = 0;
  for (const auto& word : words) {
    if (word == "the" || word == "of") continue;
    if (word == "st" || word == "nd" || word == "rd" || word == "th") {
      const int last = day / 10 == 1 ? 0 : day % 10;
      CHECK(word == (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th"));
    } else if (word.starts_with(months[month - 1])) {
      ++month_names;
    } else {
      CHECK(word.substr(0, 3) == weekdays[zeller(year, month, day)]);
    }
  }
  CHECK(month_names == 1);
}

}  // namespace

TEST_CASE("written dates mean their answer") {
  const auto examples = date_examples(4000, 1, Part::train);
  REQUIRE(examples.size() == 4000);
  std::set<std::string> dates, shapes;
  bool leap_day = false;
  for (const auto& made : examples) {
    check_reading(made);
    REQUIRE(made.example.targets.size() == 1);
    CHECK(join(Unit::character, made.example.targets[0]) == made.date);
    dates.insert(made.date);
    shapes.insert(shape(source(made)));
    leap_day = leap_day || made.date.ends_with("-02-29");
  }
  CHECK(dates.size() == 4000);  // different days
  CHECK(shapes.size() >= 25);
  CHECK(dates.begin()->substr(0, 2) == "16");
  CHECK(dates.rbegin()->substr(0, 2) == "21");
  CHECK(leap_day);
}

TEST_CASE("days of the parts never meet, whatever the seeds") {
  std::set<std::string> train, held_out;
  for (const auto& made : date_examples(20000, 1, Part::train)) train.insert(made.date);
  for (const auto& made : date_examples(10000, 2, Part::test)) held_out.insert(made.date);
  for (const auto& made : date_examples(10000, 3, Part::validation)) held_out.insert(made.date);
  CHECK(held_out.size() == 20000);
  CHECK(std::none_of(train.begin(), train.end(), [&](auto& day) { return held_out.count(day); }));
}

TEST_CASE("generated dates depend on their seed alone") {
  const auto texts = [](uint64_t seed) {
    std::vector<std::string> found;
    for (const auto& made : date_examples(50, seed, Part::test)) found.push_back(source(made));
    return found;
  };
  CHECK(texts(1) == texts(1));
  CHECK(texts(1) != texts(2));
  CHECK(date_examples(0, 1, Part::test).empty());
  check_error([] { date_examples(-1, 1, Part::test); }, "date_examples: count must be in [0, ");
  check_error([] { date_examples(200000, 1, Part::train); }, "got 200000");
}
