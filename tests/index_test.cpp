#include "heed/core/index.h"

#include <cmath>

#include "heed/core/creation.h"
#include "heed/core/parallel.h"
#include "heed/core/random.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;

namespace {

/// The element's coordinates in a shape, for loops over positions.
Dims coordinates(const Shape& shape, int64_t position) {
  Dims at = shape;
  for (int i = shape.size() - 1; i >= 0; --i) {
    at[i] = position % shape[i];
    position /= shape[i];
  }
  return at;
}

size_t position(const Shape& shape, const Dims& at) {
  int64_t out = 0;
  for (int i = 0; i < shape.size(); ++i) out = out * shape[i] + at[i];
  return size_t(out);
}

struct GatherCase {
  Shape x, index;
  int64_t dim;
};

const GatherCase gather_cases[] = {
    {{4}, {7}, 0},
    {{3, 5}, {3, 2}, 1},
    {{3, 5}, {8, 5}, 0},
    {{3, 5}, {2, 3}, -2},
    {{2, 3, 4}, {2, 6, 3}, 1},
    {{2, 3, 4}, {1, 2, 9}, 2},
    {{70, 90}, {50, 80}, 0},
    {{70, 90}, {70, 300}, 1},
    {{5, 0}, {5, 0}, 0},
    {{2, 3}, {2, 0}, 1},
    {{4, 3, 1, 5}, {4, 9, 1, 2}, 1},
};

}  // namespace

TEST_CASE("index_select") {
  const Tensor x = reshape(arange(24, {.dtype = f32}), {2, 3, 4});
  const Tensor rows = index_select(x, 1, tensor({2, 0, 2, 1}));
  CHECK(rows.shape() == Shape{2, 4, 4});
  for (int64_t i = 0; i < 4; ++i)
    CHECK(values(select(rows, 1, i)) == values(select(x, 1, int64_t(2 * (i % 2 == 0) + (i == 3)))));
  CHECK(values(index_select(x, -1, tensor({3}))) == values(narrow(x, 2, 3, 1)));
  CHECK(values(index_select(transpose(x, 0, 2), 0, tensor({1, 1}))) ==
        values(cat({narrow(transpose(x, 0, 2), 0, 1, 1), narrow(transpose(x, 0, 2), 0, 1, 1)})));
  CHECK(index_select(x, 0, zeros({0}, {.dtype = i64})).shape() == Shape{0, 3, 4});
  const Tensor part = narrow(narrow(x, 0, 0, 1), 1, 0, 2);  // a size of 1 with a larger stride
  CHECK(values(index_select(part, 0, tensor({0, 0}))) == values(cat({part, part}, 0)));
  CHECK(index_select(zeros({3, 0}), 0, tensor({1})).shape() == Shape{1, 0});
  for (DType dtype : {f64, i64, u8})
    CHECK(values(index_select(to(x, dtype), 2, tensor({1, 0}))) ==
          values(index_select(x, 2, tensor({1, 0}))));
  check_error(
      [&] {
        index_select(x, 0, tensor({0, 2}));
      },
      "index_select: index 2 is out of range for size 2 (0 to 1), at position 1");
  check_error([&] { index_select(x, 0, tensor({-1})); }, "index_select: index -1 is out of range");
  check_error([&] { index_select(x, 3, tensor({0})); }, "index_select: dimension 3");
  check_error([&] { index_select(x, 0, tensor({{0}, {1}}, {.dtype = i64})); }, "one dimension");
  check_error([&] { index_select(x, 0, tensor({0.0})); }, "expected indices of dtype i64, got f32");
}

