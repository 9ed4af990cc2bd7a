#include "heed/core/sort.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/index.h"
#include "heed/core/random.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;

TEST_CASE("sort along a dimension") {
  const Tensor x = tensor({{3.0, 1.0, 2.0}, {0.0, 5.0, -1.0}});
  CHECK(values(sort(x).values) == Values{1, 2, 3, -1, 0, 5});
  CHECK(values(sort(x).indices) == Values{1, 2, 0, 2, 0, 1});
  CHECK(values(sort(x, 0).values) == Values{0, 1, -1, 3, 5, 2});
  CHECK(values(sort(x, 0).indices) == Values{1, 0, 1, 0, 1, 0});
  CHECK(values(sort(x, 1, true).values) == Values{3, 2, 1, 5, 0, -1});
  CHECK(values(argsort(x, -1, true)) == Values{0, 2, 1, 1, 0, 2});
  CHECK(sort(x, 0).values.is_contiguous());
  CHECK(values(sort(transpose(x, 0, 1), 0).values) == Values{1, -1, 2, 0, 3, 5});
  CHECK(values(sort(tensor({3, 1, 2})).values) == Values{1, 2, 3});
  CHECK(sort(tensor({3, 1}, {.dtype = u8})).values.dtype() == u8);
  CHECK(sort(zeros({2, 0})).values.shape() == Shape{2, 0});
  CHECK(sort(zeros({0, 3}), 0).indices.shape() == Shape{0, 3});
  CHECK(sort(tensor(4.0)).values.item() == 4);
  CHECK(sort(tensor(4.0)).indices.dim() == 0);
  check_error([&] { sort(x, 2); }, "sort: dimension 2 is out of range for shape (2, 3)");
  check_error([&] { argsort(x, -3); }, "sort: dimension -3 is out of range");
  check_error([&] { sort(Tensor()); }, "empty");
}

TEST_CASE("sort keeps the order of equal elements and puts NaN last") {
  const Tensor x = tensor({2.0, NAN, 1.0, 2.0, -INFINITY, NAN, INFINITY, 1.0});
  CHECK(values(argsort(x)) == Values{4, 2, 7, 0, 3, 6, 1, 5});
  CHECK(values(argsort(x, 0, true)) == Values{1, 5, 6, 0, 3, 2, 7, 4});
  const int64_t n = 5000;
  const Tensor many = randint(0, 20, {n});
  const auto* numbers = many.data<int64_t>();
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return numbers[a] < numbers[b]; });
  CHECK(values(argsort(many)) == Values(order.begin(), order.end()));
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return numbers[a] > numbers[b]; });
  CHECK(values(argsort(many, 0, true)) == Values(order.begin(), order.end()));
}

TEST_CASE("topk") {
  const Tensor x = tensor({{1.0, 4.0, 4.0, 0.0}, {7.0, 5.0, 6.0, 7.0}});
  CHECK(values(topk(x, 2).values) == Values{4, 4, 7, 7});
  CHECK(values(topk(x, 2).indices) == Values{1, 2, 0, 3});
  CHECK(values(topk(x, 2, 1, false).values) == Values{0, 1, 5, 6});
  CHECK(values(topk(x, 1, 0).indices) == Values{1, 1, 1, 1});
  CHECK(topk(x, 0).values.shape() == Shape{2, 0});
  CHECK(values(topk(tensor({1.0, NAN, 3.0}), 2).indices) == Values{1, 2});
  CHECK(values(topk(tensor({1.0, NAN, 3.0}), 2, 0, false).indices) == Values{0, 2});
  CHECK(topk(tensor(2.0), 1).indices.item() == 0);
  CHECK(topk(zeros({0, 3}), 2).values.shape() == Shape{0, 2});
  Tensor many = to(randint(0, 300, {7, 900}), f32);  // with many equal ones
  for (const bool largest : {true, false}) {
    const SortResult all = sort(many, 1, largest), best = topk(many, 13, 1, largest);
    CHECK(values(best.values) == values(narrow(all.values, 1, 0, 13)));
    CHECK(values(best.indices) == values(narrow(all.indices, 1, 0, 13)));
    CHECK(values(gather(many, 1, best.indices)) == values(best.values));
  }
  for (const int64_t place : {3, 500, 501, 899}) many[2][place].fill_(NAN);
  for (const bool largest : {true, false})
    CHECK(values(topk(many, 13, 1, largest).indices) ==
          values(narrow(sort(many, 1, largest).indices, 1, 0, 13)));
  check_error([&] { topk(x, 5); }, "topk: k = 5 is out of range for dimension -1 of shape (2, 4)");
  check_error([&] { topk(x, -1); }, "topk: k = -1 is out of range");
  check_error([&] { topk(x, 1, 2); }, "topk: dimension 2 is out of range");
  check_error([&] { topk(tensor(1.0), 2); }, "topk: k = 2 is out of range");
}
