#include "heed/models/weights.h"

#include <algorithm>

#include "heed/core/convert.h"
#include "heed/core/error.h"
#include "heed/core/io/safetensors.h"
#include "heed/core/shape.h"

namespace heed::models {
namespace {

/// Matches a name with a pattern; `found` receives what each star stands for.
bool matches(std::string_view pattern, std::string_view name, std::vector<std::string>& found) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] != '*') {
    return !name.empty() && name[0] == pattern[0] &&
           matches(pattern.substr(1), name.substr(1), found);
  }
  const bool any = pattern.starts_with("**");
  const std::string_view rest = pattern.substr(any ? 2 : 1);
  const size_t most = any ? name.size() : std::min(name.find('.'), name.size());
  for (size_t length = 0; length <= most; ++length) {
    found.emplace_back(name.substr(0, length));
    if (matches(rest, name.substr(length), found)) return true;
    found.pop_back();
  }
  return false;
}

/// `to` with its stars filled in.
std::string filled(const NameRule& rule, const std::vector<std::string>& found) {
  std::string name;
  size_t star = 0;
  for (size_t i = 0; i < rule.to.size(); ++i) {
    if (rule.to[i] != '*') {
      name += rule.to[i];
      continue;
    }
    require(star < found.size(), "name map: \"", rule.to, "\" has more stars than \"", rule.from,
            "\"");
    name += found[star++];
    if (rule.to.substr(i).starts_with("**")) ++i;
  }
  return name;
}

Tensor transposed(const std::string& name, const Tensor& matrix) {
  require(matrix.dim() == 2, "name map: expected a matrix to transpose, got ", name, " ",
          matrix.shape());
  return contiguous(transpose(matrix, 0, 1));
}

}  // namespace

nn::StateDict renamed(const nn::StateDict& state, const NameMap& map) {
  nn::StateDict result;
  for (const auto& [name, tensor] : state) {
    std::vector<std::string> found;
    const NameRule* applied = nullptr;
    for (const NameRule& rule : map) {
      found.clear();
      if (!matches(rule.from, name, found)) continue;
      applied = &rule;
      break;
    }
    if (!applied) result.emplace_back(name, tensor);
    if (!applied || applied->to.empty()) continue;
    result.emplace_back(filled(*applied, found),
                        applied->transpose ? transposed(name, tensor) : tensor);
  }
  return result;
}

nn::LoadReport load_weights(nn::Module& module, const std::string& path, const NameMap& map,
                            bool strict) {
  const Safetensors file = read_safetensors(path);
  try {
    return module.load_state_dict(renamed(file.tensors, map), strict);
  } catch (const Error& error) {
    fail<FileError>(path, ": ", error.what());
  }
}

void save_weights(const std::string& path, nn::Module& module) {
  std::map<std::string, std::string> metadata{{"format", "pt"}};
  for (const auto& member : nn::list_members(module)) {
    if (!member.tied_to.empty()) metadata[member.name] = member.tied_to;
  }
  write_safetensors(path, module.state_dict(), metadata);
}

NameMap bert_names() {
  return {
      {"embeddings.position_ids", ""},
      {"bert.embeddings.position_ids", ""},
      {"cls.**", ""},
      {"classifier.**", ""},
      {"qa_outputs.**", ""},
      {"bert.**.gamma", "**.weight"},
      {"bert.**.beta", "**.bias"},
      {"bert.**", "**"},
      {"**.gamma", "**.weight"},
      {"**.beta", "**.bias"},
  };
}

NameMap gpt2_names() {
  NameMap map;
  for (const std::string prefix : {"transformer.", ""}) {
    const std::string block = prefix + "h.*.", own = "transformer.h.*.";
    map.push_back({block + "attn.bias", ""});  // the causal mask
    map.push_back({block + "attn.masked_bias", ""});
    for (const char* product : {"attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"}) {
      map.push_back({block + product + ".weight", own + product + ".weight", true});
    }
  }
  for (const char* part : {"wte.**", "wpe.**", "h.**", "ln_f.**"}) {
    map.push_back({part, std::string("transformer.") + part});
  }
  return map;
}

}  // namespace heed::models