TEST_CASE("gather and scatter_add equal plain loops") {
  Generator generator(3);
  for (const auto& [shape, index_shape, d] : gather_cases) {
    const int dim = int(d < 0 ? d + shape.size() : d);
    const Tensor x = randn(shape, {.dtype = f64, .generator = &generator});
    const Tensor src = randn(index_shape, {.dtype = f64, .generator = &generator});
    const Tensor index = shape[dim] == 0 ? zeros(index_shape, {.dtype = i64})
                                         : randint(0, shape[dim], index_shape, &generator);
    const Values in = values(x), places = values(index), added = values(src);
    Values gathered(places.size()), scattered = in;
    for (size_t i = 0; i < places.size(); ++i) {
      Dims at = coordinates(index_shape, int64_t(i));
      at[dim] = int64_t(places[i]);
      gathered[i] = in[position(shape, at)];
      scattered[position(shape, at)] += added[i];
    }
    CHECK(values(gather(x, d, index)) == gathered);
    CHECK(gather(x, d, index).shape() == index_shape);
    CHECK(values(scatter_add(x, d, index, src)) == scattered);
    CHECK(values(x) == in);
    // The same from other strides, and with a larger src.
    const Tensor strided = transpose(contiguous(transpose(x, 0, -1)), 0, -1);
    CHECK(values(gather(strided, d, index)) == gathered);
    const Tensor larger = cat({src, src}, d);
    CHECK(values(scatter_add(strided, d, index, larger)) == scattered);
  }
}

TEST_CASE("gather and scatter_add at the edges") {
  CHECK(gather(tensor(5.0), 0, tensor(0)).item() == 5);
  CHECK(scatter_add(tensor(5.0), 0, tensor(0), tensor(2.0)).item() == 7);
  CHECK(values(scatter_add(zeros({2}, {.dtype = u8}), 0, tensor({1, 1}),
                           full({2}, 200, {.dtype = u8}))) == Values{0, 144});
  const Tensor x = zeros({2, 3}), index = tensor({{0, 1}, {2, 0}});
  check_error(
      [&] {
        gather(x, 1, tensor({{0}, {3}}, {.dtype = i64}));
      },
      "gather: index 3 is out of range for size 3 (0 to 2), at position 1");
  check_error([&] { gather(x, 1, tensor({0})); }, "gather: index of shape (1,) does not fit x");
  check_error([&] { gather(x, 0, tensor({{0, 0, 0, 0}})); }, "index of shape (1, 4) does not fit");
  check_error([&] { gather(x, 2, index); }, "gather: dimension 2 is out of range");
  check_error([&] { gather(x, 1, to(index, f32)); }, "gather: expected indices of dtype i64");
  check_error(
      [&] {
        scatter_add(x, 1, index, ones({2, 1}));
      },
      "scatter_add: src of shape (2, 1) is smaller than index of shape (2, 2)");
  check_error([&] { scatter_add(x, 0, index, ones({2, 2})); }, "scatter_add: index 2 is out of");
  check_error([&] { scatter_add(x, 1, index, ones({2, 2}, {.dtype = f64})); }, "dtypes differ");
}

TEST_CASE("masked_fill") {
  const Tensor x = tensor({{1.0, 2.0}, {3.0, 4.0}});
  const Tensor mask = tensor({1, 0}, {.dtype = u8});
  CHECK(values(masked_fill(x, mask, -INFINITY)) == Values{-INFINITY, 2, -INFINITY, 4});
  CHECK(values(masked_fill(x, unsqueeze(mask, 1), 0)) == Values{0, 0, 3, 4});
  CHECK(values(masked_fill(transpose(x, 0, 1), mask, 9)) == Values{9, 3, 9, 4});
  CHECK(values(masked_fill(tensor({5, 6}), mask, 7)) == Values{7, 6});
  CHECK(std::isnan(masked_fill(tensor({NAN, 1.0}), tensor({0, 1}, {.dtype = u8}), 2).at({0})));
  CHECK(masked_fill(zeros({0, 2}), mask, 1).shape() == Shape{0, 2});
  check_error([&] { masked_fill(x, ones({2}), 0); }, "masked_fill: expected a mask of dtype u8");
  check_error([&] { masked_fill(x, ones({3}, {.dtype = u8}), 0); }, "masked_fill: shapes (2, 2)");
  check_error([&] { masked_fill(mask, mask, 256); }, "masked_fill: 256 does not fit dtype u8");
}

