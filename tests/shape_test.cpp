#include "heed/core/shape.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "heed/core/creation.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;

namespace {

/// 0, 1, 2, ... in a shape.
Tensor count(const Shape& shape) { return reshape(arange(numel(shape), {.dtype = f32}), shape); }

}  // namespace

TEST_CASE("reshape and view") {
  const Tensor x = count({2, 3, 4});
  CHECK(reshape(x, {6, 4}).shares_storage(x));
  CHECK(reshape(x, {-1}).shape() == Shape{24});
  CHECK(reshape(x, {4, -1, 2}).shape() == Shape{4, 3, 2});
  CHECK(reshape(x, {2, 1, 12, 1}).shares_storage(x));
  CHECK(reshape(tensor(5.0), {1, 1}).shape() == Shape{1, 1});
  CHECK(reshape(tensor({5.0}), {}).dim() == 0);
  CHECK(reshape(zeros({0, 3}), {3, 0}).shape() == Shape{3, 0});
  CHECK(reshape(zeros({0, 3}), {-1, 3}).shape() == Shape{0, 3});
  const Tensor t = transpose(x, 1, 2);  // (2, 4, 3)
  CHECK(view(t, {2, 2, 2, 3}).shares_storage(x));
  CHECK(values(view(t, {2, 2, 2, 3})) == values(t));
  CHECK(!reshape(t, {2, 12}).shares_storage(x));
  CHECK(values(reshape(t, {2, 12})) == values(t));
  CHECK(view(narrow(x, 1, 0, 2), {2, 8}).shares_storage(x));
  CHECK(values(view(narrow(x, 1, 0, 2), {2, 8})) == values(narrow(x, 1, 0, 2)));
  CHECK(view(expand(tensor({1.0}), {6}), {2, 3}).shape() == Shape{2, 3});
  check_error([&] { reshape(x, {5, 5}); }, "reshape: a tensor of shape (2, 3, 4) (24 elements)");
  check_error([&] { reshape(x, {-1, -1}); }, "reshape: only one size may be -1");
  check_error([&] { reshape(x, {-1, 7}); }, "does not fit shape (-1, 7)");
  check_error([&] { reshape(x, {-2, 12}); }, "reshape: sizes must be at least 0");
  check_error([&] { reshape(zeros({0}), {-1, 0}); }, "does not fit shape (-1, 0)");
  check_error([&] { view(t, {2, 12}); }, "view: shape (2, 12) is no view of a tensor of shape");
  check_error([&] { view(x, {23}); }, "view: a tensor of shape (2, 3, 4)");
  check_error([&] { view(x, {int64_t(1) << 40, 2}); }, "more than 2^40");
}

TEST_CASE("what has no elements is contiguous, and a view of every shape without elements") {
  const Tensor part = split(zeros({0, 4, 12}), 4, 2)[1], turned = transpose(zeros({2, 0, 6}), 0, 2);
  for (const Tensor& x : {part, turned, narrow(zeros({3, 4}), 0, 1, 0)}) {
    CHECK(x.is_contiguous());
    CHECK(view(x, {0, 5, 2}).shape() == Shape{0, 5, 2});
  }
  CHECK(view(part, {0, 4, 2, 2}).shape() == Shape{0, 4, 2, 2});
  CHECK(!split(zeros({1, 4, 12}), 4, 2)[1].is_contiguous());
}

TEST_CASE("views share numbers and version") {
  const Tensor x = count({2, 3});
  const Tensor y = transpose(x, 0, 1);
  const uint32_t before = x.version();
  y.fill_(1);
  CHECK(values(x) == Values(6, 1));
  CHECK(x.version() == y.version());
  CHECK(x.version() > before);
  for (const Tensor& v : {reshape(x, {6}), flatten(x), permute(x, {1, 0}), expand(x, {2, 2, 3}),
                          squeeze(x), unsqueeze(x, 0), narrow(x, 0, 1, 1), select(x, 0, 1),
                          slice(x, 1, 1), split(x, 1)[1], chunk(x, 2)[0], unbind(x)[0], x[1]})
    CHECK(v.shares_storage(x));
}

