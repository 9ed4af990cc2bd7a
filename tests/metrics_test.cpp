#include <algorithm>
#include <array>

#include "heed/core/generator.h"
#include "heed/models/data/unit.h"
#include "heed/models/metrics/bleu.h"
#include "heed/models/metrics/edit_distance.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;
using Sentence = std::vector<std::string>;
using Sentences = std::vector<Sentence>;

namespace {

Sentence words(const std::string& text) { return split(Unit::word, text); }
Sentence letters(const std::string& text) { return split(Unit::character, text); }

Sentences all_words(const std::vector<std::string>& texts) {
  Sentences out;
  for (const auto& text : texts) out.push_back(words(text));
  return out;
}

int64_t distance(const std::string& a, const std::string& b) {
  return edit_distance(letters(a), letters(b));
}

/// By its recursive definition: exponential time, so for short sequences.
int64_t slow_distance(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return int64_t(a.size() + b.size());
  const std::string tail_a = a.substr(1), tail_b = b.substr(1);
  return std::min({slow_distance(tail_a, b) + 1, slow_distance(a, tail_b) + 1,
                   slow_distance(tail_a, tail_b) + (a[0] != b[0])});
}

std::string random_text(heed::Generator& generator) {
  std::string text(size_t(generator.integer(6)), ' ');
  for (char& c : text) c = char('a' + generator.integer(3));
  return text;
}

}  // namespace

TEST_CASE("edit distance of known pairs") {
  CHECK(distance("", "") == 0);
  CHECK(distance("", "abc") == 3);
  CHECK(distance("abc", "") == 3);
  CHECK(distance("kitten", "sitting") == 3);
  CHECK(distance("intention", "execution") == 5);
  CHECK(edit_distance(words("k ae t"), words("k ah t")) == 1);  // tokens, not characters
}

TEST_CASE("edit distance equals its recursive definition and is a metric") {
  heed::Generator generator(3);
  for (int i = 0; i < 300; ++i) {
    const auto a = random_text(generator), b = random_text(generator), c = random_text(generator);
    CAPTURE(a, b, c);
    CHECK(distance(a, b) == slow_distance(a, b));
    CHECK(distance(a, b) == distance(b, a));
    CHECK((distance(a, b) == 0) == (a == b));
    CHECK(distance(a, c) <= distance(a, b) + distance(b, c));
  }
}

TEST_CASE("error rates take the closest right answer, the first on ties") {
  const Sentences hypotheses = all_words({"k ae t", "d ao g z", "m aw s"});
  const std::vector<Sentences> references = {
      all_words({"k ey t", "k ae t"}),         // the second is right
      all_words({"d ao g", "d ao g s s"}),     // 1 and 2 errors
      all_words({"m aw s ih", "m aw s iy"})};  // 1 error both, 4 tokens
  const ErrorRates rates = error_rates(hypotheses, references);
  CHECK(rates.errors == 2);
  CHECK(rates.tokens == 3 + 3 + 4);
  CHECK(rates.wrong == 2);
  CHECK(rates.sequences == 3);
  CHECK(rates.token_error_rate == Approx(20.0));
  CHECK(rates.sequence_error_rate == Approx(200.0 / 3));
  const ErrorRates tie =
      error_rates(all_words({"a b"}), std::vector<Sentences>{all_words({"a b c", "a"})});
  CHECK(tie.tokens == 3);
}

TEST_CASE("error rates of equal sequences are 0, of silence 100, and may exceed 100") {
  const Sentences said = all_words({"a b", "c", "d e f"});
  std::vector<Sentences> references;
  for (const auto& sentence : said) references.push_back({sentence});
  CHECK(error_rates(said, references).token_error_rate == 0);
  CHECK(error_rates(said, references).sequence_error_rate == 0);
  CHECK(error_rates(Sentences(3), references).token_error_rate == 100);
  CHECK(error_rates(Sentences(3), references).sequence_error_rate == 100);
  const ErrorRates babble =
      error_rates(all_words({"x y z"}), std::vector<Sentences>{all_words({"a"})});
  CHECK(babble.token_error_rate == 300);
  CHECK(babble.sequence_error_rate == 100);
}

TEST_CASE("error rates refuse what has no meaning") {
  const Sentences one = all_words({"a"});
  const std::vector<Sentences> references = {one};
  check_error([&] { error_rates(Sentences(2), references); },
              "error_rates: 2 hypotheses but 1 lists of references");
  check_error([&] { error_rates(Sentences{}, std::vector<Sentences>{}); }, "at least one");
  check_error([&] { error_rates(one, std::vector<Sentences>(1)); },
              "hypothesis 0 has no reference");
  check_error([&] { error_rates(one, std::vector<Sentences>{Sentences(1)}); }, "only empty ones");
}

