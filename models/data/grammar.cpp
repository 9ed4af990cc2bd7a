#include "heed/models/data/grammar.h"

#include <algorithm>
#include <array>
#include <set>

#include "heed/core/error.h"
#include "heed/models/data/grammar_words.h"
#include "heed/models/data/shuffle.h"

namespace heed::data {
namespace {

using namespace grammar;
using Words = std::vector<std::string>;

/// What stands before a noun: its English word, and the French for masculine, feminine, plural.
struct Determiner {
  std::string_view english, masculine, feminine, plural;
  bool singular_only = false, plural_only = false;
};

constexpr Determiner the{"the", "le", "la", "les"};
constexpr Determiner a{"a", "un", "une", "", true};
constexpr Determiner some{"some", "", "", "des", false, true};
constexpr Determiner many{"many", "", "", "beaucoup", false, true};
constexpr Determiner every{"every", "chaque", "chaque", "", true};
constexpr auto definite = std::to_array<Determiner>({the,
                                                     the,
                                                     the,
                                                     the,
                                                     {"this", "ce", "cette", ""},
                                                     {"these", "", "", "ces", false, true},
                                                     {"my", "mon", "ma", "mes"},
                                                     {"his", "son", "sa", "ses"},
                                                     {"her", "son", "sa", "ses"},
                                                     {"our", "notre", "notre", "nos"},
                                                     {"their", "leur", "leur", "leurs"}});
constexpr auto indefinite = std::to_array<Determiner>({a,
                                                       a,
                                                       a,
                                                       some,
                                                       some,
                                                       many,
                                                       every,
                                                       {"two", "", "", "deux", false, true},
                                                       {"three", "", "", "trois", false, true},
                                                       {"ten", "", "", "dix", false, true}});

struct NounPhrase {
  const Determiner* determiner = nullptr;
  const Adjective* before = nullptr;  // where French puts them
  const Adjective* behind = nullptr;
  const Noun* noun = nullptr;
  bool plural = false;
};

/// A sentence while it is written, in both languages.
struct Draft {
  Words english, french;
  std::vector<AdjectiveNoun> adjectives;
};

bool chance(Generator& generator, int64_t percent) { return generator.integer(100) < percent; }

template <class T, size_t N>
const T& one_of(const std::array<T, N>& items, Generator& generator) {
  return items[size_t(generator.integer(int64_t(N)))];
}

template <class T, class Fits>
const T& one_of(std::span<const T> items, Generator& generator, const Fits& fits) {
  for (;;) {
    const T& item = items[size_t(generator.integer(int64_t(items.size())))];
    if (fits(item)) return item;
  }
}

NounPhrase noun_phrase(uint8_t kinds, bool is_definite, Generator& generator) {
  NounPhrase phrase;
  phrase.noun = &one_of(nouns(), generator, [=](const Noun& n) { return (n.kind & kinds) != 0; });
  phrase.determiner = is_definite || chance(generator, 60) ? &one_of(definite, generator)
                                                           : &one_of(indefinite, generator);
  const Determiner& d = *phrase.determiner;
  phrase.plural = d.plural_only || (!d.singular_only && !d.plural.empty() && chance(generator, 50));
  const auto goes_with = [&](const Adjective& adjective) {
    return (adjective.kinds & phrase.noun->kind) != 0;
  };
  if (chance(generator, 20)) phrase.before = &one_of(adjectives_before(), generator, goes_with);
  if (chance(generator, 45)) phrase.behind = &one_of(adjectives_behind(), generator, goes_with);
  return phrase;
}

/// Adds words; one that ends with an apostrophe and the next become one word.
void add(Words& out, std::string_view text) {
  for (const std::string& word : split(Unit::word, text)) {
    if (!out.empty() && out.back().ends_with('\''))
      out.back() += word;
    else
      out.push_back(word);
  }
}

/// The French determiner before a word that starts like `next`, behind "de" if asked.
std::string french_determiner(const NounPhrase& phrase, std::string_view next, bool after_de) {
  const Determiner& d = *phrase.determiner;
  std::string word(phrase.plural ? d.plural : phrase.noun->feminine ? d.feminine : d.masculine);
  const bool vowel = elides(next);
  if (d.english == "many") return word + (vowel ? " d'" : " de");
  if (d.english == "some" && phrase.before) return "de";
  if (vowel && (word == "le" || word == "la")) word = "l'";
  if (vowel && word == "ce") word = "cet";
  if (vowel && (word == "ma" || word == "sa")) word.replace(1, 1, "on");
  if (!after_de) return word;
  return word == "le" ? "du" : word == "les" ? "des" : "de " + word;
}

/// Writes a noun phrase in both languages, in French behind "de" if asked.
void write(Draft& draft, const NounPhrase& phrase, bool after_de = false) {
  const auto& [determiner, before, behind, noun, plural] = phrase;
  AdjectiveNoun first, second;

  Words& english = draft.english;
  english.emplace_back(determiner->english);
  const size_t article = english.size() - 1;
  first.source_adjective = second.source_adjective = int64_t(english.size());
  if (before) english.emplace_back(before->english), ++second.source_adjective;
  if (behind) english.emplace_back(behind->english);
  first.source_noun = second.source_noun = int64_t(english.size());
  english.push_back(plural ? english_plural(*noun) : std::string(noun->english));
  if (determiner->english == "a" &&
      std::string_view("aeiou").find(english[article + 1][0]) != std::string_view::npos)
    english[article] = "an";

  Words& french = draft.french;
  const std::string word = grammar::french(*noun, plural);
  const std::string front = before ? grammar::french(*before, *noun, plural, true) : word;
  add(french, french_determiner(phrase, front, after_de));
  add(french, front);
  first.target_adjective = int64_t(french.size()) - 1;
  if (before) french.push_back(word);
  first.target_noun = second.target_noun = int64_t(french.size()) - 1;
  if (behind) french.push_back(grammar::french(*behind, *noun, plural, false));
  second.target_adjective = int64_t(french.size()) - 1;

  if (before) draft.adjectives.push_back(first);
  if (behind) draft.adjectives.push_back(second);
}

/// The phrase, and behind "the" with a thing sometimes "of the king".
void write_with_owner(Draft& draft, const NounPhrase& phrase, Generator& generator) {
  write(draft, phrase);
  if (phrase.noun->kind != thing || phrase.determiner->english != "the") return;
  if (!chance(generator, 40)) return;
  const NounPhrase owner{
      .determiner = &the,
      .noun = &one_of(nouns(), generator, [](const Noun& n) { return n.kind == person; }),
      .plural = chance(generator, 30)};
  draft.english.emplace_back("of");
  write(draft, owner, true);
}

/// What the verb has in common with others.
struct Clause {
  Tense tense;
  bool plural, negated;
};

/// French negation around one word.
std::string negation(const std::string& word) {
  return (elides(word) ? "n' " : "ne ") + word + " pas";
}

void write_verb(Draft& draft, const Verb& verb, const Clause& clause) {
  const auto [tense, plural, negated] = clause;
  const std::string base = english(verb, Tense::future, plural);
  if (tense == Tense::future)
    add(draft.english, (negated ? "will not " : "will ") + base);
  else if (negated)
    add(draft.english, (tense == Tense::past ? "did not "
                        : plural             ? "do not "
                                             : "does not ") +
                           base);
  else
    add(draft.english, english(verb, tense, plural));

  std::string word = french(verb, tense, plural), participle;
  if (tense == Tense::past) {
    participle = " " + word;
    word = plural ? "ont" : "a";
  }
  add(draft.french, (negated ? negation(word) : word) + participle);
}

/// "is red", "ne sont pas rouges".
void write_be(Draft& draft, const Noun& subject, const Clause& clause, Generator& generator) {
  const auto [tense, plural, negated] = clause;
  constexpr const char* english_be[3][2] = {{"is", "are"}, {"was", "were"}, {"will", "will"}};
  constexpr const char* french_be[3][2] = {
      {"est", "sont"}, {"était", "étaient"}, {"sera", "seront"}};
  add(draft.english, english_be[int(tense)][plural]);
  if (negated) add(draft.english, "not");
  if (tense == Tense::future) add(draft.english, "be");
  const std::string word = french_be[int(tense)][plural];
  add(draft.french, negated ? negation(word) : word);
  const Adjective& adjective = one_of(adjectives_behind(), generator, [&](const Adjective& x) {
    return (x.kinds & subject.kind) != 0;
  });
  add(draft.english, adjective.english);
  add(draft.french, french(adjective, subject, plural, false));
}

/// "near the castle", "près du château".
void write_place(Draft& draft, Generator& generator) {
  using Pair = std::pair<const char*, const char*>;
  static constexpr std::array<Pair, 4> where = {
      {{"in", "dans"}, {"near", "près"}, {"behind", "derrière"}, {"in front of", "devant"}}};
  const auto& [english, french] = one_of(where, generator);
  add(draft.english, english);
  add(draft.french, french);
  write(draft, noun_phrase(place, true, generator), draft.french.back() == "près");
}

void write_time(Draft& draft, Tense tense, Generator& generator) {
  using Pair = std::pair<const char*, const char*>;
  constexpr Pair times[3][2] = {{{"today", "aujourd'hui"}, {"now", "maintenant"}},
                                {{"yesterday", "hier"}, {"last week", "la semaine dernière"}},
                                {{"tomorrow", "demain"}, {"soon", "bientôt"}}};
  const auto& [english, french] = times[int(tense)][generator.integer(2)];
  add(draft.english, english);
  add(draft.french, french);
}

Draft sentence(Generator& generator) {
  Draft draft;
  const bool with_be = chance(generator, 25);
  const Verb& verb = verbs()[size_t(generator.integer(int64_t(verbs().size())))];
  const NounPhrase subject =
      noun_phrase(with_be ? anything : verb.subjects, chance(generator, 50), generator);
  write_with_owner(draft, subject, generator);
  if (with_be && chance(generator, 25)) write_place(draft, generator);
  const Clause clause{.tense = Tense(generator.integer(3)),
                      .plural = subject.plural,
                      .negated = subject.determiner->english != "every" && chance(generator, 25)};
  if (with_be) {
    write_be(draft, *subject.noun, clause, generator);
  } else {
    write_verb(draft, verb, clause);
    // After a negation "a" and "some" would have to become "de".
    if (verb.objects != 0)
      write_with_owner(draft, noun_phrase(verb.objects, clause.negated, generator), generator);
    if (chance(generator, 30)) write_place(draft, generator);
  }
  if (chance(generator, 25)) write_time(draft, clause.tense, generator);
  return draft;
}

/// By a hash of the words (FNV-1a), the same for every seed.
Part part_of(const std::string& english) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : english) hash = (hash ^ uint8_t(c)) * 1099511628211u;
  const int64_t twentieth = stream(0, Stream::grammar_part, hash).integer(20);
  return twentieth == 0 ? Part::test : twentieth == 1 ? Part::validation : Part::train;
}

}  // namespace

std::vector<GrammarExample> grammar_examples(int64_t count, uint64_t seed, Part part) {
  require(count >= 0 && count <= 1'000'000, "grammar_examples: count must be in [0, 1000000], got ",
          count);
  Generator generator = stream(seed, Stream::grammar, uint64_t(part));
  std::vector<GrammarExample> examples;
  std::set<std::string> met;
  while (int64_t(examples.size()) < count) {
    Draft draft = sentence(generator);
    const std::string english = join(Unit::word, draft.english);
    if (part_of(english) != part || !met.insert(english).second) continue;
    examples.push_back(
        {.example = {.source = std::move(draft.english), .targets = {std::move(draft.french)}},
         .adjectives = std::move(draft.adjectives)});
  }
  return examples;
}

}  // namespace heed::data
