// Ops that move elements, pick them by numbers, or sort them: as PyTorch computes them.
#include "heed/autograd/index.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/sort.h"
#include "heed/core/creation.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

Dims dims(const Run& r) { return r.dims("dims"); }
Dims sizes(const Run& r) { return r.dims("sizes"); }
int64_t dim(const Run& r) { return r.integer("dim"); }

Variable transposed(const Run& r) { return transpose(r[0], -1, -2); }

Variables split_sizes(const Run& r) {
  const Dims list = sizes(r);
  return split(r[0], std::span(list.begin(), list.end()), dim(r));
}

Variable padded(const Run& r) {
  const Dims pads = r.dims("pads");
  return pad(r[0], std::span(pads.begin(), pads.end()), *r.number("value"));
}

Variable sliced(const Run& r) {
  return slice(r[0], dim(r), r.integer("start"), r.integer("end"), r.integer("step"));
}

PickedVariable top(const Run& r) { return topk(r[0], r.integer("k"), dim(r), r.flag("largest")); }

}  // namespace

TEST_CASE("parity: shape") {
  const auto number = [](const Run& r, const char* key) { return r.integer(key); };
  check_parity(
      "shape",
      {
          {"reshape", [](Run& r) { return reshape(r[0], sizes(r)); }},
          {"reshape_transposed", [](Run& r) { return reshape(transposed(r), sizes(r)); }},
          {"view", [](Run& r) { return view(r[0], sizes(r)); }},
          {"flatten", [=](Run& r) { return flatten(r[0], number(r, "first"), number(r, "last")); }},
          {"permute", [](Run& r) { return permute(r[0], dims(r)); }},
          {"transpose", [](Run& r) { return transpose(r[0], dims(r)[0], dims(r)[1]); }},
          {"expand", [](Run& r) { return expand(r[0], sizes(r)); }},
          {"squeeze_all", [](Run& r) { return squeeze(r[0]); }},
          {"squeeze", [](Run& r) { return squeeze(r[0], dim(r)); }},
          {"unsqueeze", [](Run& r) { return unsqueeze(r[0], dim(r)); }},
          {"contiguous", [](Run& r) { return contiguous(transposed(r)); }},
          {"clone", [](Run& r) { return clone(transposed(r)); }},
          {"to_i64", [](Run& r) { return to(r[0], i64); }},
          {"to_u8", [](Run& r) { return to(r[0], u8); }},
          {"narrow",
           [=](Run& r) { return narrow(r[0], dim(r), number(r, "start"), number(r, "length")); }},
          {"select", [](Run& r) { return select(r[0], dim(r), r.integer("index")); }},
          {"subscript", [](Run& r) { return r[0][r.integer("index")]; }},
          {"slice", [](Run& r) { return sliced(r); }},
          {"split", [](Run& r) { return split(r[0], r.integer("size"), dim(r)); }},
          {"split_sizes", [](Run& r) { return split_sizes(r); }},
          {"chunk", [](Run& r) { return chunk(r[0], r.integer("chunks"), dim(r)); }},
          {"unbind", [](Run& r) { return unbind(r[0], dim(r)); }},
          {"tril", [](Run& r) { return tril(r[0], r.integer("diagonal", 0)); }},
          {"triu", [](Run& r) { return triu(r[0], r.integer("diagonal", 0)); }},
          {"cat", [](Run& r) { return cat(r.inputs(), dim(r)); }},
          {"stack", [](Run& r) { return stack(r.inputs(), dim(r)); }},
          {"repeat", [](Run& r) { return repeat(r[0], r.dims("repeats")); }},
          {"flip", [](Run& r) { return flip(r[0], dims(r)); }},
          {"pad", [](Run& r) { return padded(r); }},
      });
}

TEST_CASE("parity: index") {
  const auto ids = [](const Run& r, size_t i) { return r.tensor(i); };
  check_parity(
      "index",
      {
          {"index_select", [=](Run& r) { return index_select(r[0], dim(r), ids(r, 1)); }},
          {"gather", [=](Run& r) { return gather(r[0], dim(r), ids(r, 1)); }},
          {"scatter_add", [=](Run& r) { return scatter_add(r[0], dim(r), ids(r, 1), r[2]); }},
          {"masked_fill",
           [](Run& r) { return masked_fill(r[0], r.tensor(1), *r.number("value")); }},
          {"embedding",
           [=](Run& r) { return embedding(r[0], ids(r, 1), r.integer("padding", -1)); }},
          {"one_hot", [=](Run& r) { return one_hot(ids(r, 0), r.integer("classes")); }},
          {"sort", [](Run& r) { return sort(r[0], dim(r), r.flag("descending")); }},
          {"argsort", [](Run& r) { return argsort(r.tensor(0), dim(r)); }},
          {"topk", [](Run& r) { return top(r); }},
      });
}
