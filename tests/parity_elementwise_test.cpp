// Elementwise ops, comparisons and derivatives at kinks: as PyTorch computes them.
#include <limits>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/reduce.h"
#include "heed/nn/loss.h"
#include "tests/catch.h"
#include "tests/parity.h"

using namespace heed;

namespace {

GeluForm gelu_form(const Run& r) {
  return r.word("form") == "tanh" ? GeluForm::tanh : GeluForm::exact;
}

/// The stored scalar, as an integer for integers.
Scalar scalar(const Run& r) {
  const double number = *r.number("scalar");
  return is_floating(r[0].dtype()) ? Scalar(number) : Scalar(int64_t(number));
}

double norm_order(const Run& r) {
  if (r.word("order") == "infinity") return std::numeric_limits<double>::infinity();
  return r.number("p", 2);
}

}  // namespace

TEST_CASE("parity: elementwise") {
  check_parity(
      "elementwise",
      {
          {"neg", [](Run& r) { return -r[0]; }},
          {"exp", [](Run& r) { return exp(r[0]); }},
          {"log", [](Run& r) { return log(r[0]); }},
          {"log1p", [](Run& r) { return log1p(r[0]); }},
          {"sqrt", [](Run& r) { return sqrt(r[0]); }},
          {"rsqrt", [](Run& r) { return rsqrt(r[0]); }},
          {"square", [](Run& r) { return square(r[0]); }},
          {"abs", [](Run& r) { return abs(r[0]); }},
          {"sign", [](Run& r) { return sign(r[0]); }},
          {"sin", [](Run& r) { return sin(r[0]); }},
          {"cos", [](Run& r) { return cos(r[0]); }},
          {"tanh", [](Run& r) { return tanh(r[0]); }},
          {"erf", [](Run& r) { return erf(r[0]); }},
          {"floor", [](Run& r) { return floor(r[0]); }},
          {"round", [](Run& r) { return round(r[0]); }},
          {"sigmoid", [](Run& r) { return sigmoid(r[0]); }},
          {"relu", [](Run& r) { return relu(r[0]); }},
          {"leaky_relu", [](Run& r) { return leaky_relu(r[0], r.number("slope", 0.01)); }},
          {"gelu", [](Run& r) { return gelu(r[0], gelu_form(r)); }},
          {"silu", [](Run& r) { return silu(r[0]); }},
          {"softplus", [](Run& r) { return softplus(r[0]); }},
          {"add", [](Run& r) { return r[0] + r[1]; }},
          {"sub", [](Run& r) { return r[0] - r[1]; }},
          {"mul", [](Run& r) { return r[0] * r[1]; }},
          {"div", [](Run& r) { return r[0] / r[1]; }},
          {"maximum", [](Run& r) { return maximum(r[0], r[1]); }},
          {"minimum", [](Run& r) { return minimum(r[0], r[1]); }},
          {"pow", [](Run& r) { return pow(r[0], r[1]); }},
          {"add_scalar", [](Run& r) { return r[0] + scalar(r); }},
          {"sub_scalar", [](Run& r) { return r[0] - scalar(r); }},
          {"mul_scalar", [](Run& r) { return r[0] * scalar(r); }},
          {"div_scalar", [](Run& r) { return r[0] / scalar(r); }},
          {"scalar_sub", [](Run& r) { return scalar(r) - r[0]; }},
          {"scalar_div", [](Run& r) { return scalar(r) / r[0]; }},
          {"maximum_scalar", [](Run& r) { return maximum(r[0], scalar(r)); }},
          {"minimum_scalar", [](Run& r) { return minimum(r[0], scalar(r)); }},
          {"pow_scalar", [](Run& r) { return pow(r[0], scalar(r)); }},
          {"clamp", [](Run& r) { return clamp(r[0], r.number("low"), r.number("high")); }},
          {"where", [](Run& r) { return where(r.tensor(0), r[1], r[2]); }},
          {"where_scalar", [](Run& r) { return where(r.tensor(0), r[1], *r.number("scalar")); }},
          {"scalar_where", [](Run& r) { return where(r.tensor(0), *r.number("scalar"), r[1]); }},
      });
}

