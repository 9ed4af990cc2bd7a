#include "heed/core/recurrent.h"

#include <algorithm>
#include <memory>

#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/matmul.h"
#include "heed/core/packed.h"
#include "heed/core/parallel.h"
#include "heed/core/pool.h"
#include "heed/core/recurrent_cells.h"
#include "heed/core/shape.h"
#include "heed/core/simd.h"

// The batch is cut into pieces of about 16 sequences. Each piece walks through time alone: no
// barrier between steps, its state stays in the cache, and W_hh is packed once for all. What the
// next step will read is fetched meanwhile: a sequence's steps lie far apart.
namespace heed {
namespace {

using detail::CellBlock;
using detail::lanes;

int64_t rows_per_piece(int64_t batch) {
  const int64_t pieces = std::max<int64_t>(2, (batch + 15) / 16);
  return std::max<int64_t>(1, (batch + pieces - 1) / pieces);
}

template <class T>
[[gnu::always_inline]] inline void load(T (&block)[lanes], const T* from, int64_t count) {
  if (count == lanes) {
    for (int j = 0; j < lanes; ++j) block[j] = from[j];
  } else {
    for (int j = 0; j < lanes; ++j) block[j] = j < count ? from[j] : T(0);
  }
}

template <class T>
[[gnu::always_inline]] inline void store(const T (&block)[lanes], T* to, int64_t count) {
  if (count == lanes) {
    for (int j = 0; j < lanes; ++j) to[j] = block[j];
  } else {
    for (int j = 0; j < count; ++j) to[j] = block[j];
  }
}

/// Fetches for the second cache what lies there, if anything does.
template <class T>
[[gnu::always_inline]] inline void fetch(const T* place) {
  __builtin_prefetch(place, 0, 2);
}

template <class T>
T* writable(const Tensor& x) {
  return x.defined() ? x.mutable_data<T>() : nullptr;
}
template <class T>
const T* readable(const Tensor& x) {
  return x.defined() ? x.data<T>() : nullptr;
}

/// The sizes and order of a walk.
struct Plan {
  int64_t batch, steps, hidden;
  bool reverse;
  const int64_t* lengths;

  int64_t time(int64_t step) const { return reverse ? steps - 1 - step : step; }
  int64_t next(int64_t step) const { return time(std::min(step + 1, steps - 1)); }
  int64_t last(int64_t step) const { return time(std::max<int64_t>(step - 1, 0)); }
  bool active(int64_t b, int64_t t) const { return !lengths || t < lengths[b]; }
  int64_t at(int64_t b, int64_t t) const { return b * steps + t; }  // row of a (B, T, ...) tensor
};

template <class T, class Cell>
class Forward {
 public:
  /// The gates are the preactivations of the input, written over. hidden starts the hidden
  /// preactivations of a GRU: one row for all (a bias), one for each sequence, or empty. Without a
  /// weight there is no product.
  Forward(const Plan& plan, const PackedMatrix<T>* weight, const Tensor& hidden,
          RecurrentState& state)
      : plan_(plan),
        weight_(weight),
        start_(readable<T>(hidden)),
        start_stride_(weight ? 0 : Cell::gates * plan.hidden),
        output_(writable<T>(state.output)),
        h_(writable<T>(state.h_n)),
        c_(writable<T>(state.c_n)),
        gates_(writable<T>(state.gates)),
        hidden_n_(writable<T>(state.hidden_n)),
        h_prev_(writable<T>(state.h_prev)),
        c_prev_(writable<T>(state.c_prev)) {}

  /// h_n and c_n hold the initial state and are the running state.
  void walk(int64_t begin, int64_t end) const {
    const int64_t width = Cell::gates * plan_.hidden, rows = end - begin;
    const detail::Scratch<T> apart(Cell::apart ? rows * width : 0);
    for (int64_t step = 0; step < plan_.steps; ++step) {
      const int64_t t = plan_.time(step);
      T* sums = gates_ + plan_.at(begin, t) * width;  // of the products, row by row
      int64_t leading = plan_.steps * width;
      if constexpr (Cell::apart) {
        sums = apart.data();
        leading = width;
        start(begin, end, sums);
      }
      if (weight_)
        weight_->multiply_add(rows, {h_ + begin * plan_.hidden, plan_.hidden}, sums, leading);
      simd::run([&] {
        for (int64_t b = begin; b < end; ++b) step_row(b, step, sums + (b - begin) * leading);
      });
    }
  }

