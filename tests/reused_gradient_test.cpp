// Rules may write a gradient over numbers that nobody else holds; whoever holds them sees no
// change.
#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/loss.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/memory.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;

namespace {

Variable leaf() { return Variable(tensor({0.5, -1, 2}, {.dtype = f64})).requires_grad_(); }

struct Problem {
  Variable logits = Variable(tensor({{1, 2, 0}, {-1, 0, 3}}, {.dtype = f64})).requires_grad_();
  Tensor targets = tensor({1, 2}, {.dtype = i64});
  Variable loss(const Variable& scaled) const {
    return sum(cross_entropy_rows(scaled, targets).loss);
  }
};

}  // namespace

TEST_CASE("reused gradients: what a seed, a hook, retain_grad or a second reader holds stays") {
  const Variable x = leaf();
  const Variable seed(tensor({1, 2, 3}, {.dtype = f64}));
  tanh(x).backward(seed);
  CHECK(values(seed.value()) == Values{1, 2, 3});

  const Variable inner = exp(leaf());
  Tensor seen;
  inner.register_hook([&](const Variable& g) {
    seen = g.value();
    return Variable();
  });
  inner.retain_grad();
  sum(inner * 3).backward();
  CHECK(values(seen) == Values{3, 3, 3});
  CHECK(values(inner.grad().value()) == Values{3, 3, 3});

  const Variable a = leaf(), b = leaf();
  sum((exp(a) + sin(b)) * 2).backward();  // one gradient goes to both
  CHECK(values(a.grad().value()) == values((exp(a.value()) * 2)));
  CHECK(values(b.grad().value()) == values((cos(b.value()) * 2)));
}

TEST_CASE(
    "reused gradients: logits give way to their gradient only where nobody reads them again") {
  const Problem held;
  const Variable kept = held.logits * 2;
  const Values before = values(kept.value());
  held.loss(kept).backward();
  CHECK(values(kept.value()) == before);

  const Problem twice;
  const Variable loss = twice.loss(twice.logits * 2);
  loss.backward(Variable(ones({}, {.dtype = f64})), true);
  const Values once = values(twice.logits.grad().value());
  CHECK(once == values(held.logits.grad().value()));
  twice.logits.zero_grad();
  loss.backward();
  CHECK(values(twice.logits.grad().value()) == once);
}

TEST_CASE("reused gradients: neither a loss nor a function asks for memory of its own") {
  if (!fused()) return;  // definitions keep more
  const Variable x = Variable(zeros({1000, 1000})).requires_grad_();
  const Tensor targets = zeros({1000}, {.dtype = i64});
  const Variable loss = sum(cross_entropy_rows(sin(x), targets).loss);
  const int64_t before = memory_statistics().live_bytes;  // x and sin(x), 4 MB each
  reset_peak_memory();
  loss.backward();
  CHECK(memory_statistics().peak_bytes - before < 1 << 18);  // sin(x) has become x's gradient
}