TEST_CASE("flatten") {
  const Tensor x = count({2, 3, 4});
  CHECK(flatten(x).shape() == Shape{24});
  CHECK(flatten(x, 1).shape() == Shape{2, 12});
  CHECK(flatten(x, 0, -2).shape() == Shape{6, 4});
  CHECK(flatten(tensor(1.0)).shape() == Shape{1});
  CHECK(flatten(zeros({2, 0, 3}), 1).shape() == Shape{2, 0});
  CHECK(values(flatten(transpose(x, 0, 2))) == values(transpose(x, 0, 2)));
  check_error([&] { flatten(x, 2, 1); }, "flatten: the first dimension 2 lies behind the last, 1");
  check_error([&] { flatten(x, 3); }, "flatten: dimension 3 is out of range");
  check_error([&] { flatten(x, 0, -4); }, "flatten: dimension -4 is out of range");
}

TEST_CASE("permute and transpose") {
  const Tensor x = count({2, 3, 4});
  const Tensor p = permute(x, {2, 0, -2});
  CHECK(p.shape() == Shape{4, 2, 3});
  CHECK(p.at({3, 1, 2}) == x.at({1, 2, 3}));
  CHECK(transpose(x, 0, -1).at({3, 2, 1}) == x.at({1, 2, 3}));
  CHECK(values(transpose(transpose(x, 0, 1), 0, 1)) == values(x));
  CHECK(permute(tensor(1.0), {}).dim() == 0);
  CHECK(contiguous(transpose(zeros({0, 3}), 0, 1)).shape() == Shape{3, 0});
  check_error([&] { permute(x, {0, 1}); }, "permute: expected 3 dimensions for shape (2, 3, 4)");
  check_error([&] { permute(x, {0, 1, -2}); }, "permute: dimension -2 comes twice");
  check_error([&] { permute(x, {0, 1, 3}); }, "permute: dimension 3 is out of range");
  check_error([&] { transpose(x, 0, 3); }, "transpose: dimension 3 is out of range");
  check_error([&] { transpose(x, -4, 0); }, "transpose: dimension -4 is out of range");
  check_error([&] { transpose(Tensor(), 0, 1); }, "empty");
}

TEST_CASE("expand") {
  const Tensor x = tensor({{1.0}, {2.0}});
  CHECK(values(expand(x, {2, 3})) == Values{1, 1, 1, 2, 2, 2});
  CHECK(values(expand(x, {2, -1, 2})) == Values{1, 1, 2, 2, 1, 1, 2, 2});
  CHECK(expand(tensor(4.0), {2, 2}).at({1, 1}) == 4);
  CHECK(expand(x, {2, 0}).shape() == Shape{2, 0});
  check_error([&] { expand(x, {3, 3}); }, "expand: shape (2, 1) does not expand to (3, 3)");
  check_error([&] { expand(x, {2}); }, "expand: shape (2,) has fewer dimensions than (2, 1)");
  check_error([&] { expand(x, {-1, 2, 3}); }, "expand: shape (-1, 2, 3) has size -1");
  check_error([&] { expand(x, {2, -2}); }, "has size -2");
}

TEST_CASE("squeeze and unsqueeze") {
  const Tensor x = count({1, 3, 1, 2});
  CHECK(squeeze(x).shape() == Shape{3, 2});
  CHECK(squeeze(x, 0).shape() == Shape{3, 1, 2});
  CHECK(squeeze(x, -2).shape() == Shape{1, 3, 2});
  CHECK(squeeze(x, 1).shape() == Shape{1, 3, 1, 2});
  CHECK(squeeze(ones({1, 1})).dim() == 0);
  CHECK(unsqueeze(x, -1).shape() == Shape{1, 3, 1, 2, 1});
  CHECK(unsqueeze(x, 4).shape() == Shape{1, 3, 1, 2, 1});
  CHECK(unsqueeze(x, -5).shape() == Shape{1, 1, 3, 1, 2});
  CHECK(unsqueeze(tensor(1.0), 0).shape() == Shape{1});
  CHECK(unsqueeze(transpose(count({2, 3}), 0, 1), 1).at({2, 0, 1}) == 5);
  CHECK(unsqueeze(x, 0).is_contiguous());
  check_error([&] { squeeze(x, 4); }, "squeeze: dimension 4 is out of range");
  check_error([&] { unsqueeze(x, 5); }, "unsqueeze: dimension 5 is out of range");
  check_error([&] { unsqueeze(x, -6); }, "unsqueeze: dimension -6 is out of range");
  check_error([&] { unsqueeze(ones({1, 1, 1, 1, 1, 1, 1, 1}), 0); }, "at most 8 dimensions");
}