TEST_CASE("parity: comparison") {
  check_parity("comparison",
               {
                   {"eq", [](Run& r) { return eq(r.tensor(0), r.tensor(1)); }},
                   {"ne", [](Run& r) { return ne(r.tensor(0), r.tensor(1)); }},
                   {"lt", [](Run& r) { return r[0] < r[1]; }},
                   {"le", [](Run& r) { return r[0] <= r[1]; }},
                   {"gt", [](Run& r) { return r[0] > r[1]; }},
                   {"ge", [](Run& r) { return r[0] >= r[1]; }},
                   {"eq_scalar", [](Run& r) { return eq(r.tensor(0), scalar(r)); }},
                   {"ne_scalar", [](Run& r) { return ne(r.tensor(0), scalar(r)); }},
                   {"lt_scalar", [](Run& r) { return r[0] < scalar(r); }},
                   {"le_scalar", [](Run& r) { return r[0] <= scalar(r); }},
                   {"gt_scalar", [](Run& r) { return r[0] > scalar(r); }},
                   {"ge_scalar", [](Run& r) { return r[0] >= scalar(r); }},
                   {"logical_and", [](Run& r) { return logical_and(r.tensor(0), r.tensor(1)); }},
                   {"logical_or", [](Run& r) { return logical_or(r.tensor(0), r.tensor(1)); }},
                   {"logical_not", [](Run& r) { return logical_not(r.tensor(0)); }},
                   {"isfinite", [](Run& r) { return isfinite(r.tensor(0)); }},
                   {"isnan", [](Run& r) { return isnan(r.tensor(0)); }},
               });
}

// relu'(0) = abs'(0) = sign' = norm'(0) = std'(0) = 0, sqrt'(0) = inf, clamp passes at a bound,
// ties of maximum get half each, ties of max() and amax share alike, of max(dim) the first takes
// all.
TEST_CASE("parity: kinks") {
  check_parity("kinks",
               {
                   {"abs", [](Run& r) { return abs(r[0]); }},
                   {"sign", [](Run& r) { return sign(r[0]); }},
                   {"relu", [](Run& r) { return relu(r[0]); }},
                   {"leaky_relu", [](Run& r) { return leaky_relu(r[0], r.number("slope", 0.01)); }},
                   {"floor", [](Run& r) { return floor(r[0]); }},
                   {"round", [](Run& r) { return round(r[0]); }},
                   {"sqrt", [](Run& r) { return sqrt(r[0]); }},
                   {"pow_scalar", [](Run& r) { return pow(r[0], scalar(r)); }},
                   {"clamp", [](Run& r) { return clamp(r[0], r.number("low"), r.number("high")); }},
                   {"maximum", [](Run& r) { return maximum(r[0], r[1]); }},
                   {"minimum", [](Run& r) { return minimum(r[0], r[1]); }},
                   {"where", [](Run& r) { return where(r.tensor(0), sqrt(r[1]), 0.0); }},
                   {"max_all", [](Run& r) { return max(r[0]); }},
                   {"min_all", [](Run& r) { return min(r[0]); }},
                   {"amax", [](Run& r) { return amax(r[0], r.dims("dims")); }},
                   {"amin", [](Run& r) { return amin(r[0], r.dims("dims")); }},
                   {"max", [](Run& r) { return max(r[0], r.integer("dim")); }},
                   {"min", [](Run& r) { return min(r[0], r.integer("dim")); }},
                   {"norm", [](Run& r) { return norm(r[0], norm_order(r)); }},
                   {"std", [](Run& r) { return heed::std(r[0], r.dims("dims")); }},
                   {"sum", [](Run& r) { return sum(r[0]); }},
                   {"mean", [](Run& r) { return mean(r[0]); }},
                   {"l1_loss", [](Run& r) { return nn::l1_loss(r[0], r[1], nn::Reduction::sum); }},
                   {"hinge_loss",
                    [](Run& r) { return nn::hinge_loss(r[0], r.tensor(1), nn::Reduction::sum); }},
                   {"cross_entropy", [](Run& r) { return nn::cross_entropy(r[0], r.tensor(1)); }},
               });
}
