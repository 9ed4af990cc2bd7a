// The English-French grammar: sentences known by heart, agreement, and parts that never meet.
#include <algorithm>
#include <map>
#include <set>

#include "heed/models/data/grammar.h"
#include "heed/models/data/grammar_words.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;

namespace {

std::string english(const GrammarExample& made) { return join(Unit::word, made.example.source); }
std::string french(const GrammarExample& made) { return join(Unit::word, made.example.targets[0]); }

const std::vector<GrammarExample>& many_examples() {
  static const auto made = grammar_examples(8000, 1, Part::train);
  return made;
}

/// The French noun of an English one, with its gender; plural or not.
const grammar::Noun* noun_of(const std::string& word, bool& plural) {
  for (const auto& noun : grammar::nouns()) {
    plural = word == grammar::english_plural(noun);
    if (plural || word == noun.english) return &noun;
  }
  return nullptr;
}

/// Does a form agree? By its endings alone, another way than the code's.
bool agrees(const grammar::Adjective& adjective, const grammar::Noun& noun, bool plural,
            std::string form) {
  if (!noun.feminine && !plural && form == adjective.before_vowel) return true;
  if (plural && (form.ends_with('s') || form.ends_with('x')) &&
      form != (noun.feminine ? adjective.feminine : adjective.masculine))
    form.pop_back();
  return form == (noun.feminine ? adjective.feminine : adjective.masculine);
}

}  // namespace

TEST_CASE("words are bent as French and English bend them") {
  using namespace grammar;
  const auto noun = [](std::string_view word) {
    return *std::ranges::find(nouns(), word, &Noun::english);
  };
  const auto verb = [](std::string_view word) {
    return *std::ranges::find(verbs(), word, &Verb::english);
  };
  const auto adjective = [](std::string_view word) {
    for (const auto& list : {adjectives_before(), adjectives_behind()})
      for (const Adjective& a : list)
        if (a.english == word) return a;
    return Adjective{};
  };
  CHECK(french(noun("horse"), true) == "chevaux");
  CHECK(french(noun("hospital"), true) == "hôpitaux");
  CHECK(french(noun("bird"), true) == "oiseaux");
  CHECK(french(noun("mouse"), true) == "souris");
  CHECK(english_plural(noun("mouse")) == "mice");
  CHECK(english_plural(noun("valley")) == "valleys");
  CHECK(english_plural(noun("cherry")) == "cherries");
  CHECK(english_plural(noun("church")) == "churches");
  CHECK(french(adjective("old"), noun("bird"), false, true) == "vieil");
  CHECK(french(adjective("old"), noun("cat"), false, true) == "vieux");
  CHECK(french(adjective("old"), noun("cow"), false, true) == "vieille");
  CHECK(french(adjective("beautiful"), noun("man"), true, true) == "beaux");
  CHECK(french(adjective("white"), noun("cow"), true, false) == "blanches");
  CHECK(french(adjective("grey"), noun("cat"), true, false) == "gris");
  CHECK(english(verb("look for"), Tense::present, false) == "looks for");
  CHECK(english(verb("cry"), Tense::past, false) == "cried");
  CHECK(english(verb("watch"), Tense::present, false) == "watches");
  CHECK(french(verb("eat"), Tense::present, true) == "mangent");
  CHECK(french(verb("see"), Tense::future, true) == "verront");
  CHECK(french(verb("love"), Tense::past, true) == "aimé");
}

TEST_CASE("sentences are those that a reader has checked") {
  const std::map<std::string, std::string> right = {
      {"their pretty clean sister will not forget her big cold apricot",
       "leur jolie sœur propre n'oubliera pas son gros abricot froid"},
      {"the clever aunt will not be slow", "la tante intelligente ne sera pas lente"},
      {"the italian uncle near the french valley is quiet",
       "l'oncle italien près de la vallée française est calme"},
      {"the wolf was sick", "le loup était malade"},
      {"this small hen does not dance", "cette petite poule ne danse pas"}};
  size_t found = 0;
  for (const auto& made : many_examples()) {
    const auto known = right.find(english(made));
    if (known == right.end()) continue;
    ++found;
    CHECK(french(made) == known->second);
  }
  CHECK(found >= 3);  // most of them begin the list of this seed
}

