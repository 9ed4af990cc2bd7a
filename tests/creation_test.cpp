#include "heed/core/creation.h"

#include <cmath>
#include <limits>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/shape.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;

TEST_CASE("filled tensors of every dtype") {
  for (DType dtype : {f32, f64, i64, u8}) {
    CHECK(zeros({2, 3}, {.dtype = dtype}).dtype() == dtype);
    CHECK(values(zeros({2}, {.dtype = dtype})) == Values{0, 0});
    CHECK(values(ones({2}, {.dtype = dtype})) == Values{1, 1});
    CHECK(values(full({2}, 7, {.dtype = dtype})) == Values{7, 7});
    const Tensor x = full({2, 1}, 3, {.dtype = dtype});
    CHECK(values(zeros_like(x)) == Values{0, 0});
    CHECK(values(ones_like(x)) == Values{1, 1});
    CHECK(values(full_like(x, 9)) == Values{9, 9});
    CHECK(empty_like(x).dtype() == dtype);
    CHECK(empty_like(x).shape() == Shape{2, 1});
  }
  CHECK(empty({4, 0}).numel() == 0);
  CHECK(ones({}).dim() == 0);
  CHECK(ones({}).item() == 1);
  CHECK(zeros({0, 5}).shape() == Shape{0, 5});
  CHECK(values(full({100000}, 2.5)).back() == 2.5);
  CHECK(std::isnan(full({1}, NAN).item()));
}

TEST_CASE("filled tensors refuse what cannot be") {
  check_error([] { zeros({2, -1}); }, "negative size in (2, -1)");
  check_error([] { zeros({int64_t(1) << 32, int64_t(1) << 32}); }, "more than 2^40");
  check_error([] { zeros({int64_t(1) << 62, 4}); }, "more than 2^40");
  check_error([] { full({1}, 300, {.dtype = u8}); }, "full: 300 does not fit dtype u8");
  check_error([] { full({1}, -1, {.dtype = u8}); }, "full: -1 does not fit dtype u8");
  check_error([] { full({1}, NAN, {.dtype = i64}); }, "full: nan does not fit dtype i64");
  check_error([] { full({1}, 1e30, {.dtype = i64}); }, "does not fit dtype i64");
  const int64_t largest = std::numeric_limits<int64_t>::max();
  CHECK(full({1}, largest, {.dtype = i64}).item<int64_t>() == largest);
  CHECK(full({1}, -0x1p63, {.dtype = i64}).item<int64_t>() == -largest - 1);
}

TEST_CASE("arange counts like PyTorch") {
  CHECK(arange(4).dtype() == i64);
  CHECK(values(arange(4)) == Values{0, 1, 2, 3});
  CHECK(values(arange(2, 9, 3)) == Values{2, 5, 8});
  CHECK(values(arange(5, 1, -2)) == Values{5, 3});
  CHECK(values(arange(1, 2.5, 0.5)) == Values{1, 1.5, 2});
  CHECK(arange(1.0, 2.0).dtype() == f32);
  CHECK(arange(3, {.dtype = f64}).dtype() == f64);
  CHECK(values(arange(0, 1, 0.25, {.dtype = f64})) == Values{0, 0.25, 0.5, 0.75});
  CHECK(arange(0).shape() == Shape{0});
  CHECK(values(arange(50000)).back() == 49999);
  const int64_t large = (int64_t(1) << 62) + 1;  // beyond what a double holds
  CHECK(arange(large, large + 2).data<int64_t>()[1] == large + 1);
  check_error([] { arange(0, 3, 0); }, "arange: expected finite bounds and a step other than 0");
  check_error([] { arange(0, 3, -1); }, "arange: a step of -1 leads from 0 away from 3");
  check_error([] { arange(0, INFINITY, 1.0); }, "arange: expected finite");
  check_error([] { arange(0, 1e300, 1e-300); }, "more than 2^40");
  check_error([] { arange(0, 300, 1, {.dtype = u8}); }, "arange: 299 does not fit dtype u8");
}

TEST_CASE("linspace, eye") {
  CHECK(values(linspace(0, 1, 5)) == Values{0, 0.25, 0.5, 0.75, 1});
  CHECK(values(linspace(3, 3, 1)) == Values{3});
  CHECK(values(linspace(1, 0, 2, {.dtype = f64})) == Values{1, 0});
  CHECK(linspace(0, 1, 0).shape() == Shape{0});
  CHECK(linspace(0, 0.1, 7).data<float>()[6] == 0.1f);
  check_error([] { linspace(0, 1, -1); }, "linspace: the number of steps");
  check_error([] { linspace(0, 1, 3, {.dtype = i64}); }, "linspace: expected a floating dtype");
  check_error([] { linspace(0, 1, int64_t(1) << 50); }, "more than 2^40");
  CHECK(values(eye(2)) == Values{1, 0, 0, 1});
  CHECK(values(eye(1, {.dtype = i64})) == Values{1});
  CHECK(eye(0).shape() == Shape{0, 0});
  check_error([] { eye(-1); }, "negative size");
}