namespace {

struct BleuCase {
  std::vector<std::string> hypotheses;
  std::vector<std::vector<std::string>> references;  // of each hypothesis
  double none, add_1, add_half, exp;                 // scores by sacreBLEU 2.6.0, tokenize='none'
  std::array<double, 4> precisions;                  // without smoothing
  double brevity_penalty;
};

const std::vector<BleuCase>& bleu_cases() {
  static const std::vector<BleuCase> cases = {
      {{"the cat sat on the mat", "there is a dog in the garden today"},
       {{"the cat is sitting on the mat"}, {"there is a dog in the garden"}},
       66.26877340247366,
       69.48413844794128,
       67.97451413967242,
       66.26877340247366,
       {85.71428571428571, 75.0, 60.0, 50.0},
       1.0},
      {{"it is a guide to action which ensures that the military always obeys the commands of the "
        "party",
        "he read the book because he was interested in world history"},
       {{"it is a guide to action that ensures that the military will forever heed party commands",
         "it is the guiding principle which guarantees the military forces always being under the "
         "command of the party",
         "it is the practical guide for the army always to heed the directions of the party"},
        {"he was interested in world history because he read the book",
         "he read it since world history interested him",
         "because of his interest in world history he read the book"}},
       59.20778868801044,
       61.08780048582718,
       60.172998101130595,
       59.20778868801044,
       {96.55172413793103, 70.37037037037037, 52.0, 34.78260869565217},
       1.0},
      {{"the cat", "a b c x e"},
       {{"the cat sat here"}, {"a b c d e f g"}},
       0.0,
       31.371436090802906,
       26.25939212970933,
       25.694343649393563,
       {85.71428571428571, 60.0, 33.333333333333336, 0.0},
       0.5647181220077593},
      {{"the the the the the the the"},
       {{"the cat is on the mat", "there is a cat on the mat"}},
       0.0,
       19.20561263749893,
       12.206421209998096,
       7.809849842300637,
       {28.571428571428573, 0.0, 0.0, 0.0},
       1.0},
      {{"a b c d"}, {{"w x y z"}}, 0.0, 0.0, 0.0, 0.0, {0.0, 0.0, 0.0, 0.0}, 1.0}};
  return cases;
}

}  // namespace

TEST_CASE("BLEU equals sacreBLEU") {
  for (const auto& expected : bleu_cases()) {
    CAPTURE(expected.hypotheses[0]);
    const Sentences hypotheses = all_words(expected.hypotheses);
    std::vector<Sentences> references;
    for (const auto& texts : expected.references) references.push_back(all_words(texts));
    const Bleu plain = bleu(hypotheses, references, {.smoothing = Smoothing::none});
    CHECK(plain.score == Approx(expected.none).epsilon(1e-12));
    CHECK(plain.brevity_penalty == Approx(expected.brevity_penalty).epsilon(1e-12));
    for (size_t i = 0; i < 4; ++i) {
      CHECK(plain.precisions[i] == Approx(expected.precisions[i]).epsilon(1e-12));
    }
    const auto score = [&](BleuOptions options) {
      return bleu(hypotheses, references, options).score;
    };
    CHECK(score({.smoothing = Smoothing::add_k}) == Approx(expected.add_1).epsilon(1e-12));
    CHECK(score({.smoothing = Smoothing::add_k, .k = 0.5}) ==
          Approx(expected.add_half).epsilon(1e-12));
    CHECK(score({.smoothing = Smoothing::exp}) == Approx(expected.exp).epsilon(1e-12));
  }
}

TEST_CASE("BLEU of equal sentences is 100, of silence 0") {
  const Sentences said = all_words({"one two three four five", "six seven eight nine"});
  const std::vector<Sentences> references = {{said[0]}, {said[1], said[0]}};
  CHECK(bleu(said, references).score == 100);
  const Bleu silent = bleu(Sentences(2), references);
  CHECK(silent.score == 0);
  CHECK(silent.brevity_penalty == 0);
}

TEST_CASE("BLEU's reference length is the closest, the shorter on ties") {
  const Sentences said = all_words({"a b c d e f"});
  const Bleu tie = bleu(said, std::vector<Sentences>{all_words({"a b c d e f g h", "a b c d"})});
  CHECK(tie.hypothesis_length == 6);
  CHECK(tie.reference_length == 4);
  CHECK(tie.score == 100);
}

TEST_CASE("BLEU refuses what has no meaning") {
  const Sentences one = all_words({"a"});
  const std::vector<Sentences> references = {one};
  check_error([&] { bleu(Sentences(2), references); }, "bleu: 2 hypotheses but 1 lists");
  check_error([&] { bleu(Sentences{}, std::vector<Sentences>{}); }, "at least one");
  check_error([&] { bleu(one, std::vector<Sentences>(1)); }, "hypothesis 0 has no reference");
  check_error([&] { bleu(one, references, {.smoothing = Smoothing::add_k, .k = 0}); },
              "k must be above 0");
}
