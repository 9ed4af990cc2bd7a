#include "heed/models/tasks/labelled.h"

#include <algorithm>
#include <set>

#include "heed/core/creation.h"
#include "heed/core/error.h"
#include "heed/core/index.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/buckets.h"
#include "heed/models/data/grammar.h"
#include "heed/models/data/lines.h"
#include "heed/models/show/text.h"

namespace heed::models {

Tensor Labelled::batch(std::span<const int64_t> places) const {
  if (images.defined()) {
    return data::image_batch(images, from_values(places, {int64_t(places.size())}));
  }
  std::vector<std::vector<int64_t>> rows;
  for (const int64_t place : places) rows.push_back(texts[size_t(place)]);
  const auto padded = data::pad(rows);
  return from_values(padded.ids, {padded.rows, padded.columns});  // (B, S)
}

Tensor Labelled::labels_of(std::span<const int64_t> places) const {
  std::vector<int64_t> chosen;
  for (const int64_t place : places) chosen.push_back(labels[size_t(place)]);
  return from_values(chosen, {int64_t(chosen.size())});
}

Labelled encoded(std::span<const data::Example> examples, const data::Tokenizer& text,
                 const data::Tokenizer& labels) {
  Labelled part;
  for (const auto& example : examples) {
    const std::string& label = example.targets[0][0];
    const auto found = labels.find(label);
    require(found.has_value(), "the model knows no class ", data::shown(label));
    part.names.push_back(example.source[0]);
    part.texts.push_back(text.encode(example.source[0]));
    part.labels.push_back(*found);
  }
  return part;
}

Labelled pictures(const data::LabelledImages& set, std::span<const int64_t> places) {
  Labelled part;
  const Tensor index = from_values(places, {int64_t(places.size())});
  part.images = index_select(set.images, 0, index);
  const int64_t* labels = set.labels.data<int64_t>();
  for (const int64_t place : places) {
    part.labels.push_back(labels[place]);
    part.names.push_back("image " + std::to_string(place));
  }
  return part;
}

std::vector<data::Example> read_labelled_lines(const std::string& path, int64_t* left_out) {
  data::ExampleCollector collector;
  int64_t lines = 0;
  data::for_each_line(path, [&](const data::Line& line) {
    if (line.text.empty()) return;
    const size_t tab = line.text.find('\t');
    const bool fits = tab != line.text.npos && tab > 0 && tab + 1 < line.text.size();
    if (!fits || !valid_utf8(line.text)) {
      fail<FileError>(line.where(), ": expected label<TAB>text in UTF-8, got ",
                      data::shown(line.text));
    }
    ++lines;
    collector.add({std::string(line.text.substr(tab + 1))},
                  {std::string(line.text.substr(0, tab))});
  });
  auto examples = collector.take();
  if (examples.empty()) fail<FileError>(path, ": expected lines label<TAB>text, got none");
  if (left_out) *left_out = lines - int64_t(examples.size());
  return examples;
}

void check_classes(const std::string& path, std::span<const data::Example> examples,
                   const data::Tokenizer& labels) {
  for (const auto& example : examples) {
    const std::string& label = example.targets[0][0];
    if (labels.find(label)) continue;
    data::for_each_line(path, [&](const data::Line& line) {
      if (!line.text.starts_with(label + "\t")) return;
      fail<FileError>(line.where(), ": the model knows no class ", data::shown(label));
    });
  }
}

void learn_every_class(data::Split& parts) {
  std::set<std::string> learned;
  for (const auto& example : parts.train) learned.insert(example.targets[0][0]);
  int64_t moved = 0;
  for (auto* part : {&parts.validation, &parts.test}) {
    std::erase_if(*part, [&](data::Example& example) {
      if (learned.contains(example.targets[0][0])) return false;
      parts.train.push_back(std::move(example));
      ++moved;
      return true;
    });
  }
  if (moved == 0) return;
  parts.notes.push_back(show::counted(moved, "examples") +
                        " of classes that would not be learned otherwise moved to those to learn");
}

std::vector<data::Example> two_languages(int64_t count, uint64_t seed, data::Part part) {
  std::vector<data::Example> english, french;
  for (const auto& [pair, adjectives] : data::grammar_examples(count, seed, part)) {
    const auto text = [](const auto& words) { return data::join(data::Unit::word, words); };
    english.push_back({.source = {text(pair.source)}, .targets = {{"english"}}});
    french.push_back({.source = {text(pair.targets[0])}, .targets = {{"french"}}});
  }
  std::vector<data::Example> examples;  // one of each sentence, now in one language, now the other
  for (size_t i = 0; i < english.size(); ++i) examples.push_back((i % 3 ? english : french)[i]);
  return examples;
}

}  // namespace heed::models
