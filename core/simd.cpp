#include "heed/core/simd.h"

#include <cstdlib>
#include <string_view>

#include "heed/core/error.h"

namespace heed::simd {
namespace {

Isa best() {
#ifdef HEED_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd"))
    return Isa::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2"))
    return Isa::avx2;
#endif
  return Isa::baseline;
}

Isa choose() {
  const Isa most = best();
  const char* wanted = std::getenv("HEED_ISA");
  if (!wanted || !*wanted) return most;
  const std::string_view name = wanted;
  const Isa asked = name == "avx512"     ? Isa::avx512
                    : name == "avx2"     ? Isa::avx2
                    : name == "baseline" ? Isa::baseline
                                         : Isa(-1);
  require(int(asked) >= 0, "HEED_ISA: expected avx512, avx2 or baseline, got \"", name, "\"");
  require(asked <= most, "HEED_ISA: this CPU has no ", name);
  return asked;
}

}  // namespace

Isa isa() {
  static const Isa chosen = choose();
  return chosen;
}

const char* isa_name() {
  constexpr const char* names[] = {"baseline", "avx2", "avx512"};
  return names[int(isa())];
}

}  // namespace heed::simd