TEST_CASE("one_hot") {
  const Tensor index = tensor({{2, 0}, {1, 1}});
  const Tensor hot = one_hot(index, 3);
  CHECK(hot.dtype() == i64);
  CHECK(hot.shape() == Shape{2, 2, 3});
  CHECK(values(hot) == Values{0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0});
  CHECK(values(one_hot(transpose(index, 0, 1), 3, {.dtype = f32})) ==
        Values{0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0});
  CHECK(one_hot(tensor(1), 2).shape() == Shape{2});
  CHECK(one_hot(zeros({0}, {.dtype = i64}), 2).shape() == Shape{0, 2});
  check_error([&] { one_hot(index, 2); }, "one_hot: index 2 is out of range for size 2");
  check_error([&] { one_hot(tensor({-1}), 2); }, "one_hot: index -1 is out of range");
  check_error([&] { one_hot(index, 0); }, "one_hot: expected at least one class, got 0");
  check_error([] { one_hot(tensor({1.0}), 2); }, "one_hot: expected indices of dtype i64, got f32");
}

TEST_CASE("tensors from written numbers") {
  CHECK(tensor(3.0).dtype() == f32);
  CHECK(tensor(3.0).dim() == 0);
  CHECK(tensor(3).dtype() == i64);
  CHECK(tensor({1.0, 2.0}).shape() == Shape{2});
  CHECK(tensor({1.5}).shape() == Shape{1});
  CHECK(tensor({1, 2}).dtype() == i64);
  CHECK(tensor({1, 2.5}).dtype() == f32);
  CHECK(tensor({1, 2}, {.dtype = f64}).dtype() == f64);
  const Tensor x = tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.dtype() == f32);
  CHECK(values(x) == Values{1, 2, 3, 4, 5, 6});
  CHECK(tensor({{1, 2}, {3, 4}}).dtype() == i64);
  CHECK(tensor({{1, 0}, {0, 1}}, {.dtype = u8}).dtype() == u8);
  check_error([] { tensor({{1.0, 2.0}, {3.0, 4.0, 5.0}}); }, "tensor: rows of different lengths");
  check_error([] { tensor({256}, {.dtype = u8}); }, "tensor: 256 does not fit dtype u8");
  check_error([] { tensor({{NAN, 1.0}, {1.0, 2.0}}, {.dtype = i64}); }, "does not fit dtype i64");
}

TEST_CASE("tensors from vectors and spans") {
  CHECK(from_values(std::vector<float>{1, 2}, {2}).dtype() == f32);
  CHECK(from_values(std::vector<double>{1, 2}, {1, 2}).dtype() == f64);
  CHECK(from_values(std::vector<int64_t>{1, 2}, {2, 1}).dtype() == i64);
  CHECK(from_values(std::vector<uint8_t>{1, 2}, {2}).dtype() == u8);
  std::vector<float> numbers{1, 2, 3, 4};
  const Tensor x = from_values(numbers, {2, 2});
  numbers[0] = 9;
  CHECK(values(x) == Values{1, 2, 3, 4});  // a copy
  CHECK(from_values(std::vector<float>{}, {0, 3}).numel() == 0);
  CHECK(from_values(std::vector<float>{5}, {}).item() == 5);
  check_error([&] { from_values(numbers, {3}); }, "from_values: shape (3,) has 3 elements, got 4");
  check_error([&] { from_values(numbers, {-4}); }, "negative size");
  check_error([&] { from_values(numbers, {}); }, "from_values: shape () has 1 elements, got 4");
}

