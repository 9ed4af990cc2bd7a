#include "heed/nn/state_dict.h"

#include <unordered_map>

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

/// A state matched with a module's members, and all that is wrong with it.
struct Matching {
  std::vector<Target> targets;
  LoadReport report;
  std::string mismatches;
};

const Tensor& numbers(const Member& member) {
  if (const Parameter* parameter = member.as<Parameter>()) return parameter->value();
  return *member.as<Buffer>();
}

/// Why an entry cannot become a target's numbers; empty when it can.
std::string mismatch(const Entry& entry, const Target& target) {
  const auto& [name, tensor] = entry;
  const Tensor& model = target.numbers;
  if (!tensor.defined()) return " \"" + name + "\" in state_dict is an empty Tensor.";
  if (tensor.shape() != model.shape())
    return " size mismatch for " + name + ": copying a param with shape " + text(tensor.shape()) +
           " from checkpoint, the shape in current model is " + text(model.shape()) + ".";
  if (tensor.dtype() != model.dtype())
    return " dtype mismatch for " + name + ": copying a param of dtype " + text(tensor.dtype()) +
           " from checkpoint, the dtype in current model is " + text(model.dtype()) + ".";
  const Entry* other = target.source;
  if (other && other->first == name) return " \"" + name + "\" stands in state_dict twice.";
  if (other && mismatch(*other, {target.name, model}).empty() && !equal(other->second, tensor))
    return " " + other->first + " and " + name + " are tied, but differ in state_dict.";
  return "";
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
    result.mismatches += mismatch(entry, target);
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
  if (strict && !missing.empty())
    errors += " Missing key(s) in state_dict: " + quoted_list(missing) + ".";
  if (strict && !unexpected.empty())
    errors += " Unexpected key(s) in state_dict: " + quoted_list(unexpected) + ".";
  errors += matching.mismatches;
  require(errors.empty(), "load_state_dict: Error(s) in loading state_dict for ", type_name(*this),
          ":", errors);
  for (const Target& target : matching.targets)
    if (target.source) target.numbers.copy_(target.source->second);
  return std::move(matching.report);
}

}  // namespace heed::nn
