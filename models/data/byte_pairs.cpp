#include "heed/models/data/byte_pairs.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include "heed/core/error.h"
#include "heed/core/io/unicode.h"
#include "heed/models/data/byte_letters.h"
#include "heed/models/data/lines.h"
#include "heed/models/data/pretokens.h"

namespace heed::data {
namespace {

uint64_t pair_key(int64_t left, int64_t right) { return uint64_t(left) << 32 | uint64_t(right); }

std::string merge_name(size_t number, const BytePairTokenizer::Merge& merge) {
  return "merge " + std::to_string(number) + " (" + shown(merge.first + " " + merge.second) + ")";
}

/// One symbol of a piece that is being merged; -1 is the end of the list.
struct Symbol {
  int64_t token;
  int64_t previous, next;
};

/// Neighbours that a merge joins: by rank, then from left to right.
struct Candidate {
  int64_t rank, at, left, right, token;
  bool operator>(const Candidate& other) const {
    return std::tie(rank, at) > std::tie(other.rank, other.at);
  }
};

}  // namespace

BytePairTokenizer::BytePairTokenizer(std::vector<std::string> tokens, std::span<const Merge> merges,
                                     bool lower_case)
    : tokens_(std::move(tokens)), bytes_(tokens_.size()), lower_case_(lower_case) {
  require(tokens_.size() < size_t{1} << 31, "bpe: ", tokens_.size(), " tokens are too many");
  for (int64_t id = 0; id < size(); ++id) {
    const bool usable = !tokens_[id].empty() && valid_utf8(tokens_[id]);
    if (!usable) fail("bpe: token ", id, " is empty or not UTF-8: ", shown(tokens_[id]));
    const auto [first, inserted] = ids_.try_emplace(tokens_[id], id);
    if (inserted) continue;
    fail("bpe: token ", id, " ", shown(tokens_[id]), " is token ", first->second, " again");
  }
  add_bytes();
  for (const Merge& merge : merges) add_merge(merge);
}

void BytePairTokenizer::add_bytes() {
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = find(byte_letters()[byte]);
    require(id.has_value(), "bpe: byte ", byte, " has no token ", byte_letters()[byte]);
    byte_ids_[byte] = *id;
    bytes_[*id] = std::string(1, char(byte));
  }
}

void BytePairTokenizer::add_merge(const Merge& merge) {
  const auto left = find(merge.first), right = find(merge.second);
  const auto result = find(merge.first + merge.second);
  const auto refuse = [&](const char* why) {
    fail("bpe: ", merge_name(merges_.size(), merge), why);
  };
  const bool made = left && right && bytes_[*left] && bytes_[*right];
  if (!made) refuse(" joins what no earlier merge made");
  if (!result) refuse(" makes no known token");
  const Joined joined{.rank = int64_t(merges_.size()), .token = *result};
  const bool fresh = joined_.try_emplace(pair_key(*left, *right), joined).second;
  if (!fresh) refuse(" came before");
  merges_.emplace_back(*left, *right);
  bytes_[*result] = *bytes_[*left] + *bytes_[*right];
}

const BytePairTokenizer::Joined* BytePairTokenizer::joined(int64_t left, int64_t right) const {
  const auto found = joined_.find(pair_key(left, right));
  return found == joined_.end() ? nullptr : &found->second;
}

std::vector<int64_t> BytePairTokenizer::encode_piece(std::string_view piece) const {
  std::vector<Symbol> symbols;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> waiting;
  const auto propose = [&](int64_t at) {
    if (at < 0 || symbols[at].next < 0) return;
    const int64_t left = symbols[at].token, right = symbols[symbols[at].next].token;
    if (const Joined* found = joined(left, right)) {
      waiting.push({found->rank, at, left, right, found->token});
    }
  };
  for (const char c : piece) {
    const int64_t at = int64_t(symbols.size());
    symbols.push_back({byte_ids_[uint8_t(c)], at - 1, at + 1});
  }
  symbols.back().next = -1;
  for (int64_t at = 0; at < int64_t(symbols.size()); ++at) propose(at);
  for (; !waiting.empty();) {
    const Candidate best = waiting.top();
    waiting.pop();
    Symbol& left = symbols[best.at];
    const bool there = left.token == best.left && left.next >= 0 &&
                       symbols[left.next].token == best.right;  // -1: joined to its left
    if (!there) continue;
    Symbol& right = symbols[left.next];
    left.token = best.token;
    left.next = right.next;
    if (right.next >= 0) symbols[right.next].previous = best.at;
    right.token = -1;
    propose(left.previous);
    propose(best.at);
  }
  std::vector<int64_t> ids;
  for (int64_t at = 0; at >= 0; at = symbols[at].next) ids.push_back(symbols[at].token);
  return ids;
}

std::vector<int64_t> BytePairTokenizer::encode(std::string_view given) const {
  const std::string lower = lower_case_ ? lower_case(given) : std::string();
  std::string_view text = lower_case_ ? std::string_view(lower) : given;
  std::unordered_map<std::string_view, std::vector<int64_t>> known;
  std::vector<int64_t> ids;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, first_pretoken(text));
    const auto [entry, fresh] = known.try_emplace(piece);
    if (fresh) entry->second = encode_piece(piece);
    ids.insert(ids.end(), entry->second.begin(), entry->second.end());
    text.remove_prefix(piece.size());
  }
  return ids;
}

void BytePairTokenizer::append(std::string& text, int64_t id) const {
  check_id(id);
  if (bytes_[id]) text += *bytes_[id];
}

void BytePairTokenizer::check_id(int64_t id) const {
  require(id >= 0 && id < size(), "bpe: expected an id in [0, ", size(), "), got ", id);
}

std::string BytePairTokenizer::piece(int64_t id) const {
  check_id(id);
  return tokens_[id];
}

std::optional<int64_t> BytePairTokenizer::find(std::string_view piece) const {
  const auto found = ids_.find(piece);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

}  // namespace heed::data
