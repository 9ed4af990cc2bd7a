#include "heed/models/data/vocabulary.h"

#include <algorithm>
#include <array>
#include <utility>

#include "heed/core/error.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/lines.h"

namespace heed::data {
namespace {

constexpr int64_t none = -1;
constexpr std::array<const char*, 4> specials = {"<pad>", "<bos>", "<eos>", "<unk>"};

bool starts_with_specials(const std::vector<std::string>& tokens) {
  return tokens.size() >= specials.size() &&
         std::equal(specials.begin(), specials.end(), tokens.begin());
}

}  // namespace

void count_tokens(std::span<const std::string> tokens, TokenCounts& counts) {
  for (const auto& token : tokens) ++counts[token];
}

Vocabulary::Vocabulary() : Vocabulary({specials.begin(), specials.end()}) {}

Vocabulary::Vocabulary(std::vector<std::string> tokens) : Vocabulary(std::move(tokens), true) {}

Vocabulary Vocabulary::plain(std::vector<std::string> tokens) {
  return Vocabulary(std::move(tokens), false);
}

Vocabulary::Vocabulary(std::vector<std::string> tokens, bool specials)
    : tokens_(std::move(tokens)), specials_(specials) {
  letters_.fill(none);
  std::string problems;
  if (specials && !starts_with_specials(tokens_)) {
    problems += "; the first tokens must be <pad> <bos> <eos> <unk>";
  }
  for (int64_t id = 0; id < size(); ++id) {
    const std::string& token = tokens_[id];
    const auto [first, inserted] = ids_.try_emplace(token, id);
    const bool usable = valid_utf8(token) && !token.empty();
    if (usable && token.size() == 1) letters_[uint8_t(token[0])] = first->second;
    if (usable && inserted) continue;
    const std::string name = "; token " + std::to_string(id) + " ";
    if (token.empty()) problems += name + "is empty";
    if (!valid_utf8(token)) problems += name + "is not UTF-8: " + shown(token);
    if (inserted) continue;
    problems += name + shown(token) + " is token " + std::to_string(first->second) + " again";
  }
  require(problems.empty(), "Vocabulary: ", problems.substr(problems.empty() ? 0 : 2));
}

Vocabulary Vocabulary::from_counts(const TokenCounts& counts, VocabularyOptions options) {
  const auto& [min_count, max_size, with_specials] = options;
  const int64_t first = with_specials ? int64_t(specials.size()) : 0;
  require(min_count >= 1, "Vocabulary: min_count must be at least 1, got ", min_count);
  require(max_size == 0 || max_size > first, "Vocabulary: max_size must be 0 or above ", first,
          ", got ", max_size);
  std::vector<const TokenCounts::value_type*> kept;  // in the order of their bytes
  for (const auto& entry : counts) {
    const bool special = std::find(specials.begin(), specials.end(), entry.first) != specials.end();
    if (entry.second >= min_count && !(with_specials && special)) kept.push_back(&entry);
  }
  if (max_size > 0 && int64_t(kept.size()) > max_size - first) {
    std::stable_sort(kept.begin(), kept.end(),
                     [](const auto* a, const auto* b) { return a->second > b->second; });
    kept.resize(size_t(max_size - first));
    std::sort(kept.begin(), kept.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
  }
  std::vector<std::string> tokens(specials.begin(), specials.begin() + first);
  for (const auto* entry : kept) tokens.push_back(entry->first);
  return Vocabulary(std::move(tokens), with_specials);
}

std::optional<int64_t> Vocabulary::find(std::string_view token) const {
  if (token.size() == 1) {
    const auto letter = uint8_t(token[0]);
    if (letter >= letters_.size() || letters_[letter] == none) return std::nullopt;
    return letters_[letter];
  }
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

const std::string& Vocabulary::token(int64_t id) const {
  require(id >= 0 && id < size(), "Vocabulary: expected an id in [0, ", size(), "), got ", id);
  return tokens_[id];
}

int64_t Vocabulary::id(std::string_view token) const {
  const auto id = find(token);
  if (specials_) return std::max(id.value_or(unk_id), unk_id);
  if (id) return *id;
  fail("Vocabulary: ", shown(token), " is not among the ", size(),
       " tokens, and there is no <unk>");
}

std::vector<int64_t> Vocabulary::ids(std::span<const std::string> tokens) const {
  std::vector<int64_t> ids;
  ids.reserve(tokens.size());
  for (const auto& token : tokens) ids.push_back(id(token));
  return ids;
}

std::vector<std::string> Vocabulary::tokens(std::span<const int64_t> ids) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const int64_t id : ids) tokens.push_back(token(id));
  return tokens;
}

}  // namespace heed::data
