// What is done wrong with a graph and noticed in a backward pass.
#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/fused.h"
#include "heed/autograd/index.h"
#include "heed/autograd/loss.h"
#include "heed/autograd/record.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/memory.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

TEST_CASE("masks, conditions, indices and targets are watched like saved values", "[engine]") {
  const Variable x = Variable(tensor({1.0, 2.0, 3.0})).requires_grad_();
  const Tensor mask = gt(x.value(), 1.5), index = tensor({0, 2});
  const auto refuses = [](const Variable& y, const Tensor& changed) {
    changed.fill_(0);
    check_error([&] { sum(y).backward(); }, "was changed in place after it was used");
  };
  refuses(where(mask, x, 0.0), mask);
  const Tensor other = gt(x.value(), 1.5);
  refuses(masked_fill(x, other, 0), other);
  refuses(index_select(x, 0, index), index);
  const Tensor targets = tensor({2}), weight = ones({3});
  refuses(cross_entropy_rows(view(x, {1, 3}), targets, {.weight = weight}).loss, weight);
  if (fused())  // the definition works with a copy
    refuses(cross_entropy_rows(view(x, {1, 3}), targets).loss, targets);
}

TEST_CASE("a custom op with a gradient of another shape is named", "[engine]") {
  static constexpr Op op{"mymul", "y = a b", "da = dy b"};  // forgets to undo the broadcast
  const Variable a = Variable(ones({4})).requires_grad_(), b(ones({3, 4}));
  const Variable y = record(op, a.value() * b.value(),
                            input(a, [b = save(b)](const Variable& g) { return g * *b; }));
  check_error([&] { sum(y).backward(); },
              "backward of 'mymul': its gradient for input 0 should be f32 (4,) as the input is, "
              "got f32 (3, 4)");
  CHECK(grad(y, {a * 1}, {.allow_unused = true}, ones({3, 4})).size() == 1);
}

TEST_CASE("the result of a hook has its value's shape and dtype", "[engine]") {
  const auto refuses = [](const Hook& hook, const char* message) {
    const Variable x = Variable(ones({2, 3})).requires_grad_(), y = tanh(x);
    y.register_hook(hook);
    check_error([&] { sum(y).backward(); }, message);
    x.register_hook(hook);
    check_error([&] { sum(x * 2).backward(); }, "register_hook: the hook of 'leaf' should return");
    CHECK_FALSE(x.grad().defined());
  };
  refuses([](const Variable& g) { return mean(g); },
          "register_hook: the hook of 'tanh' should return f32 (2, 3), got f32 ()");
  refuses([](const Variable& g) { return Variable(zeros(g.shape(), {.dtype = f64})); },
          "register_hook: the hook of 'tanh' should return f32 (2, 3), got f64 (2, 3)");
}

TEST_CASE("a rule that throws frees what was saved, and a second pass says so", "[engine]") {
  static constexpr Op op{"moody", "y = x", "throws"};
  const Variable x = Variable(ones({1 << 20})).requires_grad_();
  const int64_t before = memory_statistics().live_bytes;
  const Variable loss = sum(record(
      op, x.value(), input(x, [kept = save(Variable(x.value() * 2))](const Variable&) -> Variable {
        fail("not today");
      })));
  CHECK(memory_statistics().live_bytes - before >= 4 << 20);
  check_error([&] { loss.backward(); }, "backward of 'moody': not today");
  CHECK(memory_statistics().live_bytes - before < 1 << 20);
  check_error([&] { loss.backward(); }, "or compute the value anew where the first failed");
}

TEST_CASE("a gradient that is kept does not hold the block that it is a part of", "[engine]") {
  const Variable x = Variable(ones({10})).requires_grad_();
  const Tensor rest = ones({1 << 20});
  const int64_t before = memory_statistics().live_bytes;
  sum(cat({x, rest}, 0) * 2).backward();
  CHECK(x.grad().value().is_whole());
  CHECK(memory_statistics().live_bytes - before < 1 << 20);
}
