#include "heed/nn/kv_cache.h"

#include <atomic>
#include <thread>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/core/shape.h"
#include "tests/catch.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;
using nn::KvCache;

namespace {

/// N tokens' keys (2, 3, N, 4) or values (2, 3, N, 5).
Tensor keys(int64_t count) { return randn({2, 3, count, 4}); }
Tensor values_of(int64_t count) { return randn({2, 3, count, 5}); }

void check_holds(const KvCache& cache, const std::vector<Tensor>& keys,
                 const std::vector<Tensor>& values) {
  const Tensor k = cat(keys, 2), v = cat(values, 2);
  CHECK(cache.length() == k.size(2));
  CHECK(same_bits(cache.keys(), k));
  CHECK(same_bits(cache.values(), v));
}

}  // namespace

TEST_CASE("KvCache holds what was appended, below and beyond its capacity") {
  for (const int64_t capacity : {0, 1, 3, 100}) {
    KvCache cache(capacity);
    std::vector<Tensor> k, v;
    for (const int64_t count : {2, 1, 1, 0, 5, 1, 1}) {
      k.push_back(keys(count));
      v.push_back(values_of(count));
      cache = cache.append(k.back(), v.back());
      check_holds(cache, k, v);
    }
  }
}

TEST_CASE("KvCache: room for its capacity means that no row moves") {
  KvCache cache = KvCache(8).append(keys(1), values_of(1));
  const void* block = cache.keys().raw_data();
  for (int i = 1; i < 8; ++i) {
    cache = cache.append(keys(1), values_of(1));
    CHECK(cache.keys().raw_data() == block);
  }
  CHECK(cache.append(keys(1), values_of(1)).keys().raw_data() != block);
}

TEST_CASE("KvCache: two continuations of one cache do not disturb each other") {
  const Tensor k[] = {keys(3), keys(1), keys(2), keys(1)};
  const Tensor v[] = {values_of(3), values_of(1), values_of(2), values_of(1)};
  const KvCache prompt = KvCache(16).append(k[0], v[0]);
  const KvCache first = prompt.append(k[1], v[1]), second = prompt.append(k[2], v[2]);
  const KvCache third = first.append(k[3], v[3]);
  check_holds(prompt, {k[0]}, {v[0]});
  check_holds(first, {k[0], k[1]}, {v[0], v[1]});
  check_holds(second, {k[0], k[2]}, {v[0], v[2]});
  check_holds(third, {k[0], k[1], k[3]}, {v[0], v[1], v[3]});
}

TEST_CASE("KvCache: reorder repeats and leaves out sequences, as copies") {
  const Tensor k = keys(3), v = values_of(3), index = tensor({1, 1, 0});
  const KvCache cache = KvCache(4).append(k, v);
  const KvCache picked = cache.reorder(index);
  CHECK(same_bits(picked.keys(), stack({k[1], k[1], k[0]})));
  CHECK(same_bits(picked.values(), stack({v[1], v[1], v[0]})));
  const KvCache longer =
      picked.append(randn({3, 3, 1, 4}), randn({3, 3, 1, 5}));  // 3 sequences from now on
  CHECK(longer.length() == 4);
  check_holds(cache, {k}, {v});
  CHECK(KvCache(4).reorder(index).length() == 0);
}

TEST_CASE("KvCache: after reorder the next tokens move no row, and the same order copies nothing") {
  const Tensor k = keys(3), v = values_of(3);
  for (const int64_t capacity : {0, 6}) {
    const KvCache cache = KvCache(capacity).append(k, v);
    CHECK(cache.reorder(tensor({0, 1})).keys().raw_data() == cache.keys().raw_data());
    CHECK(cache.reorder(tensor({0})).keys().shape() == Shape{1, 3, 3, 4});
    KvCache picked = cache.reorder(tensor({1, 0}));
    const void* block = picked.keys().raw_data();
    CHECK(block != cache.keys().raw_data());
    for (int i = 0; i < 3; ++i) picked = picked.append(keys(1), values_of(1));
    CHECK(picked.keys().raw_data() == block);
  }
}

TEST_CASE("KvCache: threads may go on from the same cache", "[threads]") {
  const Tensor k[] = {keys(3), keys(500), keys(500)};
  const Tensor v[] = {values_of(3), values_of(500), values_of(500)};
  for (int round = 0; round < 50; ++round) {
    const KvCache prompt = KvCache(600).append(k[0], v[0]);
    KvCache next[2];
    std::atomic<int> ready{0};
    const auto go_on = [&](size_t i) {
      for (++ready; ready < 2;) std::this_thread::yield();
      next[i] = prompt.append(k[i + 1], v[i + 1]);
    };
    std::thread other(go_on, 1);
    go_on(0);
    other.join();
    for (size_t i : {0, 1}) check_holds(next[i], {k[0], k[i + 1]}, {v[0], v[i + 1]});
  }
}

TEST_CASE("KvCache says what it expected") {
  check_error([] { KvCache().keys(); }, "KvCache: nothing has been read yet");
  check_error([] { KvCache().append(keys(2), values_of(1)); }, "must agree in (B, heads, N)");
  check_error([] { KvCache().append(keys(2)[0], values_of(2)); }, "(B, heads, N, D)");
  const KvCache cache = KvCache().append(keys(2), values_of(2));
  check_error(
      [&] {
        cache.reorder(tensor({0, 2}));
      },
      "KvCache: reorder: index 2 is out of range for size 2");
  check_error([&] { cache.reorder(tensor({{0, 1}})); }, "expected an index (N,), got (1, 2)");
  check_error([&] { cache.append(values_of(1), keys(1)); }, "like those before, (2, 3, 2, 4)");
  check_error([&] { cache.append(to(keys(1), heed::f64), to(values_of(1), heed::f64)); },
              "(2, 3, 2, 5) of f32, got (2, 3, 1, 4) and (2, 3, 1, 5) of f64");
}

TEST_CASE("KvCache: a gradient is refused, not cut off") {
  const Variable k = Variable(keys(1)).requires_grad_(), v = Variable(values_of(1)) * 1;
  const char* refusal = "KvCache: a cache keeps no gradient; use NoGrad, or leave the cache out";
  check_error([&] { KvCache().append(k, v); }, refusal);
  check_error([&] { KvCache().append(v, k * 2); }, refusal);
  CHECK(KvCache().append(k.value(), v).length() == 1);
  const NoGrad no_grad;
  CHECK(KvCache().append(k, v).length() == 1);
}
