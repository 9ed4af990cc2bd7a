#pragma once
// internal

#include <cmath>
#include <type_traits>

/// The one header that knows about instruction sets. Loops are plain C++ that the compiler
/// vectorises; simd::run compiles a loop three times and calls the version for this CPU.
///
/// glibc has vector versions of these functions (libmvec, at most 4 ulp); the attribute lets g++
/// call them from a vectorised loop. Other compilers and libraries use the scalar ones.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define HEED_X86 1
extern "C" {
#define HEED_VECTOR_MATH __attribute__((simd("notinbranch")))
HEED_VECTOR_MATH float expf(float) noexcept;
HEED_VECTOR_MATH float logf(float) noexcept;
HEED_VECTOR_MATH float sinf(float) noexcept;
HEED_VECTOR_MATH float cosf(float) noexcept;
HEED_VECTOR_MATH float tanhf(float) noexcept;
HEED_VECTOR_MATH float erff(float) noexcept;
HEED_VECTOR_MATH float log1pf(float) noexcept;
HEED_VECTOR_MATH float powf(float, float) noexcept;
HEED_VECTOR_MATH double exp(double) noexcept;
HEED_VECTOR_MATH double log(double) noexcept;
HEED_VECTOR_MATH double sin(double) noexcept;
HEED_VECTOR_MATH double cos(double) noexcept;
#undef HEED_VECTOR_MATH
}
#elif defined(__x86_64__)
#define HEED_X86 1
#endif

namespace heed::simd {

enum class Isa { baseline, avx2, avx512 };

/// The instruction set in use: the best that the CPU has, or HEED_ISA=avx512|avx2|baseline.
/// Throws Error when HEED_ISA names a set that the CPU lacks.
Isa isa();
const char* isa_name();

#ifdef HEED_X86
template <class F>
[[gnu::target("arch=x86-64-v4,prefer-vector-width=512"), gnu::flatten, gnu::noinline]] void
run_avx512(const F& f) {
  f();
}
template <class F>
[[gnu::target("arch=x86-64-v3"), gnu::flatten, gnu::noinline]] void run_avx2(const F& f) {
  f();
}
#endif
template <class F>
[[gnu::flatten, gnu::noinline]] void run_baseline(const F& f) {
  f();
}

/// Runs a leaf loop (no calls but inlined ones and the functions above) compiled for isa().
template <class F>
inline void run(const F& f) {
#ifdef HEED_X86
  switch (isa()) {
    case Isa::avx512:
      return run_avx512(f);
    case Isa::avx2:
      return run_avx2(f);
    default:
      break;
  }
#endif
  run_baseline(f);
}

/// The same for a kernel written with vector types: f receives the bytes of one vector register as
/// a std::integral_constant (64, 32 or 16).
template <class F>
inline void run_with_width(const F& f) {
#ifdef HEED_X86
  switch (isa()) {
    case Isa::avx512:
      return run_avx512([&] { f(std::integral_constant<int, 64>()); });
    case Isa::avx2:
      return run_avx2([&] { f(std::integral_constant<int, 32>()); });
    default:
      break;
  }
#endif
  run_baseline([&] { f(std::integral_constant<int, 16>()); });
}

}  // namespace heed::simd
