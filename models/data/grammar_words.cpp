#include "heed/models/data/grammar_words.h"

#include <algorithm>
#include <array>

namespace heed::data::grammar {
namespace {

constexpr bool m = false, f = true;

// Of nouns for persons only those whose English word tells the gender, and none whose plural
// equals the singular: English must say all that French needs.
// clang-format off
constexpr auto noun_table = std::to_array<Noun>({
    {"man", "homme", m, person, "men"}, {"woman", "femme", f, person, "women"},
    {"boy", "garçon", m, person}, {"girl", "fille", f, person}, {"king", "roi", m, person},
    {"queen", "reine", f, person}, {"mother", "mère", f, person}, {"father", "père", m, person},
    {"brother", "frère", m, person}, {"sister", "sœur", f, person}, {"uncle", "oncle", m, person},
    {"aunt", "tante", f, person}, {"prince", "prince", m, person},
    {"princess", "princesse", f, person}, {"actor", "acteur", m, person},
    {"actress", "actrice", f, person}, {"fisherman", "pêcheur", m, person, "fishermen"},
    {"child", "enfant", m, person, "children"},
    {"cat", "chat", m, animal}, {"dog", "chien", m, animal}, {"horse", "cheval", m, animal},
    {"bird", "oiseau", m, animal}, {"mouse", "souris", f, animal, "mice"},
    {"cow", "vache", f, animal}, {"goat", "chèvre", f, animal}, {"fox", "renard", m, animal},
    {"wolf", "loup", m, animal, "wolves"}, {"bear", "ours", m, animal},
    {"rabbit", "lapin", m, animal}, {"duck", "canard", m, animal}, {"hen", "poule", f, animal},
    {"frog", "grenouille", f, animal}, {"bee", "abeille", f, animal},
    {"butterfly", "papillon", m, animal}, {"lion", "lion", m, animal},
    {"elephant", "éléphant", m, animal}, {"donkey", "âne", m, animal},
    {"turtle", "tortue", f, animal}, {"spider", "araignée", f, animal},
    {"monkey", "singe", m, animal}, {"camel", "chameau", m, animal}, {"ant", "fourmi", f, animal},
    {"apple", "pomme", f, food}, {"pear", "poire", f, food}, {"cake", "gâteau", m, food},
    {"orange", "orange", f, food}, {"egg", "œuf", m, food}, {"carrot", "carotte", f, food},
    {"cherry", "cerise", f, food}, {"tomato", "tomate", f, food, "tomatoes"},
    {"onion", "oignon", m, food}, {"banana", "banane", f, food}, {"lemon", "citron", m, food},
    {"peach", "pêche", f, food}, {"strawberry", "fraise", f, food},
    {"mushroom", "champignon", m, food}, {"melon", "melon", m, food},
    {"apricot", "abricot", m, food}, {"nut", "noix", f, food}, {"pie", "tarte", f, food},
    {"table", "table", f, thing}, {"chair", "chaise", f, thing}, {"book", "livre", m, thing},
    {"letter", "lettre", f, thing}, {"car", "voiture", f, thing}, {"box", "boîte", f, thing},
    {"hat", "chapeau", m, thing}, {"shirt", "chemise", f, thing}, {"key", "clé", f, thing},
    {"knife", "couteau", m, thing, "knives"}, {"umbrella", "parapluie", m, thing},
    {"bag", "sac", m, thing}, {"bottle", "bouteille", f, thing}, {"cup", "tasse", f, thing},
    {"plate", "assiette", f, thing}, {"lamp", "lampe", f, thing},
    {"painting", "tableau", m, thing}, {"boat", "bateau", m, thing}, {"ball", "balle", f, thing},
    {"drum", "tambour", m, thing}, {"violin", "violon", m, thing}, {"ring", "bague", f, thing},
    {"coat", "manteau", m, thing}, {"shoe", "chaussure", f, thing}, {"dress", "robe", f, thing},
    {"clock", "horloge", f, thing}, {"candle", "bougie", f, thing}, {"basket", "panier", m, thing},
    {"ladder", "échelle", f, thing}, {"flower", "fleur", f, thing},
    {"newspaper", "journal", m, thing}, {"mirror", "miroir", m, thing},
    {"sword", "épée", f, thing}, {"flag", "drapeau", m, thing}, {"tool", "outil", m, thing},
    {"bell", "cloche", f, thing},
    {"garden", "jardin", m, place}, {"kitchen", "cuisine", f, place},
    {"forest", "forêt", f, place}, {"village", "village", m, place}, {"city", "ville", f, place},
    {"school", "école", f, place}, {"church", "église", f, place}, {"street", "rue", f, place},
    {"house", "maison", f, place}, {"hotel", "hôtel", m, place}, {"castle", "château", m, place},
    {"field", "champ", m, place}, {"bedroom", "chambre", f, place}, {"park", "parc", m, place},
    {"station", "gare", f, place}, {"library", "bibliothèque", f, place},
    {"theatre", "théâtre", m, place}, {"farm", "ferme", f, place}, {"office", "bureau", m, place},
    {"hospital", "hôpital", m, place}, {"valley", "vallée", f, place},
});
// clang-format on

constexpr auto before_table = std::to_array<Adjective>({
    {"small", "petit", "petite", anything},
    {"big", "gros", "grosse", animal | food | thing},
    {"tall", "grand", "grande", person},
    {"beautiful", "beau", "belle", anything, "bel"},
    {"pretty", "joli", "jolie", anything},
    {"old", "vieux", "vieille", living | thing | place, "vieil"},
    {"young", "jeune", "jeune", living},
    {"new", "nouveau", "nouvelle", thing | place, "nouvel"},
    {"good", "bon", "bonne", food | thing},
    {"bad", "mauvais", "mauvaise", food | thing},
});

constexpr auto behind_table = std::to_array<Adjective>({
    {"red", "rouge", "rouge", animal | food | thing},
    {"yellow", "jaune", "jaune", animal | food | thing},
    {"green", "vert", "verte", animal | food | thing},
    {"blue", "bleu", "bleue", animal | thing},
    {"black", "noir", "noire", animal | food | thing},
    {"white", "blanc", "blanche", animal | food | thing | place},
    {"grey", "gris", "grise", animal | thing | place},
    {"brown", "brun", "brune", animal | food | thing},
    {"pink", "rose", "rose", animal | food | thing},
    {"purple", "violet", "violette", food | thing},
    {"happy", "heureux", "heureuse", living},
    {"sad", "triste", "triste", living},
    {"tired", "fatigué", "fatiguée", living},
    {"sick", "malade", "malade", living},
    {"strong", "fort", "forte", living},
    {"clever", "intelligent", "intelligente", living},
    {"curious", "curieux", "curieuse", living},
    {"lazy", "paresseux", "paresseuse", living},
    {"proud", "fier", "fière", living},
    {"brave", "courageux", "courageuse", living},
    {"slow", "lent", "lente", living},
    {"quick", "rapide", "rapide", living},
    {"polite", "poli", "polie", person},
    {"rich", "riche", "riche", person},
    {"famous", "célèbre", "célèbre", person | place},
    {"wild", "sauvage", "sauvage", animal},
    {"dangerous", "dangereux", "dangereuse", animal | place},
    {"strange", "étrange", "étrange", anything},
    {"magnificent", "magnifique", "magnifique", animal | thing | place},
    {"clean", "propre", "propre", living | thing | place},
    {"dirty", "sale", "sale", living | thing | place},
    {"heavy", "lourd", "lourde", animal | food | thing},
    {"light", "léger", "légère", food | thing},
    {"round", "rond", "ronde", food | thing},
    {"cold", "froid", "froide", food | place},
    {"warm", "chaud", "chaude", food | place},
    {"expensive", "cher", "chère", food | thing},
    {"delicious", "délicieux", "délicieuse", food},
    {"sweet", "sucré", "sucrée", food},
    {"bitter", "amer", "amère", food},
    {"ripe", "mûr", "mûre", food},
    {"french", "français", "française", person | food | thing | place},
    {"english", "anglais", "anglaise", person | food | thing | place},
    {"italian", "italien", "italienne", person | food | thing | place},
    {"modern", "moderne", "moderne", thing | place},
    {"useful", "utile", "utile", thing},
    {"broken", "cassé", "cassée", thing},
    {"fragile", "fragile", "fragile", thing},
    {"precious", "précieux", "précieuse", thing},
    {"quiet", "calme", "calme", living | place},
});

// None whose past equals its present.
constexpr auto verb_table = std::to_array<Verb>({
    {"eat", "ate", living, food, "manger"},
    {"see", "saw", living, anything, "", "voit", "voient", "verra", "vu"},
    {"watch", "", living, anything, "regarder"},
    {"find", "found", living, anything, "trouver"},
    {"love", "", living, anything, "aimer"},
    {"look for", "", living, anything, "chercher"},
    {"carry", "", person, food | thing, "porter"},
    {"buy", "bought", person, animal | food | thing, "", "achète", "achètent", "achètera",
     "acheté"},
    {"sell", "sold", person, animal | food | thing, "", "vend", "vendent", "vendra", "vendu"},
    {"draw", "drew", person, anything, "dessiner"},
    {"paint", "", person, anything, "", "peint", "peignent", "peindra", "peint"},
    {"hide", "hid", living, food | thing, "cacher"},
    {"lose", "lost", person, food | thing, "", "perd", "perdent", "perdra", "perdu"},
    {"break", "broke", living, thing, "casser"},
    {"wash", "", person, animal | food | thing, "laver"},
    {"open", "", person, place, "", "ouvre", "ouvrent", "ouvrira", "ouvert"},
    {"close", "", person, place, "fermer"},
    {"visit", "", person, place, "visiter"},
    {"take", "took", living, food | thing, "", "prend", "prennent", "prendra", "pris"},
    {"choose", "chose", person, food | thing, "", "choisit", "choisissent", "choisira", "choisi"},
    {"follow", "", living, living, "", "suit", "suivent", "suivra", "suivi"},
    {"hear", "heard", living, living, "", "entend", "entendent", "entendra", "entendu"},
    {"forget", "forgot", person, food | thing, "oublier"},
    {"know", "knew", person, living | place, "", "connaît", "connaissent", "connaîtra", "connu"},
    {"wait for", "", living, living, "", "attend", "attendent", "attendra", "attendu"},
    {"bring", "brought", person, animal | food | thing, "apporter"},
    {"touch", "", living, living | food | thing, "toucher"},
    {"help", "", living, living, "aider"},
    {"call", "", person, living, "", "appelle", "appellent", "appellera", "appelé"},
    {"thank", "", person, person, "remercier"},
    {"feed", "fed", person, animal, "", "nourrit", "nourrissent", "nourrira", "nourri"},
    {"chase", "", animal, animal, "", "poursuit", "poursuivent", "poursuivra", "poursuivi"},
    {"admire", "", person, anything, "admirer"},
    {"sleep", "slept", living, 0, "", "dort", "dorment", "dormira", "dormi"},
    {"sing", "sang", living, 0, "chanter"},
    {"dance", "", living, 0, "danser"},
    {"work", "", living, 0, "travailler"},
    {"run", "ran", living, 0, "", "court", "courent", "courra", "couru"},
    {"swim", "swam", living, 0, "nager"},
    {"laugh", "", person, 0, "", "rit", "rient", "rira", "ri"},
    {"cry", "", person, 0, "pleurer"},
    {"play", "", living, 0, "jouer"},
    {"walk", "", living, 0, "marcher"},
    {"dream", "dreamed", living, 0, "rêver"},
    {"jump", "", living, 0, "sauter"},
    {"disappear", "", living, 0, "", "disparaît", "disparaissent", "disparaîtra", "disparu"},
    {"speak", "spoke", person, 0, "parler"},
    {"smile", "", person, 0, "", "sourit", "sourient", "sourira", "souri"},
});

bool is_vowel(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

/// box -> boxes, city -> cities, apple -> apples; of nouns, and of verbs in the third person.
std::string with_s(std::string word) {
  const char last = word.back(), before = word[word.size() - 2];
  if (last == 'y' && !is_vowel(before)) return word.replace(word.size() - 1, 1, "ies");
  const bool hisses =
      last == 's' || last == 'x' || (last == 'h' && (before == 'c' || before == 's'));
  return word + (hisses ? "es" : "s");
}

std::string with_ed(std::string word) {
  const char last = word.back(), before = word[word.size() - 2];
  if (last == 'e') return word + "d";
  if (last == 'y' && !is_vowel(before)) return word.replace(word.size() - 1, 1, "ied");
  return word + "ed";
}

}  // namespace

std::span<const Noun> nouns() { return noun_table; }
std::span<const Adjective> adjectives_before() { return before_table; }
std::span<const Adjective> adjectives_behind() { return behind_table; }
std::span<const Verb> verbs() { return verb_table; }

bool elides(std::string_view french) {
  for (const std::string_view start : {"a", "e", "i", "o", "u", "h", "é", "è", "ê", "â", "î", "œ"})
    if (french.starts_with(start)) return true;
  return false;
}

std::string english_plural(const Noun& noun) {
  return noun.english_plural.empty() ? with_s(std::string(noun.english))
                                     : std::string(noun.english_plural);
}

std::string french_plural(std::string_view singular) {
  const std::string word(singular);
  const char last = word.back();
  if (last == 's' || last == 'x') return word;
  if (word.ends_with("al")) return word.substr(0, word.size() - 1) + "ux";
  return word + (word.ends_with("eau") ? "x" : "s");
}

std::string french(const Noun& noun, bool plural) {
  return plural ? french_plural(noun.french) : std::string(noun.french);
}

std::string french(const Adjective& adjective, const Noun& noun, bool plural, bool noun_follows) {
  const auto form = noun.feminine ? adjective.feminine : adjective.masculine;
  if (plural) return french_plural(form);
  const bool special =
      noun_follows && !noun.feminine && !adjective.before_vowel.empty() && elides(noun.french);
  return std::string(special ? adjective.before_vowel : form);
}

std::string english(const Verb& verb, Tense tense, bool plural) {
  const size_t space = std::min(verb.english.find(' '), verb.english.size());
  const std::string word(verb.english.substr(0, space)), rest(verb.english.substr(space));
  if (tense == Tense::past)
    return (verb.past.empty() ? with_ed(word) : std::string(verb.past)) + rest;
  return (tense == Tense::present && !plural ? with_s(word) : word) + rest;
}

std::string french(const Verb& verb, Tense tense, bool plural) {
  const bool regular = !verb.infinitive.empty();
  const std::string stem(verb.infinitive.substr(0, verb.infinitive.size() - (regular ? 2 : 0)));
  switch (tense) {
    case Tense::past:
      return regular ? stem + "é" : std::string(verb.participle);
    case Tense::future:
      if (regular) return std::string(verb.infinitive) + (plural ? "ont" : "a");
      return plural ? std::string(verb.future.substr(0, verb.future.size() - 1)) + "ont"
                    : std::string(verb.future);
    default:
      if (regular) return stem + (plural ? "ent" : "e");
      return std::string(plural ? verb.plural : verb.singular);
  }
}

}  // namespace heed::data::grammar
