#include <algorithm>
#include <queue>
#include <tuple>

#include "heed/core/error.h"
#include "heed/models/data/byte_letters.h"
#include "heed/models/data/byte_pairs.h"

namespace heed::data {
namespace {

using Pair = std::pair<int32_t, int32_t>;

struct PairHash {
  size_t operator()(const Pair& pair) const {
    return size_t(uint64_t(pair.first) << 32 | uint32_t(pair.second)) * 0x9e3779b97f4a7c15u;
  }
};

struct Piece {
  std::vector<int32_t> symbols;
  int64_t count;
};

/// How often a pair occurs in all pieces, and the pieces that may have it (some no longer do).
struct Occurrences {
  int64_t count = 0;
  std::vector<int32_t> pieces = {};
};

struct Candidate {
  int64_t count;
  Pair pair;
  /// The most frequent is the greatest; of several, the one that comes first.
  bool operator<(const Candidate& other) const {
    return std::tie(count, other.pair) < std::tie(other.count, pair);
  }
};

/// The pieces as they are after the merges so far, with the counts of all pairs kept up to date.
class Pairs {
 public:
  void add(std::vector<int32_t> symbols, int64_t count) {
    pieces_.push_back({std::move(symbols), count});
    count_pairs(int32_t(pieces_.size()) - 1, 1, [](Pair) { return true; });
  }

  void start() {
    for (const auto& [pair, found] : pairs_) waiting_.push({found.count, pair});
  }

  /// The most frequent pair, taken off the list; none when there is none.
  std::optional<Candidate> take_best() {
    while (!waiting_.empty()) {
      const Candidate best = waiting_.top();
      waiting_.pop();
      const int64_t now = pairs_[best.pair].count;
      if (now == best.count && now > 0) return best;
      if (now > 0 && now < best.count) waiting_.push({now, best.pair});  // counts fall unnoticed
    }
    return std::nullopt;
  }

  void merge(Pair pair, int32_t token) {
    const auto with_token = [&](Pair p) { return p.first == token || p.second == token; };
    changed_.clear();
    for (const int32_t index : std::exchange(pairs_[pair].pieces, {})) {
      if (!contains(pieces_[index], pair)) continue;
      count_pairs(index, -1, [](Pair) { return false; });
      join(pieces_[index].symbols, pair, token);
      count_pairs(index, 1, with_token);
    }
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const Pair& p : changed_) waiting_.push({pairs_[p].count, p});
  }

 private:
  static bool contains(const Piece& piece, Pair pair) {
    for (size_t i = 0; i + 1 < piece.symbols.size(); ++i) {
      if (Pair(piece.symbols[i], piece.symbols[i + 1]) == pair) return true;
    }
    return false;
  }

  static void join(std::vector<int32_t>& symbols, Pair pair, int32_t token) {
    size_t kept = 0;
    for (size_t i = 0; i < symbols.size(); ++i, ++kept) {
      const bool here = i + 1 < symbols.size() && Pair(symbols[i], symbols[i + 1]) == pair;
      symbols[kept] = here ? token : symbols[i];
      if (here) ++i;
    }
    symbols.resize(kept);
  }

  /// Adds or takes away the pairs of one piece; those that are `fresh` may be new in it.
  template <class Fresh>
  void count_pairs(int32_t index, int64_t sign, const Fresh& fresh) {
    const auto& [symbols, count] = pieces_[index];
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const Pair pair(symbols[i], symbols[i + 1]);
      Occurrences& found = pairs_[pair];
      found.count += sign * count;
      if (!fresh(pair)) continue;
      changed_.push_back(pair);
      if (found.pieces.empty() || found.pieces.back() != index) found.pieces.push_back(index);
    }
  }

  std::vector<Piece> pieces_;
  std::unordered_map<Pair, Occurrences, PairHash> pairs_;
  std::priority_queue<Candidate> waiting_;
  std::vector<Pair> changed_;
};

/// The pieces as symbols: ids of their bytes.
Pairs byte_symbols(const TokenCounts& pieces, const std::vector<std::string>& tokens,
                   const std::vector<uint8_t>& bytes) {
  std::array<int32_t, 256> symbol_of{};
  const size_t first = tokens.size() - bytes.size();
  for (size_t i = 0; i < bytes.size(); ++i) symbol_of[bytes[i]] = int32_t(first + i);
  Pairs pairs;
  for (const auto& [piece, count] : pieces) {
    std::vector<int32_t> symbols;
    for (const char c : piece) symbols.push_back(symbol_of[uint8_t(c)]);
    pairs.add(std::move(symbols), count);
  }
  pairs.start();
  return pairs;
}

}  // namespace

BytePairTokenizer train_byte_pairs(const TokenCounts& pieces, int64_t vocabulary, int64_t min_count,
                                   bool specials, bool lower_case) {
  std::vector<std::string> tokens = specials ? Vocabulary().tokens() : std::vector<std::string>();
  const auto bytes = bytes_by_letter();
  for (const uint8_t byte : bytes) tokens.push_back(byte_letters()[byte]);
  require(vocabulary >= int64_t(tokens.size()), "bpe: expected a vocabulary of at least ",
          tokens.size(), " tokens, got ", vocabulary);
  require(min_count >= 1, "bpe: min_count must be at least 1, got ", min_count);
  std::unordered_map<std::string, int32_t> ids;
  for (size_t id = 0; id < tokens.size(); ++id) ids[tokens[id]] = int32_t(id);
  Pairs pairs = byte_symbols(pieces, tokens, bytes);
  std::vector<BytePairTokenizer::Merge> merges;
  while (int64_t(tokens.size()) < vocabulary) {
    const auto best = pairs.take_best();
    if (!best || best->count < min_count) break;
    const auto& [left, right] = best->pair;
    BytePairTokenizer::Merge merge(tokens[left], tokens[right]);
    const auto [entry, fresh] = ids.try_emplace(merge.first + merge.second, int32_t(tokens.size()));
    const int32_t token = entry->second;
    if (specials && token <= unk_id) continue;  // text never spells a special token
    if (fresh) tokens.push_back(entry->first);
    merges.push_back(std::move(merge));
    pairs.merge(best->pair, token);
  }
  return BytePairTokenizer(std::move(tokens), merges, lower_case);
}

}  // namespace heed::data
