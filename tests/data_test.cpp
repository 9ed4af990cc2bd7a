#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "heed/core/error.h"
#include "heed/models/data/buckets.h"
#include "heed/models/data/pairs.h"
#include "heed/models/data/unit.h"
#include "heed/models/data/vocabulary.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::data;
using Words = std::vector<std::string>;
using Ids = std::vector<int64_t>;

namespace {

/// A file with this text, and its path.
std::string file(const TempDir& folder, std::string_view text) {
  const std::string path = folder / "pairs.tsv";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

/// Examples "0" -> "x", "1" -> "x" ... by characters.
std::vector<Example> numbered(int count) {
  std::vector<Example> examples;
  for (int i = 0; i < count; ++i) {
    examples.push_back({.source = split(Unit::character, std::to_string(i)), .targets = {{"x"}}});
  }
  return examples;
}

std::set<Words> sources(const std::vector<Example>& examples) {
  std::set<Words> found;
  for (const auto& example : examples) found.insert(example.source);
  return found;
}

std::vector<PairLengths> some_lengths(int64_t count) {
  std::vector<PairLengths> lengths;
  for (int64_t i = 0; i < count; ++i) lengths.push_back({.source = i * 7 % 13, .target = i % 5});
  return lengths;
}

}  // namespace

TEST_CASE("characters and words") {
  CHECK(split(Unit::character, "né€😀") == Words{"n", "é", "€", "😀"});
  CHECK(split(Unit::character, "a b") == Words{"a", " ", "b"});
  CHECK(split(Unit::word, "  la\tmaison \r\n bleue ") == Words{"la", "maison", "bleue"});
  CHECK(split(Unit::word, " \t ").empty());
  CHECK(split(Unit::character, "").empty());
  CHECK(join(Unit::character, split(Unit::character, "né€😀 x")) == "né€😀 x");
  CHECK(join(Unit::word, split(Unit::word, " a  b ")) == "a b");
  CHECK(join(Unit::word, Words{}) == "");
  check_error([] { split(Unit::word, "a \xff"); }, "byte 2 (0xff) is not valid UTF-8");
  CHECK(parse_unit(heed::data::text(Unit::word)) == Unit::word);
  CHECK(parse_unit(heed::data::text(Unit::character)) == Unit::character);
  check_error([] { parse_unit("byte"); }, "unit: expected character or word, got \"byte\"");
}

TEST_CASE("a vocabulary maps tokens to ids and back") {
  TokenCounts counts;
  count_tokens(Words{"b", "a", "b", "c", "a", "b", "<eos>", "<eos>"}, counts);
  const auto vocabulary = Vocabulary::from_counts(counts, {.min_count = 2});
  CHECK(vocabulary.tokens() == Words{"<pad>", "<bos>", "<eos>", "<unk>", "a", "b"});
  CHECK(vocabulary.size() == 6);
  CHECK(vocabulary.find("b") == 5);
  CHECK(vocabulary.find("<eos>") == eos_id);
  CHECK_FALSE(vocabulary.find("c"));
  CHECK(vocabulary.ids(Words{"b", "c", "a"}) == Ids{5, unk_id, 4});
  CHECK(vocabulary.tokens(Ids{5, 3, 4}) == Words{"b", "<unk>", "a"});
  CHECK(Vocabulary(vocabulary.tokens()).ids(Words{"a", "b"}) == Ids{4, 5});
  CHECK(Vocabulary().size() == 4);
}

TEST_CASE("text that spells a special token is an unknown token") {
  CHECK(Vocabulary().ids(Words{"<pad>", "<bos>", "<eos>", "<unk>"}) == Ids(4, unk_id));
}

TEST_CASE("a vocabulary refuses wrong lists, all problems in one message") {
  check_error([] { Vocabulary(Words{"a"}); }, "Vocabulary: the first tokens must be <pad> <bos>");
  check_error([] { Vocabulary(Words{}); }, "the first tokens must be");
  const Words wrong = {"<pad>", "<bos>", "<eos>", "<unk>", "a", "", "a", "\xc3"};
  check_error([&] { Vocabulary{wrong}; },
              "token 5 is empty; token 6 \"a\" is token 4 again; token 7 is not UTF-8: \"\\xc3\"");
  check_error([] { Vocabulary().token(4); }, "expected an id in [0, 4), got 4");
  check_error([] { Vocabulary().tokens(Ids{-1}); }, "got -1");
  check_error([] { Vocabulary::from_counts({}, {.min_count = 0}); },
              "min_count must be at least 1, got 0");
}

TEST_CASE("a vocabulary of plain text has no special tokens") {
  TokenCounts counts;
  count_tokens(Words{"b", "a", "b", "c", "a", "b", "d"}, counts);
  const auto plain = Vocabulary::from_counts(counts, {.specials = false});
  CHECK(plain.tokens() == Words{"a", "b", "c", "d"});
  CHECK_FALSE(plain.has_specials());
  CHECK(plain.ids(Words{"d", "a"}) == Ids{3, 0});
  check_error(
      [&] {
        plain.ids(Words{"a", "x"});
      },
      "Vocabulary: \"x\" is not among the 4 tokens, and there is no <unk>");
  CHECK(Vocabulary::plain(plain.tokens()).find("c") == 2);
  CHECK(Vocabulary::plain({}).size() == 0);
  check_error([] { Vocabulary::plain(Words{"a", "a"}); }, "token 1 \"a\" is token 0 again");
}

TEST_CASE("a vocabulary keeps the most frequent tokens") {
  TokenCounts counts;
  count_tokens(Words{"b", "a", "b", "c", "a", "b", "d"}, counts);
  const auto kept = [&](VocabularyOptions options) {
    return Vocabulary::from_counts(counts, options).tokens();
  };
  CHECK(kept({.max_size = 3, .specials = false}) == Words{"a", "b", "c"});
  CHECK(kept({.max_size = 1, .specials = false}) == Words{"b"});
  CHECK(kept({.min_count = 2, .max_size = 3, .specials = false}) == Words{"a", "b"});
  CHECK(kept({.max_size = 5}) == Words{"<pad>", "<bos>", "<eos>", "<unk>", "b"});
  check_error([&] { kept({.max_size = 4}); }, "max_size must be 0 or above 4, got 4");
  check_error([&] { kept({.max_size = -1, .specials = false}); }, "or above 0, got -1");
}

TEST_CASE("pairs are read from a file, right answers gathered") {
  const TempDir folder;
  const auto path = file(folder,
                         "\xEF\xBB\xBF"
                         "été\tsummer\r\n\r\n\nhiver\twinter\nété\tthe summer\nété\tsummer");
  const auto examples = read_pairs(path, {.target_unit = Unit::word});
  REQUIRE(examples.size() == 2);
  CHECK(examples[0].source == Words{"é", "t", "é"});
  CHECK(examples[0].targets == std::vector<Words>{{"summer"}, {"the", "summer"}});
  CHECK(examples[1].source == Words{"h", "i", "v", "e", "r"});
  CHECK(examples[1].targets == std::vector<Words>{{"winter"}});
}

TEST_CASE("lines that are no pairs are errors with file and line") {
  const TempDir folder;
  const auto error_of = [&](std::string_view text, std::string_view part) {
    const auto path = file(folder, text);
    check_error([&] { read_pairs(path); }, part);
    CHECK_THROWS_AS(read_pairs(path), heed::FileError);
  };
  error_of("a\tb\nno tab", "pairs.tsv:2: expected source<TAB>target, got \"no tab\"");
  error_of("a\tb\tc\n", "pairs.tsv:1: expected source<TAB>target, got \"a\\x09b\\x09c\"");
  error_of("\n\tb\n", "pairs.tsv:2: expected source<TAB>target");
  error_of("a\t\n", "pairs.tsv:1: expected source<TAB>target");
  error_of("a\tb\xff\n", "pairs.tsv:1: utf8: byte 1 (0xff) is not valid UTF-8 in \"b\\xff\"");
  error_of(std::string(1000, 'x'), std::string(60, 'x') + "…\"");
  error_of("", "pairs.tsv: expected lines source<TAB>target, got none");
  error_of("\n\r\n", "got none");
  CHECK_THROWS_AS(read_pairs(folder / "missing.tsv"), heed::IoError);
  CHECK_THROWS_AS(read_pairs(folder.path()), heed::IoError);
  check_error([&] { read_pairs(folder / "missing.tsv"); }, "missing.tsv: cannot open: No such");
}

TEST_CASE("a split holds every source in exactly one part") {
  const auto examples = numbered(200);
  const Split parts = split(examples, 1, 0.05, 0.1);
  CHECK(parts.validation.size() == 10);
  CHECK(parts.test.size() == 20);
  CHECK(parts.train.size() == 170);
  auto all = sources(parts.train);
  all.merge(sources(parts.validation));
  all.merge(sources(parts.test));
  CHECK(all == sources(examples));
}

TEST_CASE("a split depends on the seed and the sources alone") {
  auto examples = numbered(200);
  const auto test = sources(split(examples, 1).test);
  CHECK(sources(split(examples, 1).test) == test);
  CHECK(sources(split(examples, 2).test) != test);
  std::reverse(examples.begin(), examples.end());
  examples.push_back({.source = examples[7].source, .targets = {{"y"}}});  // a source twice
  const Split parts = split(examples, 1);
  CHECK(sources(parts.test) == test);
  for (const auto& source : sources(parts.train)) CHECK(sources(parts.test).count(source) == 0);
}

TEST_CASE("a split of few examples and of none") {
  const Split parts = split(numbered(3), 1);
  CHECK(parts.train.size() == 1);
  CHECK(parts.validation.size() == 1);
  CHECK(parts.test.size() == 1);
  CHECK(split(numbered(1), 1, 0, 0).train.size() == 1);
  check_error([] { split(numbered(2), 1); },
              "split: 2 different sources less 1 for validation and 1 for test leave none");
  check_error([] { split(numbered(8), 1, 0.5, 0.5); }, "leave none");
  check_error([] { split(numbered(9), 1, -0.1); }, "validation_fraction must be in [0, 1)");
  check_error([] { split(numbered(9), 1, 0.1, 1); }, "test_fraction must be in [0, 1), got 1");
  check_error([] { split(numbered(9), 1, NAN); }, "validation_fraction must be in [0, 1)");
}

TEST_CASE(
    "too few examples of a file are an error that names it, and lines said twice are counted") {
  check_error([] { split_file("few.tsv", numbered(2), 1); },
              "few.tsv: expected at least 3 different sources, one for each part, got 2");
  CHECK_THROWS_AS(split_file("few.tsv", numbered(2), 1), heed::FileError);
  check_error([] { split_file("few.tsv", numbered(1), 1, 0.05, 0); }, "at least 2 different");
  CHECK(split_file("few.tsv", numbered(1), 1, 0, 0).train.size() == 1);
  CHECK(split_file("many.tsv", numbered(40), 3).test[0].source ==
        split(numbered(40), 3).test[0].source);
  const TempDir folder;
  int64_t duplicates = 0;
  read_pairs(file(folder, "a\tx\na\ty\na\tx\nb\tx\na\tx\n"), {}, &duplicates);
  CHECK(duplicates == 2);
  std::vector<std::string> notes;
  note_duplicates(notes, 0);
  note_duplicates(notes, 1);
  note_duplicates(notes, 2000);
  CHECK(notes == Words{"1 duplicate line left out", "2,000 duplicate lines left out"});
}

TEST_CASE("examples become pairs of ids, one for each right answer") {
  const std::vector<Example> examples = {{.source = {"b", "a"}, .targets = {{"x"}, {"y", "z"}}},
                                         {.source = {"c"}, .targets = {{"z"}}}};
  const auto source = source_vocabulary(examples), target = target_vocabulary(examples);
  CHECK(source.tokens(Ids{4, 5, 6}) == Words{"a", "b", "c"});
  CHECK(target.tokens(Ids{4, 5, 6}) == Words{"x", "y", "z"});
  const auto pairs = encode(examples, source, target);
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[1].source == Ids{5, 4});
  CHECK(pairs[1].target == Ids{5, 6});
  CHECK(lengths(pairs) == std::vector<PairLengths>{{2, 1}, {2, 2}, {1, 1}});
  CHECK(target_vocabulary(examples, 2).size() == 5);
}

