#pragma once
// internal

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace heed::data::grammar {

/// What a noun is, as bits: which adjectives and verbs go with it.
enum Kind : uint8_t { person = 1, animal = 2, food = 4, thing = 8, place = 16 };
inline constexpr uint8_t living = person | animal;
inline constexpr uint8_t anything = living | food | thing | place;

struct Noun {
  std::string_view english, french;
  bool feminine;
  uint8_t kind;
  std::string_view english_plural = {};  // empty: by the rule
};

struct Adjective {
  std::string_view english, masculine, feminine;
  uint8_t kinds;                       // of nouns that it goes with
  std::string_view before_vowel = {};  // masculine singular: bel, nouvel, vieil
};

/// Regular French verbs end in -er; the forms of the others are written out.
struct Verb {
  std::string_view english;
  std::string_view past;  // empty: by the rule
  uint8_t subjects;       // kinds
  uint8_t objects;        // kinds; 0: takes none
  std::string_view infinitive;
  std::string_view singular = {}, plural = {}, future = {}, participle = {};
};

std::span<const Noun> nouns();
/// Adjectives that French puts before the noun, and those that it puts behind it.
std::span<const Adjective> adjectives_before();
std::span<const Adjective> adjectives_behind();
std::span<const Verb> verbs();

/// Does French cut a vowel off before it? Every h of these words is mute.
bool elides(std::string_view french);

std::string english_plural(const Noun& noun);
std::string french_plural(std::string_view singular);  // of nouns and adjectives
std::string french(const Noun& noun, bool plural);
/// As it stands with a noun, whose first letter matters when it follows at once.
std::string french(const Adjective& adjective, const Noun& noun, bool plural, bool noun_follows);

enum class Tense { present, past, future };
/// eats, eat; ate; eat (after "will").
std::string english(const Verb& verb, Tense tense, bool plural);
/// mange, mangent; mangé (after "a"); mangera, mangeront.
std::string french(const Verb& verb, Tense tense, bool plural);

}  // namespace heed::data::grammar
