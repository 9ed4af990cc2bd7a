#include "heed/core/compact_few.h"

#include <algorithm>

#include "heed/core/lanes.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"

namespace heed::detail {
namespace {

// A register of Width bytes holds Parts numbers in each of its words. Part p of all words is one
// vector of floats, without a number crossing from word to word: so A is arranged likewise before,
// in blocks of as many numbers as a register holds; the first are those of part 0.

struct Product {
  int64_t k;         ///< the stride of both, a multiple of a block
  const float* a;    ///< arranged
  const uint8_t* b;  ///< (n, k)
  const float *scales, *bias;
  float* c;
  int64_t n;
};

template <int Width, int Parts>
struct Block {
  using L = Lanes<float, Width>;
  using Vector = typename L::Vector;
  typedef uint32_t Words __attribute__((vector_size(Width)));
  static constexpr int64_t lanes = L::count, numbers = lanes * Parts;

  /// x = part p of all words, as floats.
  [[gnu::always_inline]] static void widen(const Words& words, int p, Vector& x) {
    if constexpr (Parts == 2)  // a bf16 is the upper half of a float
      x = (Vector)(p == 0 ? words << 16 : words & 0xffff0000U);
    else
      x = __builtin_convertvector((typename L::Bits)(words << (24 - 8 * p)) >> 24, Vector);
  }
};

/// Elements [i, i + Rows) x [j, j + Columns) of C.
template <int Width, int Parts, int Rows, int Columns>
[[gnu::always_inline]] inline void tile(const Product& p, int64_t i, int64_t j) {
  using B = Block<Width, Parts>;
  using L = typename B::L;
  constexpr int count = int(L::count), groups = (Rows * Columns + count - 1) / count;
  typename B::Vector sum[groups * count] = {}, left[Rows], right;
  const float* a = p.a + i * p.k;
  const int64_t row = p.k * (4 / Parts);  // bytes
  const uint8_t* b = p.b + j * row;
  for (int64_t d = 0; d < p.k; d += B::numbers) {
    typename B::Words words[Columns];
    for (int s = 0; s < Columns; ++s) {
      const uint8_t* from = b + s * row + d * (4 / Parts);
      __builtin_prefetch(from + Columns * row);
      words[s] = (typename B::Words)(L::at(reinterpret_cast<const float*>(from)));
    }
    for (int q = 0; q < Parts; ++q) {
      for (int r = 0; r < Rows; ++r) left[r] = L::at(a + r * p.k + d + q * B::lanes);
      for (int s = 0; s < Columns; ++s) {
        B::widen(words[s], q, right);
        for (int r = 0; r < Rows; ++r) sum[r * Columns + s] += left[r] * right;
      }
    }
  }
  alignas(64) float sums[groups * count];
  for (int g = 0; g < groups; ++g) {
    L::add_lanes(sum + g * count);
    L::at(sums + g * count) = sum[g * count];
  }
  for (int r = 0; r < Rows; ++r)
    for (int s = 0; s < Columns; ++s) {
      const float y = sums[r * Columns + s] * (p.scales ? p.scales[j + s] : 1);
      p.c[(i + r) * p.n + j + s] = p.bias ? p.bias[j + s] + y : y;
    }
}

/// All m rows of the columns [j, j + Columns).
template <int Width, int Parts, int Columns>
[[gnu::always_inline]] inline void strip(const Product& p, int64_t m, int64_t j) {
  constexpr int most = Width == 64 ? 4 : 2;  // there are 32 registers of 64 bytes, else 16
  int64_t i = 0;
  for (; i + most <= m; i += most) tile<Width, Parts, most, Columns>(p, i, j);
  if constexpr (most > 2)
    for (; i + 2 <= m; i += 2) tile<Width, Parts, 2, Columns>(p, i, j);
  for (; i < m; ++i) tile<Width, Parts, 1, Columns>(p, i, j);
}

/// One block of a row of A in the order of its parts.
template <int Width, int Parts>
[[gnu::always_inline]] inline void arrange_block(const float* from, float* to) {
  constexpr int lanes = Width / 4;
  for (int q = 0; q < Parts; ++q)
#pragma GCC ivdep
    for (int l = 0; l < lanes; ++l) to[q * lanes + l] = from[l * Parts + q];
}

/// A with every row as blocks; 0 behind its last number.
template <int Parts>
Tensor arranged(int64_t m, int64_t k, const float* a) {
  const int64_t stride = compact_stride(k);
  Tensor out = Tensor::allocate({m, stride}, f32);
  float* to = out.mutable_data<float>();
  simd::run_with_width([=](auto width) {
    constexpr int64_t block = decltype(width)::value / 4 * Parts;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t d = 0; d < stride; d += block) {
        const float* from = a + i * k + d;
        float last[block];
        if (d + block > k) {
          for (int64_t l = 0; l < block; ++l) last[l] = d + l < k ? from[l] : 0;
          from = last;
        }
        arrange_block<decltype(width)::value, Parts>(from, to + i * stride + d);
      }
  });
  return out;
}

constexpr double task_numbers = 40000;  // of W: about 3 us for one row
constexpr int64_t most_tasks = 64;

template <int Parts>
void multiply(int64_t m, const float* a, const CompactMatrix& weight, const float* bias, float* c) {
  const Tensor blocks = arranged<Parts>(m, weight.columns, a);
  const Product p{compact_stride(weight.columns),
                  blocks.data<float>(),
                  weight.numbers.data<uint8_t>(),
                  Parts == 4 ? weight.scales.data<float>() : nullptr,
                  bias,
                  c,
                  weight.rows};
  const double column = double(p.k) * std::max(1.0, double(m) / 8);
  const int64_t least =
      std::max(int64_t(task_numbers / column), (p.n + most_tasks - 1) / most_tasks);
  parallel_for(0, p.n, (least + 15) / 16 * 16, [&](int64_t first, int64_t last) {
    simd::run_with_width([=, &p](auto width) {
      int64_t j = first;
      for (; j + 4 <= last; j += 4) strip<decltype(width)::value, Parts, 4>(p, m, j);
      for (; j < last; ++j) strip<decltype(width)::value, Parts, 1>(p, m, j);
    });
  });
}

}  // namespace

void multiply_compact_few(int64_t m, const float* a, const CompactMatrix& weight, const float* bias,
                          float* c) {
  weight.kind == CompactKind::bf16 ? multiply<2>(m, a, weight, bias, c)
                                   : multiply<4>(m, a, weight, bias, c);
}

int64_t most_compact_few_rows() {
  switch (simd::isa()) {
    case simd::Isa::avx512:
      return 48;
    case simd::Isa::avx2:
      return 16;
    default:
      return 8;
  }
}

}  // namespace heed::detail
