#include "heed/core/matmul.h"

#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "tests/bars.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;

namespace {

/// (..., M, K) x (..., K, N) of expanded operands with plain loops, and the largest sum |a b|.
struct Reference {
  Values product;
  double size = 0;

  Reference(const Tensor& a, const Tensor& b, const Shape& batch) {
    const int64_t m = a.size(-2), k = a.size(-1), n = b.size(-1);
    const Values x = values(wide(a, batch)), y = values(wide(b, batch));
    for (int64_t i = 0; i < numel(batch) * m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0, absolute = 0;
        for (int64_t p = 0; p < k; ++p) {
          const double term = x[size_t(i * k + p)] * y[size_t((i / m * k + p) * n + j)];
          sum += term;
          absolute += std::abs(term);
        }
        product.push_back(sum);
        size = std::max(size, absolute);
      }
  }
  static Tensor wide(const Tensor& x, Shape shape) {
    shape.push_back(x.size(-2));
    shape.push_back(x.size(-1));
    return expand(x, shape);
  }
};

void check_product(const Tensor& a, const Tensor& b, const Shape& shape) {
  CAPTURE(text(a.shape()), text(b.shape()), a.is_contiguous(), b.is_contiguous());
  const Tensor out = matmul(a, b);
  REQUIRE(out.shape() == shape);
  const Tensor x = a.dim() == 1 ? unsqueeze(a, 0) : a, y = b.dim() == 1 ? unsqueeze(b, 1) : b;
  Shape batch = shape;
  for (int i = int(a.dim() > 1) + int(b.dim() > 1); i > 0; --i) batch.erase(batch.size() - 1);
  const Reference want(x, y, batch);
  const double bar =
      a.dtype() == f32 ? std::sqrt(double(x.size(-1)) + 4) * kernel_bars::u : kernel_bars::f64;
  CHECK(distance(values(out), want.product) <= bar * want.size);
}

/// The operands as they are, and with each matrix stored transposed.
void check_layouts(const Tensor& a, const Tensor& b, const Shape& shape) {
  const auto turned = [](const Tensor& x) {
    return x.dim() < 2 ? x : transpose(contiguous(transpose(x, -1, -2)), -1, -2);
  };
  for (const Tensor& x : {a, turned(a), reversed_layout(a)})
    for (const Tensor& y : {b, turned(b), reversed_layout(b)}) check_product(x, y, shape);
}

}  // namespace

TEST_CASE("matmul of every kind of shapes") {
  for (const DType dtype : {f32, f64}) {
    const auto r = [&](const Shape& shape) { return randn(shape, {.dtype = dtype}); };
    check_layouts(r({5}), r({5}), {});
    check_layouts(r({4, 5}), r({5}), {4});
    check_layouts(r({5}), r({5, 3}), {3});
    check_layouts(r({4, 5}), r({5, 3}), {4, 3});
    check_layouts(r({2, 4, 5}), r({5}), {2, 4});
    check_layouts(r({5}), r({2, 5, 3}), {2, 3});
    check_layouts(r({2, 4, 5}), r({5, 3}), {2, 4, 3});
    check_layouts(r({4, 5}), r({2, 5, 3}), {2, 4, 3});
    check_layouts(r({3, 4, 5}), r({3, 5, 2}), {3, 4, 2});
    check_layouts(r({3, 1, 4, 5}), r({2, 5, 6}), {3, 2, 4, 6});
    check_layouts(r({2, 1, 3, 1, 5}), r({4, 1, 5, 2}), {2, 4, 3, 1, 2});
    check_layouts(r({1, 1}), r({1, 1}), {1, 1});
    check_layouts(r({64, 512}), r({512, 40}), {64, 40});
  }
}

TEST_CASE("matmul of zero-sized tensors") {
  check_product(zeros({0, 3}), zeros({3, 2}), {0, 2});
  check_product(zeros({2, 0}), zeros({0, 3}), {2, 3});
  check_product(zeros({0}), zeros({0}), {});
  check_product(zeros({0, 2, 3}), zeros({3, 4}), {0, 2, 4});
  check_product(zeros({2, 2, 0}), zeros({2, 0, 3}), {2, 2, 3});
  check_product(zeros({3, 0, 4}), zeros({3, 4, 5}), {3, 0, 5});
  check_product(zeros({2, 0, 4, 5}), zeros({5, 1}), {2, 0, 4, 1});
}