TEST_CASE("an epoch has every example once, in batches of similar lengths") {
  const auto lengths = some_lengths(1003);
  BucketOrder order(lengths, 16, 5);
  CHECK(order.batches() == 63);
  Ids seen;
  int64_t steps_of_length = 0;  // how often the source length changes within a batch
  for (int64_t i = 0; i < order.batches(); ++i) {
    const auto batch = order.next();
    CHECK(batch.size() <= 16);
    CHECK(std::is_sorted(batch.begin(), batch.end(),
                         [&](auto a, auto b) { return lengths[a] < lengths[b]; }));
    steps_of_length += lengths[batch.back()].source - lengths[batch.front()].source;
    seen.insert(seen.end(), batch.begin(), batch.end());
  }
  CHECK(order.state() == BucketState{.epoch = 0, .position = 63});
  CHECK(steps_of_length < 63);  // 2 pools of 13 lengths; unsorted batches would have over 600
  std::sort(seen.begin(), seen.end());
  REQUIRE(seen.size() == 1003);
  for (int64_t i = 0; i < 1003; ++i) REQUIRE(seen[i] == i);
}

TEST_CASE("the order goes on from its state with the same batches") {
  BucketOrder order(some_lengths(300), 16, 5);
  for (int64_t cut = 0; cut < 45; ++cut) {
    const BucketState state = order.state();
    BucketOrder resumed(some_lengths(300), 16, 5);
    resumed.set_state(state);
    BucketOrder ahead = order;
    for (int i = 0; i < 25; ++i) REQUIRE(resumed.next() == ahead.next());
    CHECK(resumed.state() == ahead.state());
    order.next();
  }
  CHECK(order.state() == BucketState{.epoch = 2, .position = 7});
}

