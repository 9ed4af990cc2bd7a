#pragma once
// internal

#include "heed/core/math.h"

/// The pointwise part of each recurrent cell, for a block of lanes (hidden units of one sequence).
/// Local arrays of a fixed length compile to whole vector registers, with no scalar tail.
namespace heed::detail {

inline constexpr int lanes = 16;

/// What one step of one block reads and writes. p: preactivations; s: what is saved for backward,
/// the gates and, in a GRU's backward, the hidden part of n.
template <class T>
struct CellBlock {
  alignas(64) T projected[4][lanes];  // the input's part of the preactivations (GRU reads it apart)
  alignas(64) T p[4][lanes];          // preactivations; in backward their gradients
  alignas(64) T s[4][lanes];
  alignas(64) T h[lanes];  // state before the step, then after it; in backward its gradient
  alignas(64) T c[lanes];
  alignas(64) T c_prev[lanes];
  alignas(64) T h_prev[lanes];
  alignas(64) T dn[lanes];  // GRU: the gradient of the input's part of n
};

/// c' = f c + i g, h' = o tanh(c'). Hochreiter & Schmidhuber 1997 with the forget gate of Gers
/// 2000.
struct LstmCell {
  static constexpr int gates = 4;
  static constexpr bool has_cell = true, apart = false;
  template <class T>
  static void forward(CellBlock<T>& b) {
#pragma GCC unroll 1  // a loop that is unrolled early is not vectorised
    for (int j = 0; j < lanes; ++j) {
      const T i = math::sigmoid(b.p[0][j]), f = math::sigmoid(b.p[1][j]);
      const T g = math::tanh(b.p[2][j]), o = math::sigmoid(b.p[3][j]);
      const T c = f * b.c[j] + i * g;
      b.s[0][j] = i, b.s[1][j] = f, b.s[2][j] = g, b.s[3][j] = o;
      b.c[j] = c;
      b.h[j] = o * math::tanh(c);
    }
  }
  template <class T>
  static void backward(CellBlock<T>& b) {
#pragma GCC unroll 1  // a loop that is unrolled early is not vectorised
    for (int j = 0; j < lanes; ++j) {
      const T i = b.s[0][j], f = b.s[1][j], g = b.s[2][j], o = b.s[3][j];
      const T y = math::tanh(f * b.c_prev[j] + i * g);
      const T dc = b.c[j] + b.h[j] * o * (1 - y * y);
      b.p[0][j] = dc * g * i * (1 - i);
      b.p[1][j] = dc * b.c_prev[j] * f * (1 - f);
      b.p[2][j] = dc * i * (1 - g * g);
      b.p[3][j] = b.h[j] * y * o * (1 - o);
      b.c[j] = dc * f;
      b.h[j] = 0;
    }
  }
};

/// n = tanh(x_n + r h_n), h' = (1 - z) n + z h. Cho 2014, with the reset gate behind the product.
struct GruCell {
  static constexpr int gates = 3;
  static constexpr bool has_cell = false, apart = true;
  template <class T>
  static void forward(CellBlock<T>& b) {
#pragma GCC unroll 1  // a loop that is unrolled early is not vectorised
    for (int j = 0; j < lanes; ++j) {
      const T r = math::sigmoid(b.projected[0][j] + b.p[0][j]);
      const T z = math::sigmoid(b.projected[1][j] + b.p[1][j]);
      const T n = math::tanh(b.projected[2][j] + r * b.p[2][j]);
      b.s[0][j] = r, b.s[1][j] = z, b.s[2][j] = n;
      b.h[j] = n + z * (b.h[j] - n);
    }
  }
  template <class T>
  static void backward(CellBlock<T>& b) {
#pragma GCC unroll 1  // a loop that is unrolled early is not vectorised
    for (int j = 0; j < lanes; ++j) {
      const T r = b.s[0][j], z = b.s[1][j], n = b.s[2][j], dh = b.h[j];
      const T dn = dh * (1 - z) * (1 - n * n);
      b.p[0][j] = dn * b.s[3][j] * r * (1 - r);
      b.p[1][j] = dh * (b.h_prev[j] - n) * z * (1 - z);
      b.p[2][j] = dn * r;
      b.dn[j] = dn;
      b.h[j] = dh * z;
    }
  }
};

/// h' = tanh(p) or max(p, 0). Elman 1990.
template <bool Relu>
struct RnnCell {
  static constexpr int gates = 1;
  static constexpr bool has_cell = false, apart = false;
  template <class T>
  static void forward(CellBlock<T>& b) {
#pragma GCC unroll 1  // a loop that is unrolled early is not vectorised
    for (int j = 0; j < lanes; ++j) {
      if constexpr (Relu)
        b.h[j] = math::maximum(b.p[0][j], T(0));
      else
        b.h[j] = math::tanh(b.p[0][j]);
      b.s[0][j] = b.h[j];
    }
  }
  template <class T>
  static void backward(CellBlock<T>& b) {
#pragma GCC unroll 1  // a loop that is unrolled early is not vectorised
    for (int j = 0; j < lanes; ++j) {
      const T y = b.s[0][j];
      b.p[0][j] = Relu ? math::select(y > 0, b.h[j], T(0)) : b.h[j] * (1 - y * y);
      b.h[j] = 0;
    }
  }
};

}  // namespace heed::detail
