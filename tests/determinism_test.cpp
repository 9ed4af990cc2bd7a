// The same bits for any number of threads: 50 steps of the pronunciation task's model and training,
// a few of a transformer and of a network of convolutions.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/core/generator.h"
#include "heed/core/random.h"
#include "heed/models/bahdanau.h"
#include "heed/models/gpt.h"
#include "heed/models/train/pair_loss.h"
#include "heed/nn/batch_norm.h"
#include "heed/nn/containers.h"
#include "heed/nn/conv.h"
#include "heed/nn/loss.h"
#include "heed/nn/pooling.h"
#include "heed/optim/adam.h"
#include "tests/kernels.h"

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

/// Everything of a module after a few steps of Adam, as one row.
template <class Loss>
Tensor after_steps(nn::Module& module, const Loss& loss) {
  optim::AdamW adam(module.named_parameters());
  for (int step = 0; step < 3; ++step) {
    module.zero_grad();
    loss().backward();
    adam.step();
  }
  std::vector<Tensor> all;
  for (const auto& [name, value] : module.state_dict()) all.push_back(to(flatten(value), f64));
  return cat(all, 0);
}

}  // namespace

TEST_CASE("a transformer's steps give the same bits for 1, 2 and 3 threads", "[threads]") {
  check_threads([] {
    manual_seed(4);
    models::Gpt gpt({.tokens = 70, .context = 64, .layers = 2, .width = 64, .dropout = 0.1});
    const Tensor tokens = randint(0, 70, {8, 65});
    return after_steps(gpt, [&] {
      return nn::cross_entropy(gpt.forward(narrow(tokens, 1, 0, 64)), narrow(tokens, 1, 1, 64));
    });
  });
}

TEST_CASE("a convolutional network's steps give the same bits for 1, 2 and 3 threads",
          "[threads]") {
  check_threads([] {
    manual_seed(5);
    nn::Sequential net(
        nn::Conv2d({.in_channels = 3, .out_channels = 24, .kernel_size = 3, .padding = 1}),
        nn::BatchNorm2d({.num_features = 24}), nn::ReLU(), nn::MaxPool2d(2),
        nn::Conv2d({.in_channels = 24, .out_channels = 32, .kernel_size = 3}), nn::AvgPool2d(2));
    const Tensor x = randn({32, 3, 24, 24});
    return after_steps(net, [&] { return mean(square(net(x) - 1)); });
  });
}

TEST_CASE("50 steps of training give the same bits for 1, 2 and 3 threads", "[threads][slow]") {
  const nn::StateDict one = trained(1), two = trained(2), three = trained(3);
  set_num_threads(0);
  for (size_t i = 0; i < one.size(); ++i) {
    INFO(one[i].first);
    CHECK(equal(one[i].second, two[i].second));
    CHECK(equal(one[i].second, three[i].second));
  }
}