TEST_CASE("batches keep a limit of tokens, padding included") {
  const auto lengths = some_lengths(1000);  // sources up to 12, targets up to 4
  for (const int64_t limit : {1, 16, 100, 400}) {
    BucketOrder order(lengths, {.examples = 50, .tokens = limit}, 5);
    Ids seen;
    const int64_t batches = order.batches();
    for (int64_t i = 0; i < batches; ++i) {
      const auto batch = order.next();
      int64_t source = 0, target = 0;
      for (const int64_t index : batch) {
        source = std::max(source, lengths[index].source);
        target = std::max(target, lengths[index].target);
      }
      const int64_t tokens = int64_t(batch.size()) * (source + target);
      CHECK((tokens <= limit || batch.size() == 1));
      CHECK(batch.size() <= 50);
      seen.insert(seen.end(), batch.begin(), batch.end());
    }
    std::sort(seen.begin(), seen.end());
    REQUIRE(seen.size() == 1000);
    for (int64_t i = 0; i < 1000; ++i) REQUIRE(seen[i] == i);
    const int64_t ideal = 8000 / limit;  // a pair has 8 tokens in the mean
    if (limit >= 100) CHECK(batches < ideal * 3 / 2);
    order.next();
    const BucketState state = order.state();
    BucketOrder resumed(lengths, {.examples = 50, .tokens = limit}, 5);
    resumed.set_state(state);
    for (int i = 0; i < 5; ++i) CHECK(resumed.next() == order.next());
  }
  check_error([&] { BucketOrder(lengths, {.examples = 5, .tokens = -1}, 5); },
              "the limit of tokens must be at least 0, got -1");
}

