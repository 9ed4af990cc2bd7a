#pragma once

#include "heed/models/tasks/pair_task.h"

namespace heed::models {

/// Translating sentences: line n of one file into line n of another, by words or by byte pairs.
/// Measured by BLEU of the texts as sacreBLEU computes it, the perplexity of a right token, and
/// sentences that are right as a whole. Of the generated sentences besides, the share of adjectives
/// behind their noun in French and before it in English that were written looking at that adjective
/// ("swap_attention", in per cent).
class Translate final : public PairTask {
 public:
  explicit Translate(std::string name);

  std::vector<Field> settings() override;
  std::vector<Field> options() override;
  std::vector<std::string> test_options() const override;
  std::vector<Recipe> recipes() const override;
  void check_options() const override;
  data::Split examples(const DataPlaces& places) const override;
  data::TokenizerOptions tokenizer_options(data::Unit unit) const override;
  std::string normalized(std::string_view text) const override;
  void measure_more(const Examined& examined, Json& measures) const override;
  bool wants_weights() const override { return generated_; }
  std::string remark(const Json& measures) const override;
  std::string describe(const Json& measures) const override;
  DataFacts set_up(StoredModel& stored, std::span<const Field> model) override;

 private:
  /// The examples of two files, and what to say of lines that are none.
  std::vector<data::Example> read_files(const std::string& source, const std::string& target,
                                        std::vector<std::string>& notes) const;

  bool lower_case_ = false, generated_ = true;
  struct Files {
    std::string source = {}, target = {};
    std::string valid_source = {}, valid_target = {}, test_source = {}, test_target = {};
    TokenChoice tokens = {};
  } files_;
};

}  // namespace heed::models
