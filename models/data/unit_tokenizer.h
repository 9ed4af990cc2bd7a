#pragma once

#include <utility>

#include "heed/models/data/tokenizer.h"
#include "heed/models/data/unit.h"
#include "heed/models/data/vocabulary.h"

namespace heed::data {

/// Characters or words, each with an id of its own: split() and a Vocabulary.
class UnitTokenizer final : public Tokenizer {
 public:
  UnitTokenizer(Unit unit, Vocabulary vocabulary, bool lower_case = false)
      : unit_(unit), vocabulary_(std::move(vocabulary)), lower_case_(lower_case) {}
  /// Of an object of kind "character" or "word".
  static UnitTokenizer from_json(const JsonReader& json);

  std::string kind() const override { return text(unit_); }
  int64_t size() const override { return vocabulary_.size(); }
  std::vector<int64_t> encode(std::string_view text) const override;
  void append(std::string& text, int64_t id) const override;
  std::string piece(int64_t id) const override { return vocabulary_.token(id); }
  std::optional<int64_t> find(std::string_view piece) const override {
    return vocabulary_.find(piece);
  }
  Json to_json() const override;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Unit unit_;
  Vocabulary vocabulary_;
  bool lower_case_;
};

}  // namespace heed::data
