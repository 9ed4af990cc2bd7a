#include "heed/models/tasks/labelled.h"

#include "heed/core/creation.h"
#include "heed/core/error.h"
#include "heed/core/index.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/buckets.h"
#include "heed/models/data/grammar.h"
#include "heed/models/data/lines.h"

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

std::vector<data::Example> read_labelled_lines(const std::string& path) {
  data::ExampleCollector collector;
  data::for_each_line(path, [&](const data::Line& line) {
    if (line.text.empty()) return;
    const size_t tab = line.text.find('\t');
    const bool fits = tab != line.text.npos && tab > 0 && tab + 1 < line.text.size();
    if (!fits || !valid_utf8(line.text)) {
      fail<FileError>(line.where(), ": expected label<TAB>text in UTF-8, got ",
                      data::shown(line.text));
    }
    collector.add({std::string(line.text.substr(tab + 1))},
                  {std::string(line.text.substr(0, tab))});
  });
  auto examples = collector.take();
  if (examples.empty()) fail<FileError>(path, ": expected lines label<TAB>text, got none");
  return examples;
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
