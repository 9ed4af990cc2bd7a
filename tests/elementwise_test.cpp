// Elementwise ops of tensors: layouts of the operands, in-place ops and numbers as operands.
#include "heed/core/elementwise.h"

#include "heed/core/creation.h"
#include "heed/core/index.h"
#include "heed/core/random.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

TEST_CASE("operands of any layout broadcast") {
  for (const int64_t columns : {2, 3, 7, 8, 16, 31, 33, 63, 64, 500, 600})
    for (const int64_t rows : {1, 5, 3000}) {
      const Shape shape{rows, columns};
      const Tensor x = randn(shape), column = randn({rows, 1}), row = randn({columns});
      const Tensor whole = randn({rows, 2 * columns}), stepped = slice(whole, 1, 0, 2 * columns, 2);
      CAPTURE(rows, columns);
      for (const Tensor& y : {row, column, stepped, reversed_layout(x), randn({}),
                              slice(randn({2 * columns}), 0, 0, 2 * columns, 2)}) {
        const Tensor wide = contiguous(expand(y, shape));
        CHECK(same_bits(sub(x, y), sub(x, wide)));
        CHECK(same_bits(sub(y, x), sub(wide, x)));
        CHECK(same_bits(sub(expand(y, shape), row), sub(wide, contiguous(expand(row, shape)))));
        const Tensor into = clone(x);
        add_(into, y);
        const Tensor steps = slice(clone(whole), 1, 0, 2 * columns, 2);
        add_(steps, y);
        CHECK(same_bits(steps, add(stepped, wide)));
        CHECK(same_bits(into, add(x, wide)));
      }
    }
  const Tensor square = randn({300, 300}), cube = randn({20, 30, 40});
  CHECK(same_bits(add(transpose(square, 0, 1), square),
                  add(contiguous(transpose(square, 0, 1)), square)));
  for (const Dims& order : {Dims{2, 1, 0}, Dims{1, 0, 2}, Dims{0, 2, 1}, Dims{2, 0, 1}}) {
    const Tensor view = permute(cube, order);
    CHECK(same_bits(mul(view, view), contiguous(mul(contiguous(view), contiguous(view)))));
    check_threads([&] { return add(view, view[0]); });
  }
}

TEST_CASE("one write to a tensor counts once") {
  const Tensor x = zeros({200, 200});
  const uint32_t before = x.version();
  add_(x, transpose(randn({200, 200}), 0, 1));
  CHECK(x.version() == before + 1);
}

TEST_CASE("in-place ops read views of the destination as they were") {
  const int64_t n = 200000;
  const Tensor before = randn({n}), x = clone(before);
  add_(narrow(x, 0, 1, n - 1), narrow(x, 0, 0, n - 1));
  CHECK(same_bits(narrow(x, 0, 1, n - 1),
                  add(narrow(before, 0, 1, n - 1), narrow(before, 0, 0, n - 1))));
  const Tensor square = randn({300, 300}), old = clone(square);
  mul_(square, transpose(square, 0, 1));
  CHECK(same_bits(square, mul(old, transpose(old, 0, 1))));
  add_(square, square);  // the same view
  CHECK(same_bits(square, mul(mul(old, transpose(old, 0, 1)), 2)));
  add_(square, square[0], 2);
  const Tensor row = square[1];
  row.copy_(row);
  CHECK(same_bits(row, square[1]));
}

TEST_CASE("in-place ops refuse destinations whose elements share memory") {
  const Tensor x = expand(zeros({1}), {3}), y = ones({3});
  check_error([&] { add_(x, y); }, "add_: the elements of an expanded tensor of shape (3,)");
  check_error([&] { mul_(x, y); }, "mul_: the elements of an expanded tensor");
  check_error([&] { mul_(x, 2); }, "mul_: the elements of an expanded tensor");
  check_error([&] { x.fill_(2); }, "fill_: the elements of an expanded tensor");
  check_error([&] { x.copy_(y); }, "copy_: the elements of an expanded tensor");
  const Tensor windows = zeros({5}).view_as({3, 3}, {1, 1}, 0);
  check_error([&] { add_(windows, 1 * y); }, "add_: the elements of an expanded tensor");
  check_error([&] { zeros({6}).view_as({2, 3}, {2, 1}, 0).fill_(1); }, "share memory");
  const Tensor square = zeros({3, 3});
  add_(square.view_as({3}, {4}, 0), y);  // the diagonal
  add_(expand(square[0], {1, 3}), y);
  CHECK(values(square) == Values{2, 1, 1, 0, 1, 0, 0, 0, 1});
  add_(expand(zeros({1, 0}), {3, 0}), zeros({0}));
}

TEST_CASE("integers take whole numbers only") {
  const Tensor x = tensor({3, 5});
  CHECK(values(mul(x, 2.0)) == Values{6, 10});
  CHECK(values(sub(-1.0, x)) == Values{-4, -6});
  const Tensor y = clone(x);
  add_(y, x, 2);
  mul_(y, -1.0);
  CHECK(values(y) == Values{-9, -15});
  const char* part = "0.5 is not a whole number and the tensor's dtype is i64";
  check_error([&] { add(x, 0.5); }, std::string("add: ") + part);
  check_error([&] { sub(x, 0.5); }, std::string("sub: ") + part);
  check_error([&] { sub(0.5, x); }, std::string("sub: ") + part);
  check_error([&] { mul(x, 0.5); }, std::string("mul: ") + part);
  check_error([&] { maximum(x, 0.5); }, std::string("maximum: ") + part);
  check_error([&] { add_(y, x, 0.5); }, std::string("add_: ") + part);
  check_error([&] { mul_(y, 0.5); }, std::string("mul_: ") + part);
  check_error([&] { mul_(y, NAN); }, "mul_: nan is not a whole number");
  check_error([&] { mul(x, 1e300); }, "mul: 1e+300 does not fit dtype i64");
  CHECK(values(y) == Values{-9, -15});
}

TEST_CASE("where and masked_fill cut no fractions off", "[elementwise]") {
  const Tensor ids = tensor({1, -2, 3}), mask = gt(ids, 0);
  check_error([&] { masked_fill(ids, mask, 0.7); }, "masked_fill: 0.7 is not a whole number");
  check_error([&] { where(mask, ids, 0.5); }, "where: 0.5 is not a whole number");
  check_error([&] { where(mask, 0.5, ids); }, "where: 0.5 is not a whole number");
  CHECK(equal(masked_fill(ids, mask, 2.0), tensor({2, -2, 2})));
}
