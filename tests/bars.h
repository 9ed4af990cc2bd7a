#pragma once

#include <string_view>

#include "heed/core/tensor.h"

/// How far results may lie from PyTorch's, and f32 from f64: the bars of all parity tests. Raising
/// one needs a reason beside it.

enum class Measure {
  exact,     ///< 0 where the right number, rounded to the dtype, came; 1 elsewhere
  ulps,      ///< |got - right| in units in the last place of the right number, in f32
  relative,  ///< |got - right| / |right|
  absolute,  ///< |got - right|
  scaled,    ///< |got - right| / max |right|, over the tensor
  norm,      ///< ||got - right|| / ||right||, over the tensor
};

/// The largest error of the elements, right being f64. NaN for NaN and equal infinities are right;
/// any other number that is not finite makes the error infinite.
double error_of(Measure measure, const heed::Tensor& got, const heed::Tensor& right);

struct Bar {
  Measure measure;
  double limit;
};

/// Bars of an op, or of a family of ops for those without a row of their own.
struct BarRow {
  std::string_view name;
  Bar value, gradient;
};

/// The row of that op, else that of the family.
const BarRow& bars_of(heed::DType dtype, std::string_view op, std::string_view family);

namespace bars {

inline constexpr Bar equal{Measure::exact, 0};

/// f64 everywhere: 100 u and a little, u = 1.1e-16.
inline constexpr Bar f64_bar{Measure::scaled, 2e-14};
/// f32: u = 6e-8. A gradient is a chain of roundings, like a small transformer's.
inline constexpr Bar f32_gradient{Measure::norm, 1e-6};

inline constexpr BarRow f64_rows[] = {
    {"comparison", equal, equal},
    {"kinks", equal, equal},
    // 20 steps of training: errors grow with the steps.
    {"optimizer", {Measure::norm, 1e-10}, f64_bar},
    {"model", {Measure::norm, 1e-10}, f64_bar},
    {"gpt", {Measure::norm, 1e-10}, f64_bar},
    {"", f64_bar, f64_bar},
};

inline constexpr BarRow f32_rows[] = {
    // One rounding.
    {"add", equal, f32_gradient},
    {"sub", equal, f32_gradient},
    {"mul", equal, f32_gradient},
    {"div", equal, f32_gradient},
    {"add_scalar", equal, f32_gradient},
    {"sub_scalar", equal, f32_gradient},
    {"mul_scalar", equal, f32_gradient},
    {"div_scalar", equal, f32_gradient},
    {"scalar_sub", equal, f32_gradient},
    {"scalar_div", equal, f32_gradient},
    {"sqrt", equal, f32_gradient},
    {"square", equal, f32_gradient},
    // No rounding.
    {"neg", equal, equal},
    {"abs", equal, equal},
    {"sign", equal, equal},
    {"floor", equal, equal},
    {"round", equal, equal},
    {"relu", equal, equal},
    {"clamp", equal, equal},
    {"maximum", equal, f32_gradient},
    {"minimum", equal, f32_gradient},
    {"where", equal, f32_gradient},
    {"amax", equal, equal},
    {"amin", equal, equal},
    {"max", equal, equal},
    {"min", equal, equal},
    {"comparison", equal, equal},
    {"kinks", equal, equal},
    {"shape", equal, f32_gradient},
    {"scatter_add", {Measure::scaled, 5e-7}, equal},
    {"index", equal, f32_gradient},
    // Functions. glibc's vector exp, log, sin ... are within 4 ulp.
    {"tanh", {Measure::relative, 4e-7}, f32_gradient},
    {"sigmoid", {Measure::relative, 4e-7}, f32_gradient},
    {"erf", {Measure::relative, 4e-7}, f32_gradient},
    {"gelu", {Measure::scaled, 3e-7}, f32_gradient},
    {"elementwise", {Measure::ulps, 4}, f32_gradient},
    // Sums, products and what is made of them.
    {"logsumexp", {Measure::scaled, 3e-7}, f32_gradient},  // some results are near 0
    {"reduce", {Measure::scaled, 5e-7}, f32_gradient},
    {"product", {Measure::scaled, 2e-6}, f32_gradient},
    {"log_softmax", {Measure::scaled, 5e-7}, f32_gradient},
    {"layer_norm", {Measure::scaled, 5e-7}, f32_gradient},
    {"softmax", {Measure::absolute, 1e-6}, f32_gradient},
    {"cross_entropy", {Measure::relative, 3e-7}, f32_gradient},
    {"loss", {Measure::scaled, 5e-7}, f32_gradient},
    {"layer", {Measure::scaled, 2e-6}, f32_gradient},
    {"MaxPool1d", equal, f32_gradient},
    {"MaxPool2d", equal, f32_gradient},
    {"images", {Measure::scaled, 2e-6}, f32_gradient},
    {"recurrent", {Measure::scaled, 2e-6}, f32_gradient},
    // A softmax over few keys: its gradient is a small difference of larger terms.
    {"attention", {Measure::scaled, 2e-6}, {Measure::norm, 2e-6}},
    // The gradient of the patches' bias is a sum over patches that nearly cancels.
    {"Vit", {Measure::scaled, 2e-6}, {Measure::norm, 5e-6}},
    {"TextClassifier", {Measure::scaled, 2e-6}, {Measure::norm, 5e-6}},
    {"transformer", {Measure::scaled, 2e-6}, {Measure::norm, 2e-6}},
    // The gradient of a norm's weight is a sum over tokens that nearly cancels: 2.004e-6.
    {"Gpt", {Measure::scaled, 2e-6}, {Measure::norm, 3e-6}},
    // Norms of four numbers after each of ten sublayers.
    {"Seq2Seq", {Measure::scaled, 1e-5}, {Measure::norm, 1e-5}},
    {"schedule", f64_bar, f64_bar},  // computed in double whatever the parameters are
    {"optimizer", {Measure::norm, 1e-5}, f32_gradient},
    {"model", {Measure::norm, 1e-5}, f32_gradient},
    {"gpt", {Measure::norm, 1e-5}, f32_gradient},
};

// The sizes at which PyTorch's own f32 was measured against its f64.
inline constexpr Bar sum_of_a_million{Measure::absolute, 4 * 20 * 6e-8};  // of the sum of |x|
inline constexpr Bar mean_of_a_million{Measure::scaled, 5e-7};
inline constexpr Bar matmul_512{Measure::scaled, 2e-6};
inline constexpr Bar softmax_1000{Measure::absolute, 1e-6};
inline constexpr Bar softmax_row_sum{Measure::absolute, 2e-6};
inline constexpr Bar log_softmax_1000{Measure::absolute, 1e-5};
inline constexpr Bar logsumexp_1000{Measure::relative, 3e-7};
inline constexpr Bar layer_norm_1000{Measure::scaled, 5e-7};
inline constexpr Bar attention_64_32{Measure::scaled, 2e-6};
inline constexpr Bar transformer_gradient{Measure::norm, 1e-6};

}  // namespace bars

/// How far an op's f32 result may lie from the exact one. Raising a bar needs a reason here.
namespace kernel_bars {

inline constexpr double u = 6e-8;            // rounding of f32
inline constexpr double f64 = 2e-14;         // every op in f64, measured as in f32
inline constexpr double mean = 5e-7;         // mean, var: relative to the largest result
inline constexpr double matmul = 2e-6;       // relative to the largest result, k = 512
inline constexpr double softmax = 1e-6;      // absolute
inline constexpr double row_sum = 2e-6;      // of softmax, absolute
inline constexpr double log_softmax = 1e-5;  // absolute
inline constexpr double logsumexp = 3e-7;    // relative; cross entropy too
inline constexpr double layer_norm = 5e-7;   // relative to the largest result
inline constexpr double gradient = 1e-6;     // of a kernel: relative to the largest result

}  // namespace kernel_bars
