#pragma once

#include <cstdint>
#include <random>
#include <sstream>
#include <vector>

/// The random numbers of Python and NumPy's RandomState, for tutorials that repeat a notebook's
/// draw: a Mersenne Twister like the standard library's. Matsumoto & Nishimura 1998.
struct Twister {
  std::mt19937 words;

  double unit() {  // 53 bits of two draws
    const uint64_t high = words() >> 5, low = words() >> 6;
    return double(high * 67108864 + low) / 9007199254740992.0;
  }
  uint32_t at_most(uint32_t most) {  // draws again until the number fits
    uint32_t mask = most, value = 0;
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    do value = uint32_t(words()) & mask;
    while (value > most);
    return value;
  }
};

/// random.seed(seed): Python mixes a seed into the state by an array, here of one word.
inline Twister python_random(uint32_t seed) {
  constexpr uint32_t n = 624;
  std::vector<uint32_t> state(n, 19650218);
  for (uint32_t i = 1; i < n; ++i)
    state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
  uint32_t i = 1;
  const auto mix = [&](uint32_t factor, uint32_t change) {
    state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * factor)) + change;
    if (++i == n) state[0] = state[n - 1], i = 1;
  };
  for (uint32_t k = 0; k < n; ++k) mix(1664525, seed);
  for (uint32_t k = 1; k < n; ++k) mix(1566083941, -i);
  state[0] = 0x80000000;
  std::stringstream text;
  for (const uint32_t word : state) text << word << ' ';
  Twister twister;
  text << n;  // libstdc++ reads the position behind the words
  text >> twister.words;
  return twister;
}

/// numpy.random.seed(seed)
inline Twister numpy_random(uint32_t seed) { return {std::mt19937(seed)}; }
