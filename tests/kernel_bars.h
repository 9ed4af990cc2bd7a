#pragma once

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
