#pragma once
// internal

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/models/data/images.h"
#include "heed/models/data/pairs.h"
#include "heed/models/data/part.h"
#include "heed/models/data/tokenizer.h"

namespace heed::models {

/// Inputs of a classifier with their classes: images, or the ids of texts.
struct Labelled {
  Tensor images = {};                            // (N, H, W) u8
  std::vector<std::vector<int64_t>> texts = {};  // or these
  std::vector<int64_t> labels = {};
  std::vector<std::string> names = {};  // to show

  int64_t size() const { return int64_t(labels.size()); }
  /// The inputs of some places as Classifier::forward reads them.
  Tensor batch(std::span<const int64_t> places) const;
  Tensor labels_of(std::span<const int64_t> places) const;  // (B) i64
};

/// Texts whose one right answer is a label, as ids. Error for a label that is unknown.
Labelled encoded(std::span<const data::Example> examples, const data::Tokenizer& text,
                 const data::Tokenizer& labels);

/// The images at the places, each named by its number.
Labelled pictures(const data::LabelledImages& set, std::span<const int64_t> places);

/// Lines label<TAB>text: examples with the text as the only source token and the label as the
/// answer. IoError, or FileError with the number of a line that is none. `left_out`, if given,
/// receives the number of lines whose text stood on an earlier one.
std::vector<data::Example> read_labelled_lines(const std::string& path,
                                               int64_t* left_out = nullptr);

/// FileError, naming the line of the file, when the label of an example of it is unknown.
void check_classes(const std::string& path, std::span<const data::Example> examples,
                   const data::Tokenizer& labels);

/// Moves the examples of validation and test whose class stands on no example to learn to those to
/// learn, and notes how many.
void learn_every_class(data::Split& parts);

/// Generated sentences, English or French, labelled with their language; two thirds are English.
std::vector<data::Example> two_languages(int64_t count, uint64_t seed, data::Part part);

}  // namespace heed::models
