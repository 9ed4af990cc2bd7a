#include "heed/models/data/vocabulary.h"

#include <algorithm>
#include <array>
#include <utility>

#include "heed/core/error.h"
#include "heed/core/io/utf8.h"
#include "heed/models/data/lines.h"

namespace heed::data {
namespace {

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

Vocabulary::Vocabulary(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  std::string problems;
  if (!starts_with_specials(tokens_)) {
    problems += "; the first tokens must be <pad> <bos> <eos> <unk>";
  }
  for (int64_t id = 0; id < size(); ++id) {
    const std::string name = "; token " + std::to_string(id) + " ";
    if (tokens_[id].empty()) problems += name + "is empty";
    if (!valid_utf8(tokens_[id])) problems += name + "is not UTF-8: " + shown(tokens_[id]);
    const auto [first, inserted] = ids_.try_emplace(tokens_[id], id);
    if (inserted) continue;
    problems += name + shown(tokens_[id]) + " is token " + std::to_string(first->second) + " again";
  }
  require(problems.empty(), "Vocabulary: ", problems.substr(problems.empty() ? 0 : 2));
}

Vocabulary Vocabulary::from_counts(const TokenCounts& counts, int64_t min_count) {
  require(min_count >= 1, "Vocabulary: min_count must be at least 1, got ", min_count);
  std::vector<std::string> tokens(specials.begin(), specials.end());
  for (const auto& [token, count] : counts) {
    const bool special = std::find(specials.begin(), specials.end(), token) != specials.end();
    if (count >= min_count && !special) tokens.push_back(token);
  }
  return Vocabulary(std::move(tokens));
}

std::optional<int64_t> Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

const std::string& Vocabulary::token(int64_t id) const {
  require(id >= 0 && id < size(), "Vocabulary: expected an id in [0, ", size(), "), got ", id);
  return tokens_[id];
}

std::vector<int64_t> Vocabulary::ids(std::span<const std::string> tokens) const {
  std::vector<int64_t> ids;
  ids.reserve(tokens.size());
  for (const auto& token : tokens) {
    ids.push_back(std::max(find(token).value_or(unk_id), unk_id));  // special ids are below unk_id
  }
  return ids;
}

std::vector<std::string> Vocabulary::tokens(std::span<const int64_t> ids) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const int64_t id : ids) tokens.push_back(token(id));
  return tokens;
}

}  // namespace heed::data
