#include <cmath>
#include <limits>
#include <sstream>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "tests/catch.h"
#include "tests/values.h"

using namespace heed;

// Every expected text is what PyTorch prints, but for the names of dtypes.

TEST_CASE("numbers take the form that fits all of them") {
  CHECK(text(tensor(3.5)) == "tensor(3.5000)");
  CHECK(text(tensor(3.0)) == "tensor(3.)");
  CHECK(text(tensor({1.0, 2.0, 3.0})) == "tensor([1., 2., 3.])");
  CHECK(text(tensor({1.5, -2, 1000})) == "tensor([   1.5000,   -2.0000, 1000.0000])");
  CHECK(text(tensor({0.1, 100.0})) == "tensor([  0.1000, 100.0000])");
  CHECK(text(tensor({1e-5, 1.0})) == "tensor([1.0000e-05, 1.0000e+00])");
  CHECK(text(tensor({1.0, 2000.0})) == "tensor([1.0000e+00, 2.0000e+03])");
  CHECK(text(tensor({1e9})) == "tensor([1.0000e+09])");
  CHECK(text(tensor({0.0, 1e-5})) == "tensor([0.0000e+00, 1.0000e-05])");
  CHECK(text(tensor({1e38})) == "tensor([1.0000e+38])");
  CHECK(text(tensor({99999999.0})) == "tensor([100000000.])");
  CHECK(text(tensor({0.0, 0.0})) == "tensor([0., 0.])");
  CHECK(text(tensor({-0.0, 1.0})) == "tensor([-0., 1.])");
}

TEST_CASE("numbers that are not finite") {
  CHECK(text(tensor({1.5, NAN, INFINITY, -INFINITY})) ==
        "tensor([1.5000,    nan,    inf,   -inf])");
  CHECK(text(tensor({1.0, -NAN, -INFINITY})) == "tensor([1., nan, -inf])");
  CHECK(text(tensor({NAN, INFINITY})) == "tensor([nan, inf])");
}

TEST_CASE("a number taken out of a tensor is nan, not -nan") {
  const auto written = [](const Tensor& x) {
    std::ostringstream out;
    out << x.item() << " " << x.item<float>();
    return out.str();
  };
  for (const DType dtype : {heed::f32, heed::f64}) {
    CHECK(written(tensor({-NAN}, {.dtype = dtype})) == "nan nan");
    CHECK(written(div(zeros({}, {.dtype = dtype}), zeros({}, {.dtype = dtype}))) == "nan nan");
  }
}

TEST_CASE("dtypes other than f32 are named") {
  CHECK(text(tensor({{1, 2}, {-30, 4}})) == "tensor([[  1,   2],\n        [-30,   4]], dtype=i64)");
  CHECK(text(tensor({1.5}, {.dtype = f64})) == "tensor([1.5000], dtype=f64)");
  CHECK(text(tensor({1e300}, {.dtype = f64})) == "tensor([1.0000e+300], dtype=f64)");
  CHECK(text(tensor({0, 255}, {.dtype = u8})) == "tensor([  0, 255], dtype=u8)");
  const int64_t least = std::numeric_limits<int64_t>::min();
  CHECK(text(tensor(least)) == "tensor(-9223372036854775808, dtype=i64)");
  CHECK(text(arange(0.5, 8.5, 1, {.dtype = f64})) ==
        "tensor([0.5000, 1.5000, 2.5000, 3.5000, 4.5000, 5.5000, 6.5000, 7.5000],\n"
        "       dtype=f64)");
}

TEST_CASE("empty tensors") {
  CHECK(text(zeros({0})) == "tensor([])");
  CHECK(text(zeros({0, 3})) == "tensor([], size=(0, 3))");
  CHECK(text(zeros({2, 0, 3}, {.dtype = i64})) == "tensor([], size=(2, 0, 3), dtype=i64)");
  CHECK(text(Tensor()) == "tensor(undefined)");
}

TEST_CASE("rows and blocks are aligned") {
  const Tensor x = reshape(arange(12, {.dtype = f32}), {2, 2, 3});
  CHECK(text(x) ==
        "tensor([[[ 0.,  1.,  2.],\n"
        "         [ 3.,  4.,  5.]],\n"
        "\n"
        "        [[ 6.,  7.,  8.],\n"
        "         [ 9., 10., 11.]]])");
  CHECK(text(transpose(x[0], 0, 1)) ==
        "tensor([[0., 3.],\n"
        "        [1., 4.],\n"
        "        [2., 5.]])");
  CHECK(text(linspace(0, 29, 30)).find("12., 13.,\n        14., 15.") != std::string::npos);
  std::ostringstream out;
  out << x[0][0];
  CHECK(out.str() == "tensor([0., 1., 2.])");
}

TEST_CASE("beyond a thousand elements the middle is left out") {
  CHECK(text(arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000], dtype=i64)");
  CHECK(text(arange(1000)).find("...") == std::string::npos);
  CHECK(text(arange(2000, {.dtype = f32})) ==
        "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n"
        "        1.9990e+03])");
  const Tensor x = reshape(arange(1600), {8, 200});
  CHECK(text(x) ==
        "tensor([[   0,    1,    2,  ...,  197,  198,  199],\n"
        "        [ 200,  201,  202,  ...,  397,  398,  399],\n"
        "        [ 400,  401,  402,  ...,  597,  598,  599],\n"
        "        ...,\n"
        "        [1000, 1001, 1002,  ..., 1197, 1198, 1199],\n"
        "        [1200, 1201, 1202,  ..., 1397, 1398, 1399],\n"
        "        [1400, 1401, 1402,  ..., 1597, 1598, 1599]], dtype=i64)");
  CHECK(text(expand(tensor({1.5}), {10, 10, 100})).size() < 3000);
}
