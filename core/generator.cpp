#include "heed/core/generator.h"

#include "heed/core/error.h"

namespace heed {

std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_high, uint64_t counter_low) {
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  uint32_t c0 = uint32_t(counter_low), c1 = uint32_t(counter_low >> 32);
  uint32_t c2 = uint32_t(counter_high), c3 = uint32_t(counter_high >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t(0xD2511F53u) * c0;
    const uint64_t p1 = uint64_t(0xCD9E8D57u) * c2;
    const uint32_t next0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
    const uint32_t next2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c0 = next0, c1 = uint32_t(p1), c2 = next2, c3 = uint32_t(p0);
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;  // Weyl sequence of the key
  }
  return {c0, c1, c2, c3};
}

uint64_t Generator::bits() {
  const auto words = philox(seed_, take(), 0);
  return uint64_t(words[1]) << 32 | words[0];
}

int64_t Generator::integer(int64_t bound) {
  require(bound >= 1, "Generator::integer: bound must be at least 1, got ", bound);
  const uint64_t n = uint64_t(bound);
  const uint64_t limit = ~uint64_t(0) - (~uint64_t(0) % n + 1) % n;  // the last unbiased word
  for (;;) {
    const uint64_t word = bits();
    if (word <= limit) return int64_t(word % n);
  }
}

double Generator::real() { return double(bits() >> 11) * 0x1p-53; }

Generator& default_generator() {
  thread_local Generator generator(0);
  return generator;
}

void manual_seed(uint64_t seed) { default_generator() = Generator(seed); }

}  // namespace heed
