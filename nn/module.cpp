#include "heed/nn/module.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>
#include <unordered_map>
#include <unordered_set>

#include "heed/core/convert.h"

namespace heed::nn {
namespace {

template <class T, class F>
void for_each(Module& module, const F& fn) {
  for (const Member& member : list_members(module))
    if (T* part = member.as<T>(); part && member.tied_to.empty()) fn(member.name, *part);
}

/// Fills in tied_to and refuses what cannot be listed.
void check_members(std::vector<Member>& members, Module& module) {
  std::unordered_map<const Node*, const std::string*> first_names;
  std::unordered_set<std::string_view> names;
  for (Member& member : members) {
    const bool is_new = names.insert(member.name).second;
    require(is_new, type_name(module), ": members lists \"", member.name, "\" twice");
    const Parameter* parameter = member.as<Parameter>();
    const Buffer* buffer = member.as<Buffer>();
    require(!parameter || parameter->defined(), type_name(module), ": parameter \"", member.name,
            "\" was never assigned");
    require(!buffer || buffer->defined(), type_name(module), ": buffer \"", member.name,
            "\" was never assigned");
    if (!parameter) continue;
    const auto [known, added] = first_names.emplace(parameter->node().get(), &member.name);
    if (!added) member.tied_to = *known->second;
  }
}

}  // namespace

std::string MemberVisitor::full_name(std::string_view name) const {
  require(!name.empty(), "members: every member needs a name");
  return prefix_.empty() ? std::string(name) : prefix_ + "." + std::string(name);
}

void MemberVisitor::operator()(std::string_view name, Parameter& parameter) {
  members_.push_back({full_name(name), &parameter, {}});
}

void MemberVisitor::operator()(std::string_view name, Buffer& buffer) {
  members_.push_back({full_name(name), &buffer, {}});
}

void MemberVisitor::operator()(std::string_view name, Module& module) {
  const std::string path = full_name(name);
  members_.push_back({path, &module, {}});
  const std::string before = std::exchange(prefix_, path);
  module.members(*this);
  prefix_ = before;
}

std::vector<Member> list_members(Module& module) {
  MemberVisitor visit;
  visit.members_.push_back({"", &module, {}});
  module.members(visit);
  check_members(visit.members_, module);
  return std::move(visit.members_);
}

std::vector<Variable> Module::parameters() {
  std::vector<Variable> list;
  for_each<Parameter>(*this, [&](const std::string&, Parameter& p) { list.push_back(p); });
  return list;
}

std::vector<NamedVariable> Module::named_parameters() {
  std::vector<NamedVariable> list;
  for_each<Parameter>(*this, [&](const std::string& name, Parameter& parameter) {
    list.push_back({name, parameter});
  });
  return list;
}

std::vector<std::pair<std::string, Tensor>> Module::named_buffers() {
  std::vector<std::pair<std::string, Tensor>> list;
  for_each<Buffer>(
      *this, [&](const std::string& name, Buffer& buffer) { list.emplace_back(name, buffer); });
  return list;
}

void Module::train(bool mode) {
  for_each<Module>(*this, [&](const std::string&, Module& module) { module.training = mode; });
}

void Module::freeze() {
  for_each<Parameter>(*this, [](const std::string&, Parameter& p) { p.requires_grad_(false); });
}

void Module::unfreeze() {
  for_each<Parameter>(*this, [](const std::string& name, Parameter& p) {
    detail::require_own_numbers(p, "unfreeze", name);
    p.requires_grad_(true);
  });
}

void Module::to(DType dtype) {
  require(is_floating(dtype), "to: parameters are f32 or f64, not ", dtype);
  std::vector<std::pair<Parameter*, Tensor>> parameters;  // all made before any is changed
  std::vector<std::pair<Buffer*, Buffer>> buffers;
  for_each<Parameter>(*this, [&](const std::string& name, Parameter& old) {
    detail::require_own_numbers(old, "to", name);
    if (old.dtype() != dtype) parameters.emplace_back(&old, heed::to(old.value(), dtype));
  });
  for_each<Buffer>(*this, [&](const std::string&, Buffer& old) {
    if (is_floating(old.dtype())) buffers.emplace_back(&old, Buffer(heed::to(old, dtype)));
  });
  for (auto& [old, converted] : parameters) old->replace(std::move(converted));
  for (auto& [old, converted] : buffers) *old = std::move(converted);
}

void Module::zero_grad() {
  for_each<Parameter>(*this, [](const std::string&, Parameter& p) { p.Variable::zero_grad(); });
}

void Module::name_parameters() {
  for_each<Parameter>(*this, [](const std::string& name, Parameter& p) { p.set_name(name); });
}

std::string type_name(const Module& module) {
  const char* mangled = typeid(module).name();
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free);
  const std::string_view full = status == 0 ? demangled.get() : mangled;
  const size_t colons = full.substr(0, full.find('<')).rfind("::");
  return std::string(colons == std::string_view::npos ? full : full.substr(colons + 2));
}

std::vector<std::string> unlisted_leaves(Module& module, const Variable& loss) {
  std::unordered_set<const Node*> seen;
  for (const Variable& parameter : module.parameters()) seen.insert(parameter.node().get());
  std::vector<std::string> found;
  std::vector<NodeRef> open{loss.node()};
  while (!open.empty()) {
    const NodeRef node = std::move(open.back());
    open.pop_back();
    if (!node || !seen.insert(node.get()).second) continue;
    if (node->is_leaf) {
      const std::string& name = Variable(Tensor(), node).name();
      found.push_back((name.empty() ? "leaf" : "\"" + name + "\"") + " of shape " +
                      text(node->shape));
    }
    for (const Edge& edge : node->edges()) open.push_back(edge.node);
  }
  return found;
}

}  // namespace heed::nn
