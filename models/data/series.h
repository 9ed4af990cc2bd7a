#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heed::data {

/// Numbers in the order of time.
struct Series {
  std::string name;
  std::vector<double> values;
};

/// A column of a CSV file: fields between commas, semicolons or tabs, numbers with a point; the
/// first line may hold the names of the columns. `column` is such a name, or a number from 1;
/// empty: the last column. Empty lines are skipped, but where there is one column alone an empty
/// line before a value is a missing one. IoError; FileError with the line's number when a value is
/// missing or no finite number, and when there is no such column or no value at all.
Series read_series(const std::string& path, const std::string& column = "");

/// `count` >= 0 values with what makes series hard and easy: a slow wave, a cycle of 24 whose
/// height changes with the place in a cycle of 168, and noise that lasts (each value keeps 0.7 of
/// the noise before it). The same (count, seed) gives the same values.
Series made_up_series(int64_t count, uint64_t seed);

}  // namespace heed::data
