// The rows of autograd/scaled_dot_product_attention.h: values, first and second derivative, every
// mask, dtypes, memory orders, both states of HEED_FUSED.
#include "heed/autograd/scaled_dot_product_attention.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/core/scaled_dot_product_attention.h"
#include "tests/catch.h"
#include "tests/gradient_table.h"
#include "tests/support.h"

using namespace heed;

namespace {

// Tensors and Variables alike.
Tensor attend(std::span<const Tensor> x, ScaledDotProductOptions options) {
  ScaledDotProductSettings settings{.mask = options.mask,
                                    .is_causal = options.is_causal,
                                    .past = options.past,
                                    .dropout_p = options.dropout_p,
                                    .scale = options.scale,
                                    .seed = 3,
                                    .offset = 0};
  if (x.size() > 3) settings.bias = x[3];
  return scaled_dot_product_attention(x[0], x[1], x[2], settings).output;
}
Variable attend(std::span<const Variable> x, ScaledDotProductOptions options) {
  Generator generator(3);  // the same dropout at every call
  options.generator = &generator;
  if (x.size() > 3) options.bias = x[3];
  return scaled_dot_product_attention(x[0], x[1], x[2], options);
}

Row row(std::vector<Row::Shapes> cases, const ScaledDotProductOptions& options) {
  return {"scaled_dot_product_attention", std::move(cases),
          [=](auto x) { return attend(x, options); }};
}

Tensor every_third_closed(const Shape& shape) {
  const Tensor mask = ones(shape, {.dtype = u8});
  for (int64_t i = 0; i < mask.numel(); i += 3) mask.mutable_data<uint8_t>()[i] = 0;
  return mask;
}

}  // namespace

TEST_CASE("gradients of scaled_dot_product_attention") {
  const Shape q{2, 4, 5, 3}, k{2, 2, 6, 3}, v{2, 2, 6, 2};
  const Tensor closed = zeros({5, 6}, {.dtype = u8});  // of three queries everything
  closed[0].fill_(1);
  closed[3].fill_(1);
  check_rows({
      row({{q, k, v}, {{0, 1, 5, 3}, {0, 1, 2, 3}, {0, 1, 2, 2}}}, {}),
      row({{{1, 2, 5, 3}, {1, 2, 5, 3}, {1, 2, 5, 3}}}, {.is_causal = true}),
      row({{{1, 2, 2, 3}, {1, 1, 7, 3}, {1, 1, 7, 3}}}, {.is_causal = true, .past = 4}),
      row({{q, k, v}}, {.mask = every_third_closed({5, 6}), .scale = -0.7}),
      row({{q, k, v}}, {.mask = closed}),
      row({{q, k, v}}, {.mask = every_third_closed({2, 1, 1, 6}), .is_causal = true, .past = 2}),
      row({{q, k, v}}, {.is_causal = true, .past = 1, .dropout_p = 0.4}),
  });
}

TEST_CASE("gradients of scaled_dot_product_attention for its bias") {
  const Shape q{2, 2, 5, 3}, k{2, 1, 6, 3}, v{2, 1, 6, 2};
  const ScaledDotProductOptions masked{
      .mask = every_third_closed({5, 6}), .is_causal = true, .past = 2};
  check_rows({
      row({{q, k, v, {2, 2, 5, 6}}, {q, k, v, {2, 5, 6}}, {q, k, v, {5, 6}}}, {}),
      row({{q, k, v, {2, 1, 1, 6}}, {q, k, v, {6}}}, masked),
  });
}

TEST_CASE("gradients of attention_weights") {
  const auto row = [](Row::Shapes shapes, const ScaledDotProductOptions& options) {
    return Row("attention_weights", {std::move(shapes)}, [=](auto x) {
      ScaledDotProductOptions how = options;
      if (x.size() > 2) how.bias = x[2];
      const Variable weights = attention_weights(x[0], x[1], how);
      if constexpr (std::is_same_v<std::decay_t<decltype(x[0])>, Tensor>)
        return weights.value();
      else
        return weights;
    });
  };
  check_rows({
      row({{2, 4, 3, 3}, {2, 2, 4, 3}}, {}),
      row({{1, 2, 3, 3}, {1, 1, 5, 3}, {2, 3, 5}}, {.is_causal = true, .past = 2}),
      row({{1, 2, 3, 3}, {1, 2, 4, 3}}, {.mask = every_third_closed({3, 4})}),
  });
}
