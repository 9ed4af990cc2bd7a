// BLEU and chrF against what sacreBLEU made of the same texts (tools/parity/text_metrics.py).
#include <map>

#include "heed/core/io/files.h"
#include "heed/core/io/json.h"
#include "heed/models/metrics/bleu.h"
#include "heed/models/metrics/chrf.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::data;

namespace {

using Texts = std::vector<std::string>;

Json stored() {
  const std::string path = test_data("data/metrics.json").string();
  return parse_json(read_file(path), path);
}

Texts texts(const JsonReader& list) {
  Texts all;
  for (const auto& text : list.elements()) all.push_back(text.as_string());
  return all;
}

struct Way {
  BleuTokens tokens;
  BleuOptions options;
};

const std::map<std::string, Way> ways = {
    {"13a", {BleuTokens::mteval_13a, {}}},
    {"char", {BleuTokens::character, {}}},
    {"none", {BleuTokens::none, {}}},
    {"13a none", {BleuTokens::mteval_13a, {.smoothing = Smoothing::none}}},
    {"13a add-k", {BleuTokens::mteval_13a, {.smoothing = Smoothing::add_k}}},
    {"13a effective", {BleuTokens::mteval_13a, {.effective_order = true}}},
    {"char effective", {BleuTokens::character, {.effective_order = true}}}};

const std::map<std::string, ChrfOptions> chrfs = {
    {"chrF2", {}}, {"chrF2++", {.word_order = 2}}, {"chrF1", {.char_order = 4, .beta = 1}}};

struct Corpus {
  explicit Corpus(const JsonReader& json) : hypotheses(texts(json.at("hypotheses"))) {
    for (const auto& list : json.at("references").elements()) references.push_back(texts(list));
  }
  Texts hypotheses;
  std::vector<Texts> references;
};

}  // namespace

TEST_CASE("text is cut into tokens as sacreBLEU cuts it") {
  const Json json = stored();
  for (const auto& line : JsonReader(json, "metrics.json").at("lines").elements()) {
    const std::string text = line.at("text").as_string();
    CAPTURE(text);
    CHECK(bleu_tokens(text, BleuTokens::mteval_13a) == texts(line.at("13a")));
    CHECK(bleu_tokens(text, BleuTokens::character) == texts(line.at("char")));
  }
  CHECK(bleu_tokens("no, cut\u00A0", BleuTokens::none) == Texts{"no,", "cut"});
  CHECK(bleu_tokens("\xFF\x80 a", BleuTokens::character) == Texts{"\xFF\x80", "a"});
}

TEST_CASE("BLEU and chrF of texts equal sacreBLEU's") {
  const Json json = stored();
  for (const auto& stored_corpus : JsonReader(json, "metrics.json").at("corpora").elements()) {
    const Corpus corpus(stored_corpus);
    const JsonReader scores = stored_corpus.at("scores");
    for (const auto& [name, way] : ways) {
      CAPTURE(corpus.hypotheses[0], name);
      const JsonReader expected = scores.at(name);
      const Bleu found = corpus_bleu(corpus.hypotheses, corpus.references, way.tokens, way.options);
      CHECK(found.score == Approx(expected.at("score").as_double()).margin(1e-10));
      CHECK(found.brevity_penalty == Approx(expected.at("bp").as_double()));
      CHECK(found.hypothesis_length == expected.at("sys_len").as_int());
      CHECK(found.reference_length == expected.at("ref_len").as_int());
      for (size_t n = 0; n < 4; ++n)
        CHECK(found.precisions[n] == Approx(expected.at("precisions").at(n).as_double()));
    }
    for (const auto& [name, options] : chrfs) {
      CAPTURE(corpus.hypotheses[0], name);
      CHECK(chrf(corpus.hypotheses, corpus.references, options) ==
            Approx(scores.at(name).as_double()).margin(1e-10));
    }
    for (size_t i = 0; i < corpus.hypotheses.size(); ++i) {
      CAPTURE(corpus.hypotheses[i]);
      CHECK(sentence_bleu(corpus.hypotheses[i], corpus.references[i]).score ==
            Approx(stored_corpus.at("sentences").at(i).as_double()).margin(1e-10));
    }
  }
}

TEST_CASE("chrF of equal texts is 100, of texts that share nothing 0") {
  const Texts said = {"the same text", "twice"};
  const std::vector<Texts> references = {{said[0]}, {"another", said[1]}};
  CHECK(chrf(said, references) == Approx(100));
  CHECK(chrf(said, references, {.word_order = 2}) == Approx(100));
  CHECK(chrf(Texts{"abc"}, std::vector<Texts>{{"xyz"}}) == 0);
  CHECK(chrf(Texts{""}, std::vector<Texts>{{"xyz"}}) == 0);
}

TEST_CASE("chrF refuses what has no meaning") {
  const std::vector<Texts> references = {{"a"}};
  check_error([&] { chrf(Texts{"a", "b"}, references); }, "chrf: 2 hypotheses but 1 lists");
  check_error([&] { chrf(Texts{}, std::vector<Texts>{}); }, "at least one hypothesis");
  check_error([&] { chrf(Texts{"a"}, std::vector<Texts>(1)); }, "hypothesis 0 has no reference");
  check_error([&] { chrf(Texts{"a"}, references, {.char_order = 0}); },
              "expected char_order >= 1, word_order >= 0 and beta > 0, got 0, 0 and 2");
}
