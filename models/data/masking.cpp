#include "heed/models/data/masking.h"

#include "heed/core/error.h"

namespace heed::data {

MaskedIds mask_tokens(std::span<const int64_t> ids, const MaskingOptions& options,
                      Generator& generator) {
  const auto& [tokens, mask_id, first_token, share, ignored_id] = options;
  require(share >= 0 && share <= 1, "mask_tokens: expected a share in [0, 1], got ", share);
  require(first_token >= 0 && first_token < tokens && mask_id >= 0 && mask_id < tokens,
          "mask_tokens: expected mask_id and first_token in [0, ", tokens, "), got ", mask_id,
          " and ", first_token);
  MaskedIds masked{{ids.begin(), ids.end()}, std::vector<int64_t>(ids.size(), ignored_id)};
  for (size_t i = 0; i < ids.size(); ++i) {
    require(ids[i] >= 0 && ids[i] < tokens, "mask_tokens: expected ids in [0, ", tokens, "), got ",
            ids[i]);
    if (ids[i] < first_token || generator.real() >= share) continue;
    masked.targets[i] = ids[i];
    const double what = generator.real();
    if (what < 0.8) masked.ids[i] = mask_id;
    if (what >= 0.9) masked.ids[i] = first_token + generator.integer(tokens - first_token);
  }
  return masked;
}

}  // namespace heed::data
