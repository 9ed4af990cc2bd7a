// The same bits for any number of threads: 50 steps of the pronunciation task's model and training.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "heed/core/elementwise.h"
#include "heed/core/generator.h"
#include "heed/core/parallel.h"
#include "heed/models/bahdanau.h"
#include "heed/models/train/pair_loss.h"
#include "tests/catch.h"

using namespace heed;

namespace {

/// How many threads really run pieces of work: each piece waits until so many have been seen (or
/// for a long time, on a machine that is busy with other things).
size_t working_threads(size_t wanted) {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::thread::id> seen;
  parallel_for(0, int64_t(wanted), 1, [&](int64_t, int64_t) {
    std::unique_lock lock(mutex);
    seen.insert(std::this_thread::get_id());
    changed.notify_all();
    changed.wait_for(lock, std::chrono::seconds(60), [&] { return seen.size() == wanted; });
  });
  return seen.size();
}

std::vector<data::EncodedPair> made_up_words(int64_t count) {
  Generator random(5);
  std::vector<data::EncodedPair> pairs;
  for (int64_t i = 0; i < count; ++i) {
    data::EncodedPair pair;
    for (int64_t n = 3 + random.integer(8); n > 0; --n) {
      pair.source.push_back(4 + random.integer(26));
      pair.target.push_back(4 + (pair.source.back() * 7 + 3) % 40);
    }
    pairs.push_back(pair);
  }
  return pairs;
}

nn::StateDict trained(int threads) {
  set_num_threads(threads);
  REQUIRE(working_threads(size_t(threads)) == size_t(threads));
  manual_seed(3);
  models::Bahdanau model({.source_tokens = 30, .target_tokens = 44});  // the quickstart's sizes
  const auto pairs = made_up_words(1000);
  const models::TrainingConfig config{.steps = 50, .batch_size = 64, .warmup = 10};
  models::train(model, models::pair_loss(model, pairs, config), config);
  return model.state_dict();
}

}  // namespace

TEST_CASE("50 steps of training give the same bits for 1, 2 and 3 threads", "[threads][slow]") {
  const nn::StateDict one = trained(1), two = trained(2), three = trained(3);
  set_num_threads(0);
  for (size_t i = 0; i < one.size(); ++i) {
    INFO(one[i].first);
    CHECK(equal(one[i].second, two[i].second));
    CHECK(equal(one[i].second, three[i].second));
  }
}