 private:
  void start(int64_t begin, int64_t end, T* sums) const {
    const int64_t width = Cell::gates * plan_.hidden;
    for (int64_t b = begin; b < end; ++b, sums += width)
      if (start_)
        std::copy_n(start_ + b * start_stride_, width, sums);
      else
        std::fill_n(sums, width, T(0));
  }

  [[gnu::always_inline]] inline void step_row(int64_t b, int64_t step, const T* sums) const {
    const int64_t hidden = plan_.hidden, t = plan_.time(step);
    const int64_t at = plan_.at(b, t) * hidden, next = plan_.at(b, plan_.next(step)) * hidden;
    T *h = h_ + b * hidden, *c = c_ + b * hidden;
    const bool active = plan_.active(b, t);
    CellBlock<T> block;
    for (int64_t j = 0; j < hidden; j += lanes) {
      const int64_t count = std::min<int64_t>(lanes, hidden - j);
      load(block.h, h + j, count);
      if (h_prev_) store(block.h, h_prev_ + at + j, count);
      if constexpr (Cell::has_cell) {
        load(block.c, c + j, count);
        if (c_prev_) store(block.c, c_prev_ + at + j, count);
      }
      for (int g = 0; g < Cell::gates; ++g) {
        load(block.p[g], sums + g * hidden + j, count);
        if constexpr (Cell::apart)
          load(block.projected[g], gates_ + at * Cell::gates + g * hidden + j, count);
        fetch(gates_ + next * Cell::gates + g * hidden + j);
      }
      Cell::forward(block);
      if (h_prev_) {
        for (int g = 0; g < Cell::gates; ++g)
          store(block.s[g], gates_ + at * Cell::gates + g * hidden + j, count);
        if constexpr (Cell::apart) store(block.p[2], hidden_n_ + at + j, count);
      }
      if (active) {
        store(block.h, h + j, count);
        if constexpr (Cell::has_cell) store(block.c, c + j, count);
      }
      store(block.h, output_ + at + j, count);
    }
    if (!active) std::fill_n(output_ + at, hidden, T(0));
  }

  const Plan& plan_;
  const PackedMatrix<T>* weight_;
  const T* start_;
  int64_t start_stride_;
  T *output_, *h_, *c_, *gates_, *hidden_n_, *h_prev_, *c_prev_;
};

template <class T, class Cell>
class Backward {
 public:
  Backward(const Plan& plan, const PackedMatrix<T>* weight, const RecurrentState& state,
           const Tensor& grad_output, const RecurrentGradients& gradients)
      : plan_(plan),
        weight_(weight),
        gates_(readable<T>(state.gates)),
        hidden_n_(readable<T>(state.hidden_n)),
        h_prev_(readable<T>(state.h_prev)),
        c_prev_(readable<T>(state.c_prev)),
        grad_output_(readable<T>(grad_output)),
        projected_(writable<T>(gradients.projected)),
        hidden_(writable<T>(gradients.hidden)),
        h_(writable<T>(gradients.h_0)),
        c_(writable<T>(gradients.c_0)) {}

  /// h_0 and c_0 hold the gradients of the final state and are the running gradients.
  void walk(int64_t begin, int64_t end) const {
    const int64_t hidden = plan_.hidden, width = Cell::gates * hidden;
    for (int64_t step = plan_.steps - 1; step >= 0; --step) {
      const int64_t t = plan_.time(step);
      simd::run([&] {
        for (int64_t b = begin; b < end; ++b) step_row(b, step);
      });
      if (weight_)
        weight_->multiply_add(end - begin,
                              {hidden_ + plan_.at(begin, t) * width, plan_.steps * width},
                              h_ + begin * hidden, hidden);
    }
  }