TEST_CASE("the order differs by seed and by epoch") {
  const auto epoch = [](uint64_t seed, int64_t number) {
    BucketOrder order(some_lengths(300), 16, seed);
    order.set_state({.epoch = number, .position = 0});
    std::vector<Ids> batches;
    for (int64_t i = 0; i < order.batches(); ++i) batches.push_back(order.next());
    return batches;
  };
  CHECK(epoch(1, 0) == epoch(1, 0));
  CHECK(epoch(1, 0) != epoch(1, 1));
  CHECK(epoch(1, 0) != epoch(2, 0));
}

TEST_CASE("the order refuses wrong sizes and states") {
  check_error([] { BucketOrder({}, 16, 1); }, "BucketOrder: expected at least one example");
  check_error([] { BucketOrder(some_lengths(3), 0, 1); }, "batch_size must be at least 1, got 0");
  BucketOrder order(some_lengths(3), INT64_MAX, 1);
  CHECK(order.next().size() == 3);
  check_error([&] { order.set_state({.epoch = -1, .position = 0}); }, "epoch must be at least 0");
  check_error([&] { order.set_state({.epoch = 0, .position = 2}); }, "must be in [0, 1], got 2");
  check_error([&] { order.set_state({.epoch = 0, .position = -1}); }, "got -1");
}

TEST_CASE("padding fills short rows") {
  const PaddedIds padded = pad(std::vector<Ids>{{5, 6, 7}, {}, {8}});
  CHECK(padded.rows == 3);
  CHECK(padded.columns == 3);
  CHECK(padded.ids == Ids{5, 6, 7, 0, 0, 0, 8, 0, 0});
  CHECK(padded.lengths == Ids{3, 0, 1});
  CHECK(pad(std::vector<Ids>{{1}, {2, 3}}, -100).ids == Ids{1, -100, 2, 3});
  CHECK(pad(std::vector<Ids>{}).ids.empty());
}
