#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heed/models/data/unit.h"
#include "heed/models/data/vocabulary.h"

namespace heed::data {

/// A source sequence and its right answers, in tokens. Any of the answers counts as right.
struct Example {
  std::vector<std::string> source;
  std::vector<std::vector<std::string>> targets;
};

/// Gathers right answers by source: the examples stand in the order in which their sources first
/// came, and an answer that came twice stands once.
class ExampleCollector {
 public:
  void add(std::vector<std::string> source, std::vector<std::string> target);
  std::vector<Example> take() { return std::move(examples_); }
  /// How often a source came again with an answer that stood there already.
  int64_t duplicates() const { return duplicates_; }

 private:
  std::vector<Example> examples_;
  std::map<std::vector<std::string>, int64_t> position_;  // of a source in examples_
  int64_t duplicates_ = 0;
};

struct PairsOptions {
  Unit source_unit = Unit::character;
  Unit target_unit = Unit::character;
};

/// Reads lines `source<TAB>target` of UTF-8 text (a byte order mark and CRLF line ends are
/// tolerated, empty lines skipped). A source on several lines has several right answers. IoError
/// when the file cannot be read; FileError `file:line: expected source<TAB>target, got …` when a
/// line has not exactly one tab, or no token on one side; FileError when no line has a pair.
/// `duplicates`, if given, receives the number of lines that repeat an earlier one.
std::vector<Example> read_pairs(const std::string& path, PairsOptions options = {},
                                int64_t* duplicates = nullptr);

/// Three sets of examples that share no source.
struct Split {
  std::vector<Example> train;
  std::vector<Example> validation;
  std::vector<Example> test;
  std::vector<std::string> notes = {};  ///< what else there is to say of them, a line each
};

/// Cuts examples by their sources: the different sources, sorted, are shuffled by the seed; test
/// gets the first `test_fraction` of them (rounded down, but at least one when the fraction is
/// above 0), validation the next, train the rest. So neither the order of the examples nor their
/// answers change which part a source is in. Error: a fraction outside [0, 1), or nothing is left
/// to train on.
Split split(std::vector<Example> examples, uint64_t seed, double validation_fraction = 0.05,
            double test_fraction = 0.05);

/// The same of the examples of a file, each with a source of its own; FileError, naming the file,
/// when they are too few.
Split split_file(const std::string& path, std::vector<Example> examples, uint64_t seed,
                 double validation_fraction = 0.05, double test_fraction = 0.05);

/// Adds to the notes the number of lines left out as duplicates, unless that is 0.
void note_duplicates(std::vector<std::string>& notes, int64_t lines);

/// The vocabulary of all sources, and that of all right answers.
Vocabulary source_vocabulary(std::span<const Example> examples, int64_t min_count = 1);
Vocabulary target_vocabulary(std::span<const Example> examples, int64_t min_count = 1);

/// One source and one right answer as ids, without <bos> and <eos>.
struct EncodedPair {
  std::vector<int64_t> source;
  std::vector<int64_t> target;
};

/// One pair for each right answer of each example, in their order: what training walks over.
std::vector<EncodedPair> encode(std::span<const Example> examples, const Vocabulary& source,
                                const Vocabulary& target);

}  // namespace heed::data