 private:
  /// gates_ and hidden_ may be the same: a block is read before it is written.
  [[gnu::always_inline]] inline void step_row(int64_t b, int64_t step) const {
    const int64_t hidden = plan_.hidden, width = Cell::gates * hidden, t = plan_.time(step);
    const int64_t at = plan_.at(b, t) * hidden, last = plan_.at(b, plan_.last(step)) * hidden;
    T *h = h_ + b * hidden, *c = c_ + b * hidden;
    if (!plan_.active(b, t)) {
      std::fill_n(hidden_ + plan_.at(b, t) * width, width, T(0));
      if constexpr (Cell::apart) std::fill_n(projected_ + plan_.at(b, t) * width, width, T(0));
      return;
    }
    CellBlock<T> block;
    for (int64_t j = 0; j < hidden; j += lanes) {
      const int64_t count = std::min<int64_t>(lanes, hidden - j);
      load(block.h, h + j, count);
      if (grad_output_) {
        T arrived[lanes];
        load(arrived, grad_output_ + at + j, count);
        fetch(grad_output_ + last + j);
        for (int k = 0; k < lanes; ++k) block.h[k] += arrived[k];
      }
      for (int g = 0; g < Cell::gates; ++g) {
        load(block.s[g], gates_ + at * Cell::gates + g * hidden + j, count);
        fetch(gates_ + last * Cell::gates + g * hidden + j);
      }
      if constexpr (Cell::has_cell) {
        load(block.c, c + j, count);
        load(block.c_prev, c_prev_ + at + j, count);
        fetch(c_prev_ + last + j);
      }
      if constexpr (Cell::apart) {
        load(block.s[3], hidden_n_ + at + j, count);
        load(block.h_prev, h_prev_ + at + j, count);
        fetch(hidden_n_ + last + j);
        fetch(h_prev_ + last + j);
      }
      Cell::backward(block);
      for (int g = 0; g < Cell::gates; ++g) {
        store(block.p[g], hidden_ + at * Cell::gates + g * hidden + j, count);
        if constexpr (Cell::apart)
          store(g == 2 ? block.dn : block.p[g], projected_ + at * Cell::gates + g * hidden + j,
                count);
      }
      store(block.h, h + j, count);
      if constexpr (Cell::has_cell) store(block.c, c + j, count);
    }
  }

