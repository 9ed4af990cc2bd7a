#include "heed/nn/state_dict.h"

#include <algorithm>
#include <unordered_map>

#include "heed/core/convert.h"
#include "heed/core/elementwise.h"
#include "heed/nn/module.h"

namespace heed::nn {
namespace {

using Entry = StateDict::value_type;

/// A parameter or buffer of the module, and the entry of the state that it will copy.
struct Target {
  std::string name;
  Tensor numbers;
  const Entry* source = nullptr;
};

/// What is wrong with entries: a sentence without its subject, and the names of those it holds for.
using Reasons = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// A state matched with a module's members, and all that is wrong with it.
struct Matching {
  std::vector<Target> targets;
  LoadReport report;
  Reasons reasons;
};

const Tensor& numbers(const Member& member) {
  const Parameter* parameter = member.as<Parameter>();
  if (!parameter) return *member.as<Buffer>();
  detail::require_own_numbers(*parameter, "state_dict", member.name);
  return parameter->value();
}

/// Why a tensor of a state cannot become the model's numbers; empty when it can.
std::string mismatch(const Tensor& tensor, const Tensor& model) {
  if (!tensor.defined()) return "empty Tensor in state_dict";
  if (tensor.shape() != model.shape())
    return "size mismatch: shape " + text(tensor.shape()) + " in state_dict, " +
           text(model.shape()) + " in current model";
  const bool floating = is_floating(tensor.dtype()) && is_floating(model.dtype());
  if (!floating && tensor.dtype() != model.dtype())
    return "dtype mismatch: " + text(tensor.dtype()) + " in state_dict, " + text(model.dtype()) +
           " in current model";
  return "";
}

/// Why an entry does not agree with the one that its target has already.
std::string conflict(const Entry& entry, const Target& target) {
  const auto& [other, numbers] = *target.source;
  if (other == entry.first) return "twice in state_dict";
  const DType dtype = target.numbers.dtype();
  const bool differ = mismatch(numbers, target.numbers).empty() &&
                      !equal(to(numbers, dtype), to(entry.second, dtype));
  return differ ? "tied to " + other + ", but different in state_dict" : "";
}

void add(Reasons& reasons, const std::string& reason, const std::string& name) {
  const auto known = std::find_if(reasons.begin(), reasons.end(),
                                  [&](const auto& r) { return r.first == reason; });
  if (known == reasons.end())
    reasons.push_back({reason, {name}});
  else
    known->second.push_back(name);
}

Matching match(const std::vector<Member>& members, const StateDict& state) {
  Matching result;
  std::unordered_map<std::string_view, size_t> places;  // of tied names too
  for (const Member& member : members) {
    if (member.as<Module>()) continue;
    const bool tied = !member.tied_to.empty();
    places.emplace(member.name, tied ? places.at(member.tied_to) : result.targets.size());
    if (!tied) result.targets.push_back({member.name, numbers(member)});
  }
  for (const Entry& entry : state) {
    const auto place = places.find(entry.first);
    if (place == places.end()) {
      result.report.unexpected.push_back(entry.first);
      continue;
    }
    Target& target = result.targets[place->second];
    std::string reason = mismatch(entry.second, target.numbers);
    if (reason.empty() && target.source) reason = conflict(entry, target);
    if (!reason.empty()) add(result.reasons, reason, entry.first);
    target.source = &entry;
  }
  for (const Target& target : result.targets)
    if (!target.source) result.report.missing.push_back(target.name);
  return result;
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

}  // namespace

StateDict Module::state_dict() {
  StateDict state;
  for (const Member& member : list_members(*this))
    if (!member.as<Module>() && member.tied_to.empty())
      state.emplace_back(member.name, numbers(member));
  return state;
}

LoadReport Module::load_state_dict(const StateDict& state, bool strict) {
  Matching matching = match(list_members(*this), state);
  const auto& [missing, unexpected] = matching.report;
  std::string errors;
  const auto tell = [&](const std::string& reason, const std::vector<std::string>& names) {
    if (!names.empty()) errors += "\n  " + reason + ": " + quoted_list(names);
  };
  if (strict) tell("missing key(s) in state_dict", missing);
  if (strict) tell("unexpected key(s) in state_dict", unexpected);
  for (const auto& [reason, names] : matching.reasons) tell(reason, names);
  require(errors.empty(), "load_state_dict: Error(s) in loading state_dict for ", type_name(*this),
          ":", errors);
  for (const Target& target : matching.targets)
    if (target.source) target.numbers.copy_(target.source->second);
  return std::move(matching.report);
}

}  // namespace heed::nn
