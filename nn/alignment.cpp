#include "heed/nn/alignment.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/matmul.h"
#include "heed/autograd/record.h"
#include "heed/autograd/reduce.h"
#include "heed/autograd/shape.h"
#include "heed/autograd/softmax.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"

namespace heed::nn {
namespace {

constexpr std::string_view names[] = {"soft", "local_monotonic", "local_predictive", "reinforce",
                                      "gumbel"};

/// s - centre_b for every key: (B, S) in the dtype of the scores.
Variable distances(const Variable& scores, const Variable& centre) {
  const Tensor places = to(arange(scores.size(1)), scores.dtype());
  return Variable(places) - unsqueeze(centre, 1);
}

/// Which keys lie in the window and may be attended, (B, S) u8.
Tensor within(const Tensor& distance, double window, const Tensor& mask) {
  const Tensor near = abs(distance) <= window;
  return mask.defined() ? logical_and(near, mask) : near;
}

/// -log(-log(u)), u uniform in (0, 1). Gumbel 1954.
Tensor gumbel_noise(const Tensor& like, Generator* generator) {
  const Tensor u = rand(like.shape(), {.dtype = like.dtype(), .generator = generator});
  return neg(log(neg(log(clamp(u, 1e-10)))));
}

/// 1 at the largest of each row of weights (B, S), zeros where a row is zero. NaN stays NaN.
Tensor largest(const Tensor& weights) {
  const Tensor place = argmax(weights, 1);
  const Tensor hot = one_hot(place, weights.size(1), {.dtype = weights.dtype()});
  return where(gt(amax(weights, {1}, true), 0), hot, weights);
}

/// The value of `hard` with the gradient of `soft`.
Variable straight_through(const Tensor& hard, const Variable& soft) {
  static constexpr Op op{"straight_through", "y = argmax(x) as one-hot", "dx = dy"};
  return record(op, hard, input(soft, [](const Variable& g) { return g; }));
}

}  // namespace

Alignment alignment_from_name(std::string_view name) {
  for (size_t i = 0; i < std::size(names); ++i)
    if (name == names[i]) return Alignment(i);
  fail(
      "alignment: expected soft, local_monotonic, local_predictive, reinforce or gumbel, got "
      "\"",
      name, "\"");
}

Variable soft_weights(const Variable& scores, const Tensor& mask) {
  return mask.defined() ? softmax(scores, 1, mask) : softmax(scores, 1);
}

Variable weighted_sum(const Variable& weights, const Variable& values) {
  return squeeze(matmul(unsqueeze(weights, 1), values), 1);
}

Variable window_weights(const Variable& scores, const Tensor& centre, double window,
                        const Tensor& mask) {
  const Tensor distance = distances(scores, to(centre, scores.dtype())).value();
  return softmax(scores, 1, within(distance, window, mask));
}

Variable gaussian_weights(const Variable& scores, const Variable& centre, double window,
                          const Tensor& mask) {
  require(window > 0, "gaussian_weights: expected a window above 0, got ", window);
  const Variable distance = distances(scores, centre);
  const double sigma = window / 2;
  return softmax(scores, 1, within(distance.value(), window, mask)) *
         exp(square(distance) * (-1 / (2 * sigma * sigma)));
}

HardChoice draw_choice(const Variable& scores, const Tensor& mask, const DrawOptions& options) {
  const Variable p = soft_weights(scores, mask);
  const Tensor e = scores.value();
  const Tensor drawn =
      options.draw ? soft_weights(e + gumbel_noise(e, options.generator), mask).value() : p.value();
  const Tensor hard = largest(drawn);
  // log(1) where nothing could be chosen: log(0) would have an infinite gradient.
  const Variable chosen = sum(p * Variable(hard), {1});  // (B)
  return {hard, log(where(gt(chosen.value(), 0), chosen, 1))};
}

Variable gumbel_softmax(const Variable& scores, const Tensor& mask, const DrawOptions& options) {
  require(options.tau > 0, "gumbel_softmax: expected a tau above 0, got ", options.tau);
  const Variable noisy =
      options.draw ? scores + Variable(gumbel_noise(scores.value(), options.generator)) : scores;
  const Variable soft = soft_weights(noisy * (1 / options.tau), mask);
  return straight_through(largest(soft.value()), soft);
}

}  // namespace heed::nn
