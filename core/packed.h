#pragma once
// internal

#include <algorithm>
#include <cstdint>
#include <limits>

#include "heed/core/gemm.h"

namespace heed {

/// A matrix B (k, n) laid out for many products A B with small A: panels of 128 bytes of columns,
/// so that the kernel reads memory in order. A recurrent layer packs its weight once and multiplies
/// by it at every time step; OpenBLAS would pack it anew each time.
template <class T>
class PackedMatrix {
 public:
  static constexpr int64_t panel_columns = 128 / int64_t(sizeof(T));

  PackedMatrix(int64_t k, int64_t n, MatrixView<T> b);
  ~PackedMatrix();
  PackedMatrix(const PackedMatrix&) = delete;

  int64_t k() const { return k_; }
  int64_t n() const { return n_; }

  /// C = A B, or C += A B, on the calling thread, A (m, k) and C (m, n) row-major. Every element of
  /// C is one chain of multiply-adds over k, so its bits do not depend on m or on its neighbours.
  /// Only the columns [first, last) are computed; first is a multiple of panel_columns.
  void multiply(int64_t m, MatrixView<T> a, T* c, int64_t ldc, bool add, int64_t first = 0,
                int64_t last = std::numeric_limits<int64_t>::max()) const;
  void multiply_add(int64_t m, MatrixView<T> a, T* c, int64_t ldc) const {
    multiply(m, a, c, ldc, true);
  }

 private:
  int64_t panels() const { return (n_ + panel_columns - 1) / panel_columns; }
  int64_t bytes() const { return panels() * panel_columns * k_ * int64_t(sizeof(T)); }

  int64_t k_, n_;
  T* data_;  // (panels, k, panel_columns), zero beyond column n
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

/// C = A B, C += A B (add), or A B + bias in every row (where it is not null), with B packed first
/// and the rows and columns of C cut into tasks by shape.
void gemm_packed(int64_t m, int64_t n, int64_t k, MatrixView<float> a, MatrixView<float> b,
                 const float* bias, bool add, float* c, int64_t ldc);

/// A length cut into equal pieces of at most `most`, each a multiple of `unit`.
inline int64_t even_piece(int64_t length, int64_t most, int64_t unit) {
  const int64_t pieces = std::max<int64_t>(1, (length + most - 1) / most);
  const int64_t piece = (length + pieces - 1) / pieces;
  return (piece + unit - 1) / unit * unit;
}

/// Is gemm_packed the faster way for this product? OpenBLAS chooses its kernels by the name of the
/// CPU, and takes old ones for CPUs that it does not know; ours go by the instruction set.
bool prefers_packed(int64_t m, int64_t n, int64_t k);

}  // namespace heed