TEST_CASE("to converts every pair of dtypes") {
  const Tensor x = tensor({0.0, 1.0, 2.75, 200.0}, {.dtype = f64});
  for (DType from : {f32, f64, i64, u8})
    for (DType into : {f32, f64, i64, u8}) {
      const Tensor y = to(to(x, from), into);
      CHECK(y.dtype() == into);
      const bool whole = !is_floating(from) || !is_floating(into);
      CHECK(values(y) == Values{0, 1, whole ? 2 : 2.75, 200});
    }
  CHECK(to(x, f64).shares_storage(x));
  CHECK(values(to(tensor({-1.5, 2.5}), i64)) == Values{-1, 2});
  CHECK(values(to(tensor({{1.0, 2.0}, {3.0, 4.0}})[1], i64)) == Values{3, 4});
  const int64_t lowest = std::numeric_limits<int64_t>::min();
  CHECK(to(tensor(NAN), i64).item<int64_t>() == lowest);
  CHECK(to(tensor(INFINITY), i64).item<int64_t>() == lowest);
  CHECK(to(tensor(1e30), i64).item<int64_t>() == lowest);
  CHECK(to(tensor(-1e30), i64).item<int64_t>() == lowest);
  CHECK(values(to(tensor({256, 257}), u8)) == Values{0, 1});
  CHECK(to(zeros({0, 2}), i64).shape() == Shape{0, 2});
  const int64_t big = (int64_t(1) << 60) + 1;
  CHECK(to(tensor(big), i64).item<int64_t>() == big);
  check_error([] { to(Tensor(), f32); }, "empty");
}

TEST_CASE("contiguous and clone") {
  const Tensor x = reshape(arange(6), {2, 3});
  CHECK(contiguous(x).shares_storage(x));
  const Tensor y = contiguous(transpose(x, 0, 1));
  CHECK(y.is_contiguous());
  CHECK(!y.shares_storage(x));
  CHECK(values(y) == Values{0, 3, 1, 4, 2, 5});
  const Tensor copy = clone(x);
  CHECK(!copy.shares_storage(x));
  CHECK(values(copy) == values(x));
  CHECK(clone(tensor(4.0)).item() == 4);
  CHECK(clone(zeros({0})).numel() == 0);
  CHECK(values(clone(expand(tensor({{1.0}, {2.0}}), {2, 3}))) == Values{1, 1, 1, 2, 2, 2});
}

TEST_CASE("contiguous of every permutation and size") {
  for (DType dtype : {u8, f32, f64})
    for (const Shape& shape :
         {Shape{3, 5, 7}, Shape{40, 33, 70}, Shape{1, 64, 100}, Shape{2, 1, 9}})
      for (const Dims& order : {Dims{0, 1, 2}, Dims{0, 2, 1}, Dims{1, 0, 2}, Dims{1, 2, 0},
                                Dims{2, 0, 1}, Dims{2, 1, 0}}) {
        const Tensor x = to(reshape(arange(numel(shape)), shape), dtype);
        const Tensor view = permute(x, order), dense = contiguous(view);
        const Values flat = values(x), got = values(dense);
        size_t wrong = 0, i = 0;
        for (int64_t a = 0; a < view.size(0); ++a)
          for (int64_t b = 0; b < view.size(1); ++b)
            for (int64_t c = 0; c < view.size(2); ++c, ++i)
              wrong += got[i] != flat[size_t(a * view.strides()[0] + b * view.strides()[1] +
                                             c * view.strides()[2])];
        CHECK(wrong == 0);
      }
}

TEST_CASE("fill_ and copy_ write through views and count") {
  const Tensor x = zeros({3, 4});
  const uint32_t before = x.version();
  select(x, 1, 2).fill_(5);
  CHECK(x.version() > before);
  CHECK(values(x) == Values{0, 0, 5, 0, 0, 0, 5, 0, 0, 0, 5, 0});
  x[1].copy_(tensor({1, 2, 3, 4}));  // another dtype
  CHECK(values(x[1]) == Values{1, 2, 3, 4});
  x.copy_(tensor(7.0));  // broadcast
  CHECK(values(x) == Values(12, 7));
  narrow(x, 0, 0, 2).copy_(tensor({{1.0}, {2.0}}));
  CHECK(values(x) == Values{1, 1, 1, 1, 2, 2, 2, 2, 7, 7, 7, 7});
  slice(x, 1, 0, 4, 2).copy_(zeros({3, 2}, {.dtype = i64}));
  CHECK(values(x) == Values{0, 1, 0, 1, 0, 2, 0, 2, 0, 7, 0, 7});
  const Tensor square = reshape(arange(9), {3, 3});
  square.copy_(transpose(square, 0, 1));  // reads what it writes
  CHECK(values(square) == Values{0, 3, 6, 1, 4, 7, 2, 5, 8});
  check_error([&] { x.copy_(zeros({4, 4})); }, "copy_: shapes (3, 4) and (4, 4) do not broadcast");
  check_error([&] { x[0].copy_(zeros({2, 4})); }, "copy_: a tensor of shape (2, 4) does not");
  check_error([&] { expand(tensor({1.0}), {3}).copy_(zeros({3})); }, "copy_: the elements of an");
  check_error([&] { zeros({2}, {.dtype = u8}).fill_(-3); }, "fill_: -3 does not fit dtype u8");
}