TEST_CASE("articles are elided and contracted wherever French asks for it") {
  const std::set<std::string> before_vowel_no = {"le", "la", "de",   "ne",     "ce",
                                                 "ma", "sa", "beau", "nouveau"};
  std::set<std::string> met;
  for (const auto& made : many_examples()) {
    const auto& words = made.example.targets[0];
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      CAPTURE(french(made), i);
      if (before_vowel_no.count(words[i])) CHECK(!grammar::elides(words[i + 1]));
      if (words[i] == "cet" || words[i] == "bel" || words[i] == "nouvel" || words[i] == "vieil") {
        CHECK(grammar::elides(words[i + 1]));
        met.insert(words[i]);
      }
      CHECK(!(words[i] == "de" && (words[i + 1] == "le" || words[i + 1] == "les")));
      CHECK(!words[i].ends_with('\''));
      if (words[i].starts_with("l'") || words[i].starts_with("n'") || words[i].starts_with("d'"))
        met.insert(words[i].substr(0, 2));
    }
  }
  CHECK(met == std::set<std::string>{"cet", "bel", "nouvel", "vieil", "l'", "n'", "d'"});
}

TEST_CASE("adjectives stand where they are said to, and agree") {
  std::map<std::string, const grammar::Adjective*> before, behind;
  for (const auto& a : grammar::adjectives_before()) before[std::string(a.english)] = &a;
  for (const auto& a : grammar::adjectives_behind()) behind[std::string(a.english)] = &a;
  int64_t swapped = 0, kept = 0;
  for (const auto& made : many_examples()) {
    CAPTURE(english(made), french(made));
    const auto &source = made.example.source, &target = made.example.targets[0];
    for (const AdjectiveNoun& pair : made.adjectives) {
      const std::string& adjective = source.at(size_t(pair.source_adjective));
      bool plural = false;
      const auto* noun = noun_of(source.at(size_t(pair.source_noun)), plural);
      REQUIRE(noun != nullptr);
      const std::string expected = grammar::french(*noun, plural);
      CHECK(target.at(size_t(pair.target_noun)).ends_with(expected));
      const auto& table = pair.swapped() ? behind : before;
      REQUIRE(table.count(adjective) == 1);
      CHECK(agrees(*table.at(adjective), *noun, plural, target.at(size_t(pair.target_adjective))));
      CHECK(pair.source_adjective < pair.source_noun);
      (pair.swapped() ? swapped : kept) += 1;
    }
  }
  CHECK(swapped > 3500);
  CHECK(kept > 1500);
}

TEST_CASE("an English sentence has one translation, and its part is its own") {
  std::map<std::string, std::string> translation;
  std::set<std::string> words;
  for (const auto& made : many_examples()) {
    CHECK(translation.emplace(english(made), french(made)).second);  // different sentences
    words.insert(made.example.source.begin(), made.example.source.end());
  }
  CHECK(words.size() > 450);
  for (const auto part : {Part::validation, Part::test})
    for (const auto& made : grammar_examples(1000, 2, part))
      CHECK(translation.count(english(made)) == 0);
  for (const auto& made : grammar_examples(2000, 9, Part::train)) {
    const auto before = translation.find(english(made));
    if (before != translation.end()) CHECK(before->second == french(made));
  }
}

TEST_CASE("generated sentences depend on their seed alone") {
  const auto texts = [](uint64_t seed) {
    std::vector<std::string> found;
    for (const auto& made : grammar_examples(50, seed, Part::test)) found.push_back(french(made));
    return found;
  };
  CHECK(texts(1) == texts(1));
  CHECK(texts(1) != texts(2));
  CHECK(grammar_examples(0, 1, Part::test).empty());
  check_error([] { grammar_examples(-1, 1, Part::test); },
              "grammar_examples: count must be in [0, 1000000], got -1");
}
