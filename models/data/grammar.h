#pragma once

#include <cstdint>
#include <vector>

#include "heed/models/data/pairs.h"
#include "heed/models/data/part.h"

namespace heed::data {

/// Where an adjective and its noun stand on both sides, counted in words from 0. French puts most
/// adjectives behind the noun and changes them with its gender and number.
struct AdjectiveNoun {
  int64_t source_adjective = 0, source_noun = 0;
  int64_t target_adjective = 0, target_noun = 0;
  bool swapped() const { return target_adjective > target_noun; }
};

/// An English sentence and its French translation, by words, in lower case without a full stop.
struct GrammarExample {
  Example example;
  std::vector<AdjectiveNoun> adjectives;  // of all its nouns, from left to right in English
};

/// `count` different sentences of one part, made by a grammar of 117 nouns, 60 adjectives and 48
/// verbs: "the small red cats will not eat the apples of the king in the garden tomorrow", "les
/// petits chats rouges ne mangeront pas les pommes du roi dans le jardin demain". Articles,
/// possessives, adjectives and verbs agree in gender and number, over any distance ("the cows near
/// the castle are tired"), articles are contracted (du, des) and elided (l'oiseau, n'aime, which
/// are one word here), negation embraces the verb, some adjectives stay before the noun, and be
/// links a noun with an adjective. Each English sentence has one translation. The part is a hash of
/// the English words, 5 % each for validation and test: no sentence of one part is in another.
/// The same (count, seed, part) gives the same examples. Error: count is not in [0, 1,000,000].
std::vector<GrammarExample> grammar_examples(int64_t count, uint64_t seed, Part part);

}  // namespace heed::data