TEST_CASE("embedding looks rows up") {
  const Tensor weight = reshape(arange(12, {.dtype = f32}), {4, 3});
  const Tensor ids = tensor({{3, 0}, {1, 3}});
  const Tensor rows = embedding(weight, ids);
  CHECK(rows.shape() == Shape{2, 2, 3});
  CHECK(values(rows) == Values{9, 10, 11, 0, 1, 2, 3, 4, 5, 9, 10, 11});
  CHECK(values(embedding(weight, transpose(ids, 0, 1))) ==
        Values{9, 10, 11, 3, 4, 5, 0, 1, 2, 9, 10, 11});
  CHECK(values(embedding(weight, tensor(2))) == Values{6, 7, 8});
  CHECK(embedding(weight, zeros({0}, {.dtype = i64})).shape() == Shape{0, 3});
  check_error([&] { embedding(weight, tensor({4})); },
              "embedding: index 4 is out of range for size");
  check_error([&] { embedding(weight, tensor({-1})); }, "embedding: index -1 is out of range");
  check_error([&] { embedding(weight, tensor({1.0})); },
              "embedding: expected indices of dtype i64");
  check_error([&] { embedding(tensor({1.0}), ids); }, "embedding: expected a weight of two");
}

TEST_CASE("embedding_backward sums the rows of each id") {
  Generator generator(5);
  for (const auto& [rows, count, width] :
       {std::tuple{5, 40, 3}, {300, 2000, 70}, {4, 0, 2}, {3, 6, 0}, {1000, 3, 8}}) {
    const Tensor ids = randint(0, rows, {count}, &generator);
    const Tensor grad = randn({count, width}, {.generator = &generator});
    std::vector<float> expected(size_t(rows * width));
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < width; ++j)
        if (ids.data<int64_t>()[i] != 2)
          expected[size_t(ids.data<int64_t>()[i] * width + j)] += grad.data<float>()[i * width + j];
    const Tensor sums = embedding_backward(grad, ids, rows, 2);
    CHECK(sums.shape() == Shape{rows, width});
    CHECK(values(sums) ==
          Values(expected.begin(), expected.end()));  // the same order: the same bits
  }
  const Tensor grad = reshape(arange(8, {.dtype = f64}), {2, 2, 2}), ids = tensor({{0, 1}, {0, 0}});
  CHECK(values(embedding_backward(grad, ids, 2)) == Values{10, 13, 2, 3});
  CHECK(values(embedding_backward(grad, transpose(ids, 0, 1), 2)) == Values{8, 11, 4, 5});
  check_error(
      [&] {
        embedding_backward(grad, tensor({0, 1}), 2);
      },
      "embedding_backward: grad of shape (2, 2, 2) does not belong to ids of shape (2,)");
  check_error([&] { embedding_backward(grad, ids, 1); }, "embedding_backward: index 1 is out of");
  check_error([&] { embedding_backward(grad, ids, 2, 2); }, "padding_idx in 0 to 1 or -1, got 2");
  check_error([&] { embedding_backward(to(grad, i64), ids, 2); }, "expected a floating dtype");
}

TEST_CASE("index ops give the same bits for any number of threads") {
  Generator generator(7);
  const Tensor x = randn({300, 200}, {.generator = &generator});
  const Tensor src = randn({900, 200}, {.generator = &generator});
  const Tensor index = randint(0, 300, {900, 200}, &generator);
  const Tensor ids = randint(0, 50, {900}, &generator);
  std::vector<Values> seen;
  for (int threads : {1, 2, 3}) {
    set_num_threads(threads);
    seen.push_back(values(scatter_add(x, 0, index, src)));
    seen.push_back(values(embedding_backward(src, ids, 50)));
  }
  set_num_threads(0);
  for (size_t i = 2; i < seen.size(); ++i) CHECK(seen[i] == seen[i - 2]);
}
