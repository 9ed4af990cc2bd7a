#pragma once
// internal

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "heed/core/simd.h"
#include "heed/core/tensor.h"

/// The elementwise engine: out[i] = f(a[i], b[i], ...) with broadcasting, any strides, vectorised
/// and parallel. An op is one lambda; everything else is here.
namespace heed::detail {

/// Elements are computed in blocks of this many; the rest of a row goes through the same vector
/// code on a padded block, because scalar tails would give other bits than the body.
inline constexpr int64_t map_block = 16;

/// Runs one contiguous stretch of the output and the inputs.
using MapLeaf = void (*)(const void* f, std::byte* out, const std::byte* const* in, int64_t count);

/// Drives a leaf over a whole output. `out` may be any view; inputs broadcast to its shape.
void map_run(const Tensor& out, std::span<const Tensor* const> inputs, MapLeaf leaf, const void* f);

/// A new tensor of the shape that all inputs broadcast to.
Tensor map_output(std::span<const Tensor* const> inputs, DType dtype, const char* op);

/// A block of `count` elements, the last of which is repeated to fill it.
void pad_block(std::byte* block, const std::byte* from, int64_t count, int64_t element_bytes);

template <class F, class Out, class... In, size_t... I>
void map_stretch(const F& f, std::byte* to, const std::byte* const* from, int64_t count,
                 std::index_sequence<I...>) {
  Out* out = reinterpret_cast<Out*>(to);
  const std::tuple<const In*...> in{reinterpret_cast<const In*>(from[I])...};
  simd::run([out, in, count, f] {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) out[i] = Out(f(std::get<I>(in)[i]...));
  });
}

template <class F, class Out, class... In>
void map_leaf(const void* function, std::byte* to, const std::byte* const* from, int64_t count) {
  const F& f = *static_cast<const F*>(function);
  constexpr auto inputs = std::index_sequence_for<In...>();
  const int64_t body = count / map_block * map_block, rest = count - body;
  if (body > 0) map_stretch<F, Out, In...>(f, to, from, body, inputs);
  if (rest == 0) return;
  alignas(64) Out out[map_block];
  alignas(64) std::byte in[sizeof...(In)][map_block * sizeof(int64_t)];
  const std::byte* padded[sizeof...(In)];
  constexpr int64_t bytes[] = {sizeof(In)...};
  for (size_t k = 0; k < sizeof...(In); ++k) {
    pad_block(in[k], from[k] + body * bytes[k], rest, bytes[k]);
    padded[k] = in[k];
  }
  map_stretch<F, Out, In...>(f, reinterpret_cast<std::byte*>(out), padded, map_block, inputs);
  std::copy_n(out, rest, reinterpret_cast<Out*>(to) + body);
}

/// Writes f of the inputs into an existing tensor of the broadcast shape (which may be an input).
template <class Out, class... In, class F>
void map_into(const Tensor& out, F f, std::conditional_t<true, const Tensor&, In>... inputs) {
  const Tensor* list[] = {&inputs...};
  map_run(out, list, &map_leaf<F, Out, In...>, &f);
}

/// f of the inputs as a new tensor. Out and In... are the C++ element types of output and inputs:
/// `map<T, T, T>("add", [](auto a, auto b) { return a + b; }, x, y)`.
template <class Out, class... In, class F>
Tensor map(const char* op, F f, std::conditional_t<true, const Tensor&, In>... inputs) {
  const Tensor* list[] = {&inputs...};
  Tensor out = map_output(list, dtype_of<Out>, op);
  map_run(out, list, &map_leaf<F, Out, In...>, &f);
  return out;
}

}  // namespace heed::detail
