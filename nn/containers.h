#pragma once

#include "heed/core/elementwise.h"
#include "heed/nn/module.h"

namespace heed::nn {

/// n layers from n calls of make, each with first numbers of its own:
/// `std::vector<nn::Linear> layers = nn::repeat(6, [] { return nn::Linear({...}); });`
/// (A vector of copies of one layer would start with equal numbers.)
template <class Make>
auto repeat(int64_t n, Make make) {
  require(n >= 0, "repeat: expected a number of layers, got ", n);
  std::vector<decltype(make())> layers;
  layers.reserve(size_t(n));
  for (int64_t i = 0; i < n; ++i) layers.push_back(make());
  return layers;
}

/// A list of modules. A plain vector: visit("layers", layers) names them "layers.0", "layers.1" ...
template <std::derived_from<Module> M>
using ModuleList = std::vector<M>;

/// A module, copyable, that turns one Variable into another; ids as a Tensor will do for the input.
template <class L>
concept Layer = std::derived_from<L, Module> &&
    (std::is_invocable_r_v<Variable, const L&, const Variable&> ||
     std::is_invocable_r_v<Variable, const L&, const Tensor&>);

/// Layers one behind the other: `nn::Sequential net(nn::Linear({...}), nn::Tanh(), ...)`.
/// Parameters are called "0.weight", "2.weight" ...: the index counts layers without parameters
/// too. A value: copies have numbers of their own.
class Sequential : public Module {
 public:
  Sequential() = default;
  template <Layer First, Layer... Rest>
  explicit Sequential(First first, Rest... rest) {
    push_back(std::move(first));
    (push_back(std::move(rest)), ...);
  }
  Sequential(const Sequential& other);
  Sequential(Sequential&&) noexcept = default;
  /// Writes into the layers that are there where all types agree.
  Sequential& operator=(const Sequential& other);
  Sequential& operator=(Sequential&&) noexcept = default;

  template <Layer L>
  void push_back(L layer) {
    steps_.push_back(std::make_unique<StepOf<L>>(std::move(layer)));
  }

  /// The layers in turn; x itself when there are none.
  Variable operator()(const Variable& x) const;
  size_t size() const { return steps_.size(); }
  /// Layer i, for dynamic_cast to its type. Throws Error when there is none.
  Module& operator[](size_t i);
  void members(MemberVisitor& visit) override;

 private:
  struct Step {
    virtual ~Step() = default;
    virtual Variable forward(const Variable& x) const = 0;
    virtual std::unique_ptr<Step> clone() const = 0;
    virtual bool assign(const Step& other) = 0;  // false when other holds another type
    virtual Module& module() = 0;
  };
  template <class L>
  struct StepOf final : Step {
    explicit StepOf(L made) : layer(std::move(made)) {}
    Variable forward(const Variable& x) const override {
      if constexpr (std::is_invocable_v<const L&, const Variable&>)
        return layer(x);
      else
        return layer(x.value());
    }
    std::unique_ptr<Step> clone() const override { return std::make_unique<StepOf>(layer); }
    bool assign(const Step& other) override {
      const auto* same = dynamic_cast<const StepOf*>(&other);
      if (same) layer = same->layer;
      return same;
    }
    Module& module() override { return layer; }
    L layer;
  };
  std::vector<std::unique_ptr<Step>> steps_;
};

// Functions as layers of a Sequential; elsewhere call them.

struct Tanh : Module {
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor&) override {}
};

struct ReLU : Module {
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor&) override {}
};

struct Sigmoid : Module {
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor&) override {}
};

struct GELU : Module {
  explicit GELU(GeluForm gelu_form = GeluForm::exact) : form(gelu_form) {}
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor&) override {}

  GeluForm form;
};

/// The dimensions start_dim to end_dim as one: (N, C, H, W) -> (N, C H W).
struct Flatten : Module {
  explicit Flatten(int64_t first = 1, int64_t last = -1) : start_dim(first), end_dim(last) {}
  Variable operator()(const Variable& x) const;
  void members(MemberVisitor&) override {}

  int64_t start_dim, end_dim;
};

}  // namespace heed::nn
