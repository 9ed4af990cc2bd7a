// Two layers of 128 LSTM units read a text character by character and learn to go on with it: the
// settings with which char-rnn comes, RMSprop at 2e-3, windows of 50 characters, 50 at a time. Any
// text will do, a megabyte or more is better.
// Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks" and
// github.com/karpathy/char-rnn.
#include "heed/heed.h"
#include "tutorial.h"
#include "windows.h"

using namespace heed;

namespace {

constexpr int64_t window = 50, batch_size = 50;

std::string sample(const models::CharRnn& model, const data::Tokenizer& characters,
                   double temperature) {
  const Tensor start = from_values(characters.encode("\n"), {1, 1});
  const auto written =
      models::generate(model, start, {.max_tokens = 200, .sampling = {.temperature = temperature}});
  return characters.decode(written[0].tokens);
}

}  // namespace

int main(int count, char** words) {
  return tutorial("char_rnn", count, words, [](Tutorial& t) {
    const std::string path = t.file(), text = read_file(path);
    const auto characters = data::train_tokenizer(text);
    const std::vector<int64_t> ids = characters->encode(text);
    const size_t split = ids.size() * 19 / 20;
    const std::span<const int64_t> learned(ids.data(), split),
        kept(ids.data() + split, ids.size() - split);
    require(learned.size() > size_t(window) && kept.size() > 1, path, ": expected at least ",
            window * 20 / 19 + 2, " characters, of which a part fills a window, got ", ids.size());
    models::CharRnn model({.tokens = characters->size(), .hidden = 128, .layers = 2});
    optim::RMSprop rmsprop(model.named_parameters(), {.lr = 2e-3, .alpha = 0.95});
    const int64_t steps = t.steps(2000);
    show::Series training{.name = "training"}, validation{.name = "validation"};
    const int64_t each = std::max<int64_t>(1, steps / 10);
    double mean = 0;
    for (int64_t step = 0; step < steps; ++step) {
      const Variable loss = window_loss(model, random_windows(learned, batch_size, window));
      rmsprop.zero_grad();
      loss.backward();
      optim::clip_grad_value_(rmsprop.parameters(), 5);
      rmsprop.set_lr_factor(optim::cosine(step, steps, 0.1));
      rmsprop.step();
      t.progress(step + 1, steps, loss.item());
      mean += loss.item() / double(each);
      if ((step + 1) % each == 0) {
        const double now = models::fit_of(model, kept, 500, 40).loss();
        training.points.emplace_back(step + 1, std::exchange(mean, 0));
        validation.points.emplace_back(step + 1, now);
        t.say("step ", step + 1, ": training ", fixed(training.points.back().second, 3),
              ", validation ", fixed(now, 3));
        if (step + 1 == each) t.say(sample(model, *characters, 0.7));
      }
    }
    t.say("after ", steps, " steps, at a temperature of 0.7:\n", sample(model, *characters, 0.7));
    t.say("and of 0.2:\n", sample(model, *characters, 0.2));
    t.write("char_rnn.svg", show::svg({.title = "Two layers of 128 LSTM units read a text",
                                       .x = {.name = "step"},
                                       .y = {.name = "nats a character"},
                                       .series = {training, validation}}));
    const double first = validation.points.front().second, last = validation.points.back().second;
    t.result(last, last < first,
             "validation loss " + fixed(last, 3) +
                 " nats a character, after a tenth of the steps " + fixed(first, 3));
  });
}