TEST_CASE("narrow and select") {
  const Tensor x = count({3, 4});
  CHECK(values(narrow(x, 1, 1, 2)) == Values{1, 2, 5, 6, 9, 10});
  CHECK(values(narrow(x, -2, -1, 1)) == Values{8, 9, 10, 11});
  CHECK(narrow(x, 0, 3, 0).shape() == Shape{0, 4});
  CHECK(values(select(x, 1, -1)) == Values{3, 7, 11});
  CHECK(values(select(x, 0, 1)) == Values{4, 5, 6, 7});
  CHECK(values(x[-1]) == Values{8, 9, 10, 11});
  check_error([&] { narrow(x, 0, 2, 2); }, "narrow: start 2 and length 2 do not lie within size 3");
  check_error([&] { narrow(x, 0, 0, -1); }, "narrow: start 0 and length -1");
  check_error([&] { narrow(x, 0, -4, 1); }, "narrow: start -4");
  check_error([&] { narrow(x, 0, 1, std::numeric_limits<int64_t>::max()); }, "narrow: start 1");
  check_error([&] { select(x, 0, 3); }, "select: index 3 is out of range for dimension 0 of shape");
  check_error([&] { select(x, 0, -4); }, "select: index -4");
  check_error([&] { select(tensor(1.0), 0, 0); }, "select: dimension 0 is out of range");
}

TEST_CASE("slice as Python") {
  const Tensor x = count({6});
  const int64_t least = std::numeric_limits<int64_t>::min();
  const int64_t most = std::numeric_limits<int64_t>::max();
  for (int64_t start : {least, int64_t(-7), int64_t(-2), int64_t(0), int64_t(3), int64_t(9), most})
    for (int64_t end : {least, int64_t(-8), int64_t(-1), int64_t(0), int64_t(4), int64_t(99), most})
      for (int64_t step : {int64_t(1), int64_t(2), int64_t(5), most}) {
        const auto at = [](int64_t i) {
          return i < 0 ? std::max<int64_t>(0, i + 6) : std::min<int64_t>(i, 6);
        };
        Values expected;
        for (int64_t i = at(start); i < at(end); i += std::min<int64_t>(step, 6))
          expected.push_back(double(i));
        CHECK(values(slice(x, 0, start, end, step)) == expected);
      }
  CHECK(values(slice(count({2, 4}), 1, 1, 4, 2)) == Values{1, 3, 5, 7});
  CHECK(slice(zeros({0, 2}), 0, 0, 5).shape() == Shape{0, 2});
  check_error([&] { slice(x, 0, 0, 5, 0); }, "slice: the step must be at least 1, got 0");
  check_error([&] { slice(x, 0, 0, 5, -1); }, "slice: the step must be at least 1, got -1");
  check_error([&] { slice(x, 1, 0); }, "slice: dimension 1 is out of range");
}

TEST_CASE("split, chunk, unbind") {
  const Tensor x = count({5, 2});
  const auto sizes = [](const std::vector<Tensor>& parts) {
    std::vector<int64_t> out;
    for (const Tensor& part : parts) out.push_back(part.size(0));
    return out;
  };
  CHECK(sizes(split(x, 2)) == std::vector<int64_t>{2, 2, 1});
  CHECK(values(split(x, 2)[2]) == Values{8, 9});
  CHECK(sizes(split(x, {1, 4, 0})) == std::vector<int64_t>{1, 4, 0});
  CHECK(values(split(x, {1, 1}, 1)[1]) == Values{1, 3, 5, 7, 9});
  CHECK(sizes(split(x, 100)) == std::vector<int64_t>{5});
  CHECK(sizes(split(zeros({0}), 3)) == std::vector<int64_t>{0});
  CHECK(sizes(chunk(x, 2)) == std::vector<int64_t>{3, 2});
  CHECK(sizes(chunk(x, 4)) == std::vector<int64_t>{2, 2, 1});
  CHECK(sizes(chunk(zeros({0}), 3)) == std::vector<int64_t>{0, 0, 0});
  CHECK(unbind(x).size() == 5);
  CHECK(values(unbind(x, -1)[1]) == Values{1, 3, 5, 7, 9});
  CHECK(unbind(zeros({0, 2})).empty());
  check_error([&] { split(x, 0); }, "split: pieces must have at least one slice, got 0");
  check_error([&] { split(x, {2, 2}); }, "split: the sizes add up to 4, dimension 0");
  check_error([&] { split(x, {6, -1}); }, "split: a piece of 6 slices");
  check_error([&] { split(x, 1, 2); }, "split: dimension 2 is out of range");
  check_error([&] { chunk(x, 0); }, "chunk: expected at least one chunk, got 0");
  check_error([&] { chunk(x, 2, 2); }, "chunk: dimension 2");
  check_error([&] { chunk(tensor(1.0), 2); }, "chunk: dimension 0 is out of range for shape ()");
  check_error([&] { unbind(tensor(1.0)); }, "unbind: dimension 0 is out of range for shape ()");
}

