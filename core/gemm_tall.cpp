#include "heed/core/gemm_tall.h"

#include <algorithm>

#include "heed/core/packed.h"
#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/tile_product.h"

// The product is computed as P (h, w) = narrow^T wide, which is C or its transpose: the narrower
// matrix is the one that has to be transposed, the wider one is only copied.
namespace heed {
namespace {

constexpr int64_t panel = PackedMatrix<float>::panel_columns;  // of the wide matrix
constexpr int64_t depth = 256;          // rows of a block: a panel of them stays in the first cache
constexpr int64_t turned = depth + 16;  // no power of two: rows share no cache sets

struct Rows {
  const float* data;
  int64_t leading;
};

/// What a task computes: the part of P in columns [h, h_end) of narrow and [w, w_end) of wide, for
/// rows [k, k_end).
struct Part {
  int64_t h, h_end, w, w_end, k, k_end;
};

/// Copies rows of at most `panel` columns and fills up with zeros; fetches the panel beside it.
void copy_panel(int64_t rows, int64_t columns, const float* from, int64_t leading, float* to) {
  for (int64_t r = 0; r < rows; ++r, from += leading, to += panel) {
    if (columns == panel) {  // a number that the compiler knows
      __builtin_prefetch(from + panel, 0, 2);
      __builtin_prefetch(from + panel + panel / 2, 0, 2);
      std::copy_n(from, panel, to);
    } else {
      std::copy_n(from, columns, to);
      std::fill_n(to + columns, panel - columns, 0.0f);
    }
  }
}

/// p: where the part begins, in rows of ldp, a multiple of panel.
void multiply_part(const Part& part, Rows narrow, Rows wide, float* p, int64_t ldp) {
  const int64_t height = part.h_end - part.h;
  const detail::Scratch<float> transposed(height * turned), block(depth * panel);
  for (int64_t k = part.k; k < part.k_end; k += depth) {
    const int64_t rows = std::min(depth, part.k_end - k);
    tiles::transpose(rows, height, narrow.data + k * narrow.leading + part.h, narrow.leading,
                     transposed.data(), turned);
    for (int64_t w = part.w; w < part.w_end; w += panel) {
      const int64_t columns = std::min(panel, part.w_end - w);
      copy_panel(rows, columns, wide.data + k * wide.leading + w, wide.leading, block.data());
      tiles::multiply<float>(height, tiles::whole_units<float>(columns), rows,
                             {transposed.data(), turned}, block.data(), panel, p + (w - part.w),
                             ldp, k > part.k);
    }
  }
}

/// A length in equal pieces.
struct Cut {
  Cut(int64_t length, int64_t most, int64_t unit)
      : length(length), piece(even_piece(length, most, unit)) {}
  int64_t count() const { return (length + piece - 1) / piece; }
  int64_t begin(int64_t i) const { return i * piece; }
  int64_t end(int64_t i) const { return std::min(length, (i + 1) * piece); }
  int64_t length, piece;
};

/// The rows are cut only where P gives too few tasks, and in two at least where it gives one. A
/// piece of many rows hides what its sum costs.
Cut cut_rows(int64_t h, int64_t w, int64_t k, int64_t parts) {
  constexpr int64_t few = 512 * 512, least = 1024;
  const int64_t pieces =
      h * w > few ? 1 : std::clamp<int64_t>(k / least / 2 * 2, parts == 1 ? 2 : 1, 16);
  return Cut(k, (k + pieces - 1) / pieces, 1);
}

/// sums (count) += each of the other pieces, which lie `step` apart.
void add_pieces(int64_t pieces, int64_t step, int64_t count, float* sums) {
  for (int64_t q = 1; q < pieces; ++q)
    for (int64_t i = 0; i < count; ++i) sums[i] += sums[q * step + i];
}

/// The part of C that a part of P is.
void copy_part(const Part& part, const float* p, int64_t ldp, bool flipped, float* c, int64_t ldc) {
  const int64_t height = part.h_end - part.h, width = part.w_end - part.w;
  if (flipped) return tiles::transpose(height, width, p, ldp, c + part.w * ldc + part.h, ldc);
  for (int64_t i = 0; i < height; ++i)
    std::copy_n(p + i * ldp, width, c + (part.h + i) * ldc + part.w);
}

}  // namespace

void gemm_tall(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b,
               int64_t ldb, float* c, int64_t ldc) {
  const bool flipped = m >= n;  // P is the transpose of C
  const Rows wide = flipped ? Rows{a, lda} : Rows{b, ldb};
  const Rows narrow = flipped ? Rows{b, ldb} : Rows{a, lda};
  const int64_t h = std::min(m, n), w = std::max(m, n);
  const int64_t ldp = (w + panel - 1) / panel * panel;
  const Cut high(h, 256, 1), across(w, 512, panel);
  const Cut rows = cut_rows(h, w, k, high.count() * across.count());
  const auto part_of = [&](int64_t task) {
    const int64_t x = task % across.count(), y = task / across.count() % high.count();
    const int64_t z = task / across.count() / high.count();
    return Part{high.begin(y), high.end(y),   across.begin(x),
                across.end(x), rows.begin(z), rows.end(z)};
  };
  const int64_t tasks = rows.count() * high.count() * across.count();
  if (rows.count() == 1)
    return parallel_for(0, tasks, 1, [&](int64_t first, int64_t last) {
      const detail::Scratch<float> p(high.piece * across.piece);
      for (int64_t task = first; task < last; ++task) {
        multiply_part(part_of(task), narrow, wide, p.data(), across.piece);
        copy_part(part_of(task), p.data(), across.piece, flipped, c, ldc);
      }
    });
  const detail::Scratch<float> sums(rows.count() * h * ldp);
  parallel_for(0, tasks, 1, [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; ++task) {
      const Part part = part_of(task);
      const int64_t row = part.k / rows.piece * h + part.h;
      multiply_part(part, narrow, wide, sums.data() + row * ldp + part.w, ldp);
    }
  });
  constexpr int64_t group = 16;  // rows of P
  parallel_for(0, (h + group - 1) / group, 4, [&](int64_t first, int64_t last) {
    const Part part{first * group, std::min(h, last * group), 0, w, 0, k};
    for (int64_t i = part.h; i < part.h_end; ++i)
      add_pieces(rows.count(), h * ldp, w, sums.data() + i * ldp);
    copy_part(part, sums.data() + part.h * ldp, ldp, flipped, c, ldc);
  });
}

bool prefers_tall(int64_t m, int64_t n, int64_t k, const MatrixView<float>& a,
                  const MatrixView<float>& b) {
  return a.transposed && !b.transposed && k >= 512 && prefers_packed(m, n, k);
}

}  // namespace heed
