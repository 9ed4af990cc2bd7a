#pragma once

#include "heed/core/tensor.h"

/// Matrices of weights in two bytes or one a number in place of four, for models that are only
/// used. To write a token is to read every weight once, so a matrix half as large is read in half
/// the time. Computed is in f32: numbers are widened as they are read.
namespace heed {

enum class CompactKind {
  bf16,  ///< the upper half of a float, rounded to the nearest even: at most 2^-8 of a number away
  /// A whole number from -127 to 127 times the row's scale, max |w| / 127: at most scale / 2 away.
  /// Dettmers et al. 2022, "LLM.int8()", section 2.1 (absmax), of the weights alone and row by row,
  /// as torchao's Int8WeightOnlyConfig.
  int8,
};

/// "bf16", "int8".
const char* compact_name(CompactKind kind);

/// A matrix (rows, columns) of f32 as one of these. Copies share the numbers; nothing writes them.
struct CompactMatrix {
  CompactKind kind;
  int64_t rows, columns;
  Tensor numbers;  ///< (rows, bytes of a row) of u8, with zeros behind the last column
  Tensor scales;   ///< (rows), f32, of int8

  int64_t bytes() const;  ///< of numbers and scales
};

/// The nearest matrix of that kind. A row of int8 with a number that is NaN or infinite is NaN.
/// Throws Error unless the matrix is (rows, columns) of f32.
CompactMatrix compact(const Tensor& matrix, CompactKind kind);

/// The numbers that a compact matrix stands for: (rows, columns) of f32.
Tensor widen(const CompactMatrix& matrix);

/// x W^T + bias for x (..., K) of f32, weight (N, K) and bias (N) or an empty Tensor: (..., N).
/// Many rows of x are multiplied with parts of the weight that are widened in turn.
Tensor linear(const Tensor& x, const CompactMatrix& weight, const Tensor& bias = {});

/// Rows of a table: weight (V, D), ids (...) -> (..., D) of f32.
Tensor embedding(const CompactMatrix& weight, const Tensor& ids);

}  // namespace heed