TEST_CASE("repeat") {
  const Tensor x = tensor({{1.0, 2.0}});
  CHECK(values(repeat(x, {2, 2})) == Values{1, 2, 1, 2, 1, 2, 1, 2});
  CHECK(repeat(x, {3, 1, 2}).shape() == Shape{3, 1, 4});
  CHECK(values(repeat(count({2, 2}), {2, 1})) == Values{0, 1, 2, 3, 0, 1, 2, 3});
  CHECK(values(repeat(transpose(count({2, 2}), 0, 1), {1, 2})) == Values{0, 2, 0, 2, 1, 3, 1, 3});
  CHECK(repeat(x, {0, 2}).shape() == Shape{0, 4});
  CHECK(values(repeat(tensor(3.0), {2})) == Values{3, 3});
  CHECK(!repeat(x, {1, 1}).shares_storage(x));
  check_error([&] { repeat(x, {2}); }, "repeat: expected at least 2 repeats for shape (1, 2)");
  check_error([&] { repeat(x, {2, -1}); }, "repeat: repeats must not be negative, got (2, -1)");
  check_error([&] { repeat(x, {int64_t(1) << 62, int64_t(1) << 62}); }, "overflow");
  check_error([&] { repeat(x, {int64_t(1) << 30, int64_t(1) << 30}); }, "more than 2^40");
}

TEST_CASE("cat and stack") {
  const Tensor x = count({2, 2}), y = tensor({{9.0}, {8.0}});
  CHECK(values(cat({x, y}, 1)) == Values{0, 1, 9, 2, 3, 8});
  CHECK(values(cat({x, transpose(x, 0, 1)})) == Values{0, 1, 2, 3, 0, 2, 1, 3});
  CHECK(cat({x, zeros({0, 2})}, -2).shape() == Shape{2, 2});
  CHECK(cat({tensor({1, 2}), tensor({3})}).dtype() == i64);
  CHECK(!cat({x}).shares_storage(x));
  const Tensor large = count({300, 70});
  CHECK(values(narrow(cat({large, large}, 1), 1, 70, 70)) == values(large));
  check_error([&] { cat({x, count({3, 3})}, 1); }, "cat: shapes (2, 2) and (3, 3) differ");
  check_error([&] { cat({x, count({2})}, 0); }, "cat: shapes (2, 2) and (2,) differ");
  check_error([&] { cat({x, to(x, f64)}); }, "cat: dtypes differ: f32 and f64");
  check_error([&] { cat(std::vector<Tensor>{}); }, "cat: expected at least one tensor");
  check_error([&] { cat({tensor(1.0)}); }, "cat: dimension 0 is out of range");
  CHECK(values(stack({x, x}, 2)) == Values{0, 0, 1, 1, 2, 2, 3, 3});
  CHECK(stack({tensor(1.0), tensor(2.0)}).shape() == Shape{2});
  CHECK(stack({x, x, x}, -1).shape() == Shape{2, 2, 3});
  CHECK(stack({x, x, x}, -3).shape() == Shape{3, 2, 2});
  check_error([&] { stack({x, y}); }, "stack: shapes differ: (2, 2) and (2, 1)");
  check_error([&] { stack({x, x}, 3); }, "stack: dimension 3 is out of range");
  check_error([&] { stack({x, to(x, i64)}); }, "stack: dtypes differ");
}

