// Arithmetic. The unary functions are in elementwise_unary.cpp.
#include "heed/autograd/elementwise.h"

#include "heed/autograd/pointwise.h"
#include "heed/core/creation.h"

namespace heed {

using detail::pointwise;

Variable math::like(const Variable& x, double c) {
  return Variable(full(Shape{}, c, {.dtype = x.dtype()}));
}

Variable add(const Variable& a, const Variable& b) {
  static constexpr Op op{"add", "y = a + b", "da = dy, db = dy", true};
  return record(op, add(a.value(), b.value()), input(a, [](const Variable& g) { return g; }),
                input(b, [](const Variable& g) { return g; }));
}

Variable add(const Variable& a, Scalar b) {
  static constexpr Op op{"add", "y = a + c", "da = dy"};
  return record({op, {"c", b.value()}}, add(a.value(), b),
                input(a, [](const Variable& g) { return g; }));
}

Variable sub(const Variable& a, const Variable& b) {
  static constexpr Op op{"sub", "y = a - b", "da = dy, db = -dy", true};
  return record(op, sub(a.value(), b.value()), input(a, [](const Variable& g) { return g; }),
                input(b, [](const Variable& g) { return -g; }));
}

Variable sub(const Variable& a, Scalar b) {
  static constexpr Op op{"sub", "y = a - c", "da = dy"};
  return record({op, {"c", b.value()}}, sub(a.value(), b),
                input(a, [](const Variable& g) { return g; }));
}

Variable sub(Scalar a, const Variable& b) {
  static constexpr Op op{"sub", "y = c - b", "db = -dy"};
  return record({op, {"c", a.value()}}, sub(a, b.value()),
                input(b, [](const Variable& g) { return -g; }));
}

Variable mul(const Variable& a, const Variable& b) {
  static constexpr Op op{"mul", "y = a b", "da = dy b, db = dy a", true};
  return record(op, mul(a.value(), b.value()),
                input(a, [b = save(b)](const Variable& g) { return g * *b; }),
                input(b, [a = save(a)](const Variable& g) { return g * *a; }));
}

Variable mul(const Variable& a, Scalar b) {
  static constexpr Op op{"mul", "y = a c", "da = c dy"};
  return record({op, {"c", b.value()}}, mul(a.value(), b),
                input(a, [b](const Variable& g) { return g * b; }));
}

Variable div(const Variable& a, const Variable& b) {
  static constexpr Op op{"div", "y = a / b", "da = dy / b, db = -dy a / b^2", true};
  return record(
      op, div(a.value(), b.value()), input(a, [b = save(b)](const Variable& g) { return g / *b; }),
      input(b, [a = save(a), b = save(b)](const Variable& g) {
        return pointwise([](auto g, auto a, auto b) { return -g * a / (b * b); }, g, *a, *b);
      }));
}

Variable div(const Variable& a, Scalar b) {
  static constexpr Op op{"div", "y = a / c", "da = dy / c"};
  return record({op, {"c", b.value()}}, div(a.value(), b),
                input(a, [b](const Variable& g) { return g / b; }));
}

Variable div(Scalar a, const Variable& b) {
  static constexpr Op op{"div", "y = c / b", "db = -dy c / b^2"};
  return record({op, {"c", a.value()}}, div(a, b.value()),
                input(b, [b = save(b), c = a.value()](const Variable& g) {
                  return pointwise([c](auto g, auto b) { return g * math::like(b, -c) / (b * b); },
                                   g, *b);
                }));
}

Variable neg(const Variable& a) {
  static constexpr Op op{"neg", "y = -a", "da = -dy"};
  return record(op, neg(a.value()), input(a, [](const Variable& g) { return -g; }));
}

namespace {

// The gradient of a choice between a and b: all where `mine` was chosen, half where both are equal.
constexpr auto chosen_larger = [](auto g, auto mine, auto other) {
  return math::select(mine > other, g,
                      math::select(mine < other, g * math::like(g, 0), g * math::like(g, 0.5)));
};
constexpr auto chosen_smaller = [](auto g, auto mine, auto other) {
  return chosen_larger(g, other, mine);
};

template <class F>
Variable choice(const Op& op, const Variable& a, const Variable& b, Tensor value, F share) {
  return record(op, std::move(value),
                input(a, [a = save(a), b = save(b),
                          share](const Variable& g) { return pointwise(share, g, *a, *b); }),
                input(b, [a = save(a), b = save(b), share](const Variable& g) {
                  return pointwise(share, g, *b, *a);
                }));
}

}  // namespace

Variable maximum(const Variable& a, const Variable& b) {
  static constexpr Op op{"maximum", "y = max(a, b)", "da = dy [a > b], db = dy [b > a]", true};
  return choice(op, a, b, maximum(a.value(), b.value()), chosen_larger);
}

Variable minimum(const Variable& a, const Variable& b) {
  static constexpr Op op{"minimum", "y = min(a, b)", "da = dy [a < b], db = dy [b < a]", true};
  return choice(op, a, b, minimum(a.value(), b.value()), chosen_smaller);
}

Variable maximum(const Variable& a, Scalar b) { return maximum(a, math::like(a, b.value())); }
Variable minimum(const Variable& a, Scalar b) { return minimum(a, math::like(a, b.value())); }

Variable clamp(const Variable& x, std::optional<Scalar> low, std::optional<Scalar> high) {
  static constexpr Op op{"clamp", "y = min(max(x, low), high)", "dx = dy [low <= x <= high]"};
  const double least = low ? low->value() : -INFINITY, most = high ? high->value() : INFINITY;
  return record({op, {"low", least}, {"high", most}}, clamp(x.value(), low, high),
                input(x, [x = save(x), least, most](const Variable& g) {
                  const Tensor inside = logical_and(ge(x.value(), least), le(x.value(), most));
                  return where(inside, g, 0);
                }));
}

Variable where(const Tensor& condition, const Variable& a, const Variable& b) {
  static constexpr Op op{"where", "y = c ? a : b", "da = dy [c], db = dy [not c]", true};
  return record(
      op, where(condition, a.value(), b.value()),
      input(a, [c = save(condition)](const Variable& g) { return where(c.value(), g, 0); }),
      input(b, [c = save(condition)](const Variable& g) { return where(c.value(), 0, g); }));
}

Variable where(const Tensor& condition, const Variable& a, Scalar b) {
  static constexpr Op op{"where", "y = c ? a : k", "da = dy [c]", true};
  return record(
      {op, {"k", b.value()}}, where(condition, a.value(), b),
      input(a, [c = save(condition)](const Variable& g) { return where(c.value(), g, 0); }));
}

Variable where(const Tensor& condition, Scalar a, const Variable& b) {
  return where(logical_not(condition), b, a);
}

}  // namespace heed