  const Plan& plan_;
  const PackedMatrix<T>* weight_;
  const T *gates_, *hidden_n_, *h_prev_, *c_prev_, *grad_output_;
  T *projected_, *hidden_, *h_, *c_;
};

/// Calls fn(T{}, Cell{}) for the dtype and the kind.
template <class F>
void dispatch(RecurrentKind kind, DType dtype, const F& fn) {
  dispatch_floating(dtype, recurrent_name(kind), [&](auto t) {
    switch (kind) {
      case RecurrentKind::lstm:
        return fn(t, detail::LstmCell{});
      case RecurrentKind::gru:
        return fn(t, detail::GruCell{});
      case RecurrentKind::rnn_tanh:
        return fn(t, detail::RnnCell<false>{});
      case RecurrentKind::rnn_relu:
        return fn(t, detail::RnnCell<true>{});
    }
  });
}

/// The weight (G H, H) packed for h W^T (transposed) or for d W; nothing for an empty weight.
template <class T>
std::unique_ptr<PackedMatrix<T>> pack(const Tensor& weight, bool transposed) {
  if (!weight.defined()) return nullptr;
  const Tensor w = contiguous(weight);
  const int64_t width = w.size(0), hidden = w.size(1);
  const MatrixView<T> view{w.data<T>(), hidden, transposed};
  return transposed ? std::make_unique<PackedMatrix<T>>(hidden, width, view)
                    : std::make_unique<PackedMatrix<T>>(width, hidden, view);
}

Plan make_plan(const RecurrentWalk& walk, const Shape& sequence, int64_t hidden) {
  return {sequence[0], sequence[1], hidden, walk.reverse, readable<int64_t>(walk.lengths)};
}

Tensor running(const Tensor& start, const Shape& shape, DType dtype) {
  return start.defined() ? clone(start) : zeros(shape, {.dtype = dtype});
}

}  // namespace

int64_t gate_count(RecurrentKind kind) {
  return kind == RecurrentKind::lstm ? 4 : kind == RecurrentKind::gru ? 3 : 1;
}

const char* recurrent_name(RecurrentKind kind) {
  return kind == RecurrentKind::lstm ? "lstm" : kind == RecurrentKind::gru ? "gru" : "rnn";
}

namespace {

/// projected becomes the gates.
RecurrentState run_forward(const RecurrentWalk& walk, const Plan& plan, Tensor projected,
                           const Tensor& hidden, const Tensor& h_0, const Tensor& c_0, bool keep) {
  const DType dtype = projected.dtype();
  const Shape sequence{plan.batch, plan.steps, plan.hidden}, single{plan.batch, plan.hidden};
  const bool lstm = walk.kind == RecurrentKind::lstm, gru = walk.kind == RecurrentKind::gru;
  RecurrentState state;
  state.output = Tensor::allocate(sequence, dtype);
  state.h_n = running(h_0, single, dtype);
  if (lstm) state.c_n = running(c_0, single, dtype);
  state.gates = std::move(projected);
  if (keep) {
    state.h_prev = Tensor::allocate(sequence, dtype);
    if (lstm) state.c_prev = Tensor::allocate(sequence, dtype);
    if (gru) state.hidden_n = Tensor::allocate(sequence, dtype);
  }
  dispatch(walk.kind, dtype, [&](auto t, auto cell) {
    using T = decltype(t);
    const auto packed = pack<T>(walk.weight_hh, true);
    const Forward<T, decltype(cell)> forward(plan, packed.get(), hidden, state);
    parallel_for(0, plan.batch, rows_per_piece(plan.batch),
                 [&](int64_t b, int64_t e) { forward.walk(b, e); });
  });
  if (!keep) state.gates = {};
  return state;
}

}  // namespace

RecurrentState recurrent_forward(const RecurrentWalk& walk, Tensor projected, const Tensor& bias_hh,
                                 const Tensor& h_0, const Tensor& c_0, bool keep) {
  const Plan plan = make_plan(walk, projected.shape(), walk.weight_hh.size(1));
  if (plan.steps == 1 && h_0.defined()) {  // the weight is read once: packing would cost more
    const RecurrentWalk step{walk.kind, {}, walk.lengths, walk.reverse};
    const bool gru = walk.kind == RecurrentKind::gru;
    const Tensor hidden = linear(h_0, walk.weight_hh, gru ? bias_hh : Tensor());  // (B, G H)
    if (gru) return run_forward(step, plan, contiguous(projected), hidden, h_0, c_0, keep);
    return run_forward(step, plan, projected + unsqueeze(hidden, 1), {}, h_0, c_0, keep);
  }
  const Tensor bias = bias_hh.defined() ? contiguous(bias_hh) : bias_hh;
  return run_forward(walk, plan, contiguous(projected), bias, h_0, c_0, keep);
}

RecurrentState recurrent_step(RecurrentKind kind, Tensor projected, const Tensor& hidden,
                              const Tensor& h, const Tensor& c, bool keep) {
  const Plan plan{h.size(0), 1, h.size(1), false, nullptr};
  const Tensor start = hidden.defined() ? contiguous(hidden) : hidden;
  const RecurrentWalk step{kind, {}, {}};
  return run_forward(step, plan, contiguous(projected), start, h, c, keep);
}

RecurrentGradients recurrent_backward(const RecurrentWalk& walk, const RecurrentState& state,
                                      const Tensor& grad_output, const Tensor& grad_h_n,
                                      const Tensor& grad_c_n, bool last) {
  const int64_t hidden = state.h_prev.size(2), width = gate_count(walk.kind) * hidden;
  const Plan plan = make_plan(walk, state.h_prev.shape(), hidden);
  const DType dtype = state.h_prev.dtype();
  const Shape single{plan.batch, hidden};
  RecurrentGradients gradients;
  gradients.hidden = last ? state.gates : Tensor::allocate({plan.batch, plan.steps, width}, dtype);
  gradients.projected = walk.kind == RecurrentKind::gru
                            ? Tensor::allocate({plan.batch, plan.steps, width}, dtype)
                            : gradients.hidden;
  gradients.h_0 = running(grad_h_n, single, dtype);
  if (walk.kind == RecurrentKind::lstm) gradients.c_0 = running(grad_c_n, single, dtype);
  dispatch(walk.kind, dtype, [&](auto t, auto cell) {
    using T = decltype(t);
    const Tensor arrived = grad_output.defined() ? contiguous(grad_output) : Tensor();
    const auto packed = pack<T>(walk.weight_hh, false);
    const Backward<T, decltype(cell)> backward(plan, packed.get(), state, arrived, gradients);
    parallel_for(0, plan.batch, rows_per_piece(plan.batch),
                 [&](int64_t b, int64_t e) { backward.walk(b, e); });
  });
  return gradients;
}

}  // namespace heed
