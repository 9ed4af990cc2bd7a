#include "heed/models/data/dates.h"

#include <array>
#include <chrono>
#include <span>
#include <string_view>

#include "heed/core/error.h"
#include "heed/models/data/shuffle.h"

namespace heed::data {
namespace {

using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> months = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> weekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};

/// %d 3, %D 03, %o 3rd; %m 5, %M 05, %b May, %B May; %Y 1979; %a Thu, %A Thursday.
constexpr std::array<std::string_view, 25> formats = {
    "%d %B %Y",        "%D %b %Y",         "%o %B %Y",     "%d. %B %Y",   "%d of %B, %Y",
    "the %o of %B %Y", "the %o of %B, %Y", "%A, %d %B %Y", "%a %d %b %Y", "%A the %o of %B %Y",
    "%d-%b-%Y",        "%B %d, %Y",        "%b %d %Y",     "%B %o, %Y",   "%B the %o, %Y",
    "%A, %B %d, %Y",   "%a, %b %o, %Y",    "%Y %B %d",     "%Y, %b %o",   "%D.%M.%Y",
    "%d.%m.%Y",        "%D/%M/%Y",         "%d/%m/%Y",     "%Y/%M/%D",    "%Y-%M-%D"};

std::string two_digits(unsigned number) {
  return {char('0' + number / 10), char('0' + number % 10)};
}

std::string ordinal(unsigned number) {
  constexpr std::array<const char*, 4> endings = {"th", "st", "nd", "rd"};
  const bool teen = number / 10 == 1;
  return std::to_string(number) + endings[teen || number % 10 > 3 ? 0 : number % 10];
}

/// One letter of a format, spelled for a day.
std::string spell(char letter, sys_days when) {
  const std::chrono::year_month_day date(when);
  const unsigned day = unsigned(date.day()), month = unsigned(date.month());
  const std::string month_name(months[month - 1]);
  const std::string weekday(weekdays[std::chrono::weekday(when).c_encoding()]);
  switch (letter) {
    case 'd':
      return std::to_string(day);
    case 'D':
      return two_digits(day);
    case 'o':
      return ordinal(day);
    case 'm':
      return std::to_string(month);
    case 'M':
      return two_digits(month);
    case 'b':
      return month_name.substr(0, 3);
    case 'B':
      return month_name;
    case 'a':
      return weekday.substr(0, 3);
    case 'A':
      return weekday;
    default:
      return std::to_string(int(date.year()));  // 'Y'
  }
}

struct Written {
  std::string text;
  size_t year_begin = 0;
};

Written write(std::string_view format, sys_days when) {
  Written written;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      written.text += format[i];
      continue;
    }
    const char letter = format[++i];
    if (letter == 'Y') written.year_begin = written.text.size();
    written.text += spell(letter, when);
  }
  return written;
}

enum class Case { kept, lower, upper };

Case random_case(Generator& generator) {
  const int64_t fifth = generator.integer(5);
  return fifth == 0 ? Case::upper : fifth == 1 ? Case::lower : Case::kept;
}

char in_case(Case wanted, char c) {
  if (wanted == Case::lower && c >= 'A' && c <= 'Z') return char(c - 'A' + 'a');
  if (wanted == Case::upper && c >= 'a' && c <= 'z') return char(c - 'a' + 'A');
  return c;
}

DateExample make_example(sys_days when, Generator& generator) {
  const auto format = formats[generator.integer(formats.size())];
  const auto [text, year_begin] = write(format, when);
  const Case letter_case = random_case(generator);
  DateExample made{.example = {},
                   .year_begin = int64_t(year_begin),
                   .year_end = int64_t(year_begin) + 4,
                   .date = write("%Y-%M-%D", when).text};
  for (const char c : text) made.example.source.emplace_back(1, in_case(letter_case, c));
  made.example.targets.resize(1);
  for (const char c : made.date) made.example.targets[0].emplace_back(1, c);
  return made;
}

/// By a hash of the day, the same for every seed.
Part part_of(sys_days when) {
  const auto day = uint64_t(when.time_since_epoch().count());
  const int64_t twentieth = stream(0, Stream::date_part, day).integer(20);
  return twentieth == 0 ? Part::test : twentieth == 1 ? Part::validation : Part::train;
}

std::vector<sys_days> days_of(Part part) {
  using std::chrono::January, std::chrono::year;
  std::vector<sys_days> days;
  const sys_days end(year(2200) / January / 1);
  for (sys_days day(year(1600) / January / 1); day < end; day += std::chrono::days(1)) {
    if (part_of(day) == part) days.push_back(day);
  }
  return days;
}

}  // namespace

std::vector<DateExample> date_examples(int64_t count, uint64_t seed, Part part) {
  auto days = days_of(part);
  require(count >= 0 && count <= int64_t(days.size()), "date_examples: count must be in [0, ",
          days.size(), "], the days of this part, got ", count);
  auto generator = stream(seed, Stream::dates, uint64_t(part));
  shuffle(std::span(days), generator, count);
  std::vector<DateExample> examples;
  examples.reserve(size_t(count));
  for (int64_t i = 0; i < count; ++i) examples.push_back(make_example(days[i], generator));
  return examples;
}

}  // namespace heed::data