TEST_CASE("matmul of slices and expanded matrices") {
  const Tensor x = randn({6, 7, 8});
  check_product(narrow(x, 2, 1, 5), randn({5, 4}), {6, 7, 4});
  check_product(narrow(x, 1, 2, 3), randn({8, 4}), {6, 3, 4});
  check_product(slice(x, 2, 0, 8, 2), randn({6, 4, 3}), {6, 7, 3});
  check_product(expand(randn({1, 8}), {7, 8}), randn({8, 4}), {7, 4});
  check_product(expand(randn({7, 1}), {7, 8}), randn({8, 4}), {7, 4});
  check_product(x[0], transpose(x[0], 0, 1), {7, 7});
  check_product(narrow(x, 1, 3, 1), narrow(transpose(x, 1, 2), 2, 0, 1), {6, 1, 1});
}

TEST_CASE("matmul keeps NaN and meets its bar at k = 512") {
  Tensor a = randn({8, 512}), b = randn({512, 8});
  const Tensor exact = matmul(to(a, f64), to(b, f64));
  CHECK(distance(values(matmul(a, b)), values(exact)) <=
        kernel_bars::matmul * largest(values(exact)));
  a[0][3].fill_(NAN);
  b.fill_(0);
  const Values out = values(matmul(a, b));
  CHECK(std::isnan(out[0]));
  CHECK(out[8] == 0);
}

TEST_CASE("linear") {
  const Tensor weight = randn({3, 5}), bias = randn({3});
  for (const Tensor& x : {randn({5}), randn({4, 5}), randn({2, 4, 5}), zeros({0, 5}),
                          reversed_layout(randn({2, 4, 5}))}) {
    const Tensor plain = matmul(x, transpose(weight, 0, 1));
    CHECK(distance(values(linear(x, weight)), values(plain)) <= 1e-6);
    Values want = values(plain);
    for (size_t i = 0; i < want.size(); ++i) want[i] += values(bias)[i % 3];
    const Tensor out = linear(x, weight, bias);
    CHECK(out.shape() == plain.shape());
    CHECK(distance(values(out), want) <= 2e-6);
    CHECK(distance(values(linear(x, reversed_layout(weight), bias)), want) <= 2e-6);
  }
  CHECK(values(linear(zeros({2, 0}), zeros({3, 0}), ones({3}))) == Values(6, 1));
}

TEST_CASE("matmul gives the same bits for any number of threads") {
  const Tensor a = randn({40, 30, 64}), b = randn({40, 64, 50}), c = randn({64, 300});
  check_threads([&] { return matmul(a, b); });
  check_threads([&] { return matmul(a, c); });
  check_threads([&] { return matmul(unsqueeze(a, 1), narrow(b, 0, 0, 4)); });
  check_threads([&] { return linear(a, transpose(c, 0, 1), ones({300})); });
}

TEST_CASE("matmul and linear say what is wrong") {
  const auto z = [](const Shape& shape, DType dtype = f32) {
    return zeros(shape, {.dtype = dtype});
  };
  check_error(
      [&] {
        matmul(z({2, 3}), z({2, 3}));
      },
      "matmul: inner dimensions differ: (2, 3) x (2, 3)");
  check_error([&] { matmul(z({}), z({3})); }, "at least one dimension, got () x (3,)");
  check_error([&] { matmul(z({2, 3}), z({3}, f64)); }, "matmul: dtypes differ: f32 x f64");
  check_error([&] { matmul(z({3}, i64), z({3}, i64)); }, "matmul: expected f32 or f64, got i64");
  check_error([&] { matmul(z({2, 4, 5}), z({3, 5, 6})); }, "matmul: shapes (2,) and (3,) do not");
  check_error([&] { matmul(z({3}), Tensor()); }, "this Tensor is empty");
  check_error([&] { linear(z({2, 4}), z({3, 5})); }, "linear: expected x (..., 5)");
  check_error([&] { linear(z({2, 5}), z({5})); }, "linear: expected a weight (N, K), got (5,)");
  check_error([&] { linear(z({2, 5}), z({3, 5}), z({5})); }, "expected a bias (3,), got (5,)");
  check_error([&] { linear(z({2, 5}), z({3, 5}, f64)); }, "linear: dtypes differ");
  check_error([&] { linear(z({2, 5}), z({3, 5}), z({3}, f64)); }, "bias f64");
}
