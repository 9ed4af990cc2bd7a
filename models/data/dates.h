#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "heed/models/data/pairs.h"
#include "heed/models/data/part.h"

namespace heed::data {

/// A day as people write it, and as ISO 8601 writes it, both by characters (all ASCII).
struct DateExample {
  Example example;
  int64_t year_begin = 0;  // source characters [year_begin, year_end) spell the year
  int64_t year_end = 0;
  std::string date;  // "1979-05-03", the right answer
};

/// `count` different days of one part, uniformly from 1 January 1600 to 31 December 2199
/// (Gregorian calendar, 5 % each for validation and test), each in one of 25 formats at random:
/// "3 May 1979", "Thursday, 3 May 1979", "the 3rd of May, 1979", "May 3, 1979", "1979 May 3",
/// "03.05.1979", "1979/05/03" ...; a fifth of them all in upper case, a fifth all in lower case.
/// A day of one part is never in another, in any format.
/// Numbers alone mean day, month, year, as 03/05/1979 is 3 May; or year, month, day when the year
/// comes first; never month, day, year. Years always have four digits.
/// The same (count, seed, part) gives the same examples. Error: count is below 0 or above the
/// number of days in the part (at least 10,000).
std::vector<DateExample> date_examples(int64_t count, uint64_t seed, Part part);

}  // namespace heed::data