TEST_CASE("flip") {
  const Tensor x = count({2, 3});
  CHECK(values(flip(x, {1})) == Values{2, 1, 0, 5, 4, 3});
  CHECK(values(flip(x, {0, -1})) == Values{5, 4, 3, 2, 1, 0});
  CHECK(values(flip(transpose(x, 0, 1), {0})) == Values{2, 5, 1, 4, 0, 3});
  CHECK(values(flip(x, {})) == values(x));
  CHECK(flip(zeros({0, 2}), {0}).shape() == Shape{0, 2});
  const Tensor large = count({40, 1000});
  CHECK(values(flip(flip(large, {0, 1}), {1, 0})) == values(large));
  check_error([&] { flip(x, {2}); }, "flip: dimension 2 is out of range");
  check_error([&] { flip(x, {0, -2}); }, "flip: dimension -2 comes twice");
  CHECK(values(flip(tensor(7.0), {0})) == Values{7});
  CHECK(flip(tensor(7.0), {-1}).shape() == Shape{});
  CHECK(flip(tensor(7.0), {}).item() == 7);
  check_error([&] { flip(tensor(1.0), {1}); }, "flip: dimension 1 is out of range");
}

TEST_CASE("pad") {
  const Tensor x = tensor({{1.0, 2.0}});
  CHECK(values(pad(x, {1, 2})) == Values{0, 1, 2, 0, 0});
  CHECK(values(pad(x, {0, 0, 1, 0}, 7)) == Values{7, 7, 1, 2});
  CHECK(values(pad(x, {-1, 1})) == Values{2, 0});
  CHECK(values(pad(count({2, 3}), {-1, -1, -1, 0})) == Values{4});
  CHECK(values(pad(transpose(count({2, 2}), 0, 1), {1, 0})) == Values{0, 0, 2, 0, 1, 3});
  CHECK(pad(zeros({0, 2}), {0, 0, 1, 1}).shape() == Shape{2, 2});
  CHECK(pad(x, std::vector<int64_t>{}).shape() == Shape{1, 2});
  check_error([&] { pad(x, {1}); }, "pad: expected at most 2 pairs for shape (1, 2), got 1");
  check_error([&] { pad(x, {1, 1, 1, 1, 1, 1}); }, "pad: expected at most 2 pairs");
  check_error([&] { pad(x, {-2, -1}); }, "pad: -2 and -1 cut off more than dimension 1");
  check_error([&] { pad(x, {std::numeric_limits<int64_t>::max(), 1}); }, "too large");
  check_error([&] { pad(zeros({2}, {.dtype = u8}), {1, 1}, -1); }, "does not fit dtype u8");
}

TEST_CASE("tril and triu") {
  for (const Shape& shape :
       {Shape{3, 3}, Shape{2, 5}, Shape{5, 2}, Shape{2, 3, 4}, Shape{0, 3}, Shape{3, 0}})
    for (int64_t diagonal : {-9, -2, -1, 0, 1, 2, 9}) {
      const Tensor x = count(shape), lower = tril(x, diagonal), upper = triu(x, diagonal);
      const int64_t rows = x.size(-2), columns = x.size(-1);
      Values expected_lower, expected_upper;
      for (int64_t i = 0; i < x.numel(); ++i) {
        const int64_t row = i / columns % rows, column = i % columns;
        expected_lower.push_back(column - row <= diagonal ? double(i) : 0);
        expected_upper.push_back(column - row >= diagonal ? double(i) : 0);
      }
      CHECK(values(lower) == expected_lower);
      CHECK(values(upper) == expected_upper);
      CHECK(lower.shape() == shape);
    }
  CHECK(values(tril(transpose(count({2, 2}), 0, 1))) == Values{0, 0, 1, 3});
  CHECK(values(triu(ones({2, 2}, {.dtype = u8}), std::numeric_limits<int64_t>::max())) ==
        Values(4, 0));
  CHECK(values(tril(ones({2, 2}), std::numeric_limits<int64_t>::min())) == Values(4, 0));
  check_error([] { tril(zeros({3})); }, "tril: expected at least 2 dimensions, got shape (3,)");
  check_error([] { triu(zeros({3})); }, "triu: expected at least 2 dimensions");
  check_error([] { triu(tensor(1.0)); }, "triu: expected at least 2 dimensions, got shape ()");
}
