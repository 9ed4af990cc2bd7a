#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "heed/nn/parameter.h"
#include "heed/nn/state_dict.h"

namespace heed::nn {

class MemberVisitor;

/// A layer or a model: parameters, buffers and other modules, listed once in members(). All else
/// follows from that list: names, state dicts, training mode, copies.
///
///     struct Net : nn::Module {
///       nn::Linear hidden{{.in_features = 2, .out_features = 16}}, out{{.in_features = 16, ...}};
///       Variable operator()(const Variable& x) const { return out(tanh(hidden(x))); }
///       void members(nn::MemberVisitor& visit) override { visit("hidden", hidden); ... }
///     };
///
/// Modules are values: a copy has numbers of its own (`Net best = net;` is a snapshot).
class Module {
 public:
  Module() = default;
  Module(const Module&) = default;
  Module(Module&&) = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) = default;
  virtual ~Module() = default;

  /// Calls visit(name, member) for every parameter, buffer and module that is part of this one.
  /// A parameter that is used in two places is listed under both names: its weights are tied.
  virtual void members(MemberVisitor& visit) = 0;

  /// Every parameter once, frozen ones too, in the order of members(). Handles share the numbers.
  std::vector<Variable> parameters();
  /// The same with dotted names: "encoder.layers.0.weight". A tied one has its first name.
  std::vector<NamedVariable> named_parameters();
  std::vector<std::pair<std::string, Tensor>> named_buffers();

  /// Names and numbers of all parameters (tied ones once) and buffers. Shares the numbers: copy the
  /// module for a snapshot.
  StateDict state_dict();
  /// Copies the numbers of a state into this module, floating ones converted to its dtype. Strict:
  /// every key is wanted and every wanted key is there; else both are only reported. Shapes always
  /// have to match. Throws one Error that lists all that is wrong, and then has changed nothing.
  LoadReport load_state_dict(const StateDict& state, bool strict = true);

  /// Training or evaluation mode of this module and all in it (dropout works in training only).
  void train(bool mode = true);
  void eval() { train(false); }

  /// Frozen parameters require no gradient, so optimisers leave them alone.
  void freeze();
  void unfreeze();

  /// Converts parameters and floating buffers to f32 or f64, and forgets gradients. Make optimisers
  /// afterwards: one made before throws at its next step.
  void to(DType dtype);

  /// Forgets the accumulated gradients.
  void zero_grad();

  /// Gives every parameter its dotted name, which error messages then show.
  void name_parameters();

  bool training = true;
};

/// One entry of a module's list.
struct Member {
  std::string name;  ///< dotted, "" for the module itself
  std::variant<Module*, Parameter*, Buffer*> part;
  std::string tied_to;  ///< of a parameter that was listed before: its first name

  template <class T>
  T* as() const {
    T* const* pointer = std::get_if<T*>(&part);
    return pointer ? *pointer : nullptr;
  }
};

/// What Module::members() tells its members to. Optional members are listed when they have a value;
/// element i of a vector is called "name.i", as PyTorch numbers a ModuleList.
class MemberVisitor {
 public:
  void operator()(std::string_view name, Parameter& parameter);
  void operator()(std::string_view name, Buffer& buffer);
  void operator()(std::string_view name, Module& module);
  template <class T>
  void operator()(std::string_view name, std::optional<T>& member) {
    if (member) (*this)(name, *member);
  }
  template <std::derived_from<Module> M>
  void operator()(std::string_view name, std::unique_ptr<M>& module) {
    if (module) (*this)(name, *module);
  }
  template <class T>
  void operator()(std::string_view name, std::vector<T>& list) {
    for (size_t i = 0; i < list.size(); ++i)
      (*this)(std::string(name) + "." + std::to_string(i), list[i]);
  }

 private:
  friend std::vector<Member> list_members(Module& module);
  std::string full_name(std::string_view name) const;
  std::vector<Member> members_;
  std::string prefix_;
};

/// The module itself and everything in it, in the order of members(). Throws Error for a name that
/// is listed twice, and for a parameter or buffer without numbers.
std::vector<Member> list_members(Module& module);

/// The C++ type of a module without namespaces: "Linear".
std::string type_name(const Module& module);

/// The leaves of a loss's graph that the module does not list, by name or shape. Anything here is
/// trained by nobody: a member is missing in members(). Constants do not count.
std::vector<std::string> unlisted_leaves(Module& module, const Variable& loss);

}  // namespace heed::nn
