#include "heed/models/decode/generate.h"

#include "bench.h"
#include "heed/core/creation.h"
#include "heed/models/decode/beam_search.h"
#include "heed/nn/compact.h"

namespace heed::bench {
namespace {

/// Greedy, from one token on. The numbers are the tokens and their log-probability.
Run continuation(Start& start, const models::GptConfig& config, int64_t tokens,
                 std::optional<CompactKind> weights) {
  const auto model = std::make_shared<models::Gpt>(config);
  start.weights(*model);
  model->eval();
  if (weights) nn::compact_(*model, *weights);
  const Tensor prompt = start.integers("prompt", config.tokens, {1, 1});
  const auto write = [=] {
    return models::generate(*model, prompt, {.max_tokens = tokens, .sampling = {.temperature = 0}});
  };
  const int64_t C = config.width;
  // Token t looks at itself and those before: together a causal attention.
  const double flops = double(tokens) * (double(config.layers) * product(1, C, 12 * C) +
                                         product(1, C, config.tokens)) +
                       double(config.layers) * causal_attention(1, tokens, C);
  const auto numbers = [=](int64_t) {
    const models::Hypothesis written = write()[0];
    std::vector<double> numbers(written.tokens.begin(), written.tokens.end());
    numbers.push_back(written.log_probability);
    return numbers;
  };
  return {.step = [=] { write(); },
          .flops = flops,
          .items = tokens,
          .parameters = nn::count_parameters(*model).total,
          .numbers = numbers};
}

}  // namespace

Run generate_baby(Start& start, std::optional<CompactKind> weights) {
  return continuation(start, babygpt_config(), 64, weights);
}
Run generate_gpt2(Start& start, std::optional<CompactKind> weights) {
  return continuation(start, gpt2_config(), 32, weights);
}

/// Nothing ends a sentence, so that each has all its tokens. The numbers are the log-probabilities.
Run beam(Start& start) {
  constexpr int64_t batch = 16, beams = 5, T = mt_base_tokens;
  const auto model = std::make_shared<models::Transformer>(mt_base_config(0));
  start.weights(*model);
  model->eval();
  const models::TransformerConfig& c = model->settings;
  const Tensor source = start.integers("source", c.source_tokens, {batch, T});
  const auto search = [=] {
    return models::beam_search(
        *model, source, {},
        {.beam_size = beams, .alpha = 0, .max_length = T, .eos = -1, .maps = false});
  };
  const int64_t C = c.width, layers = c.layers;
  const double feedforward = 2 * product(1, C, c.hidden);
  // A source token: an encoder layer, and a decoder layer's key and value of it.
  const double read = double(batch * T * layers) * (product(1, C, 4 * C) + feedforward +
                                                    2 * product(1, T, C) + product(1, C, 2 * C));
  // A row of a step: a decoder layer over T source tokens, and the logits. The first step has one
  // row for each sentence, the others have `beams`.
  const int64_t rows = batch + batch * beams * (T - 1);
  const double write =
      double(rows) * (double(layers) * (product(1, C, 6 * C) + feedforward + 2 * product(1, T, C)) +
                      product(1, C, c.target_tokens)) +
      double(layers) * causal_attention(batch * beams, T, C);
  return {.step = [=] { search(); },
          .flops = read + write,
          .items = batch * T,
          .parameters = nn::count_parameters(*model).total,
          .numbers =
              [=](int64_t) {
                std::vector<double> best;
                for (const auto& hypotheses : search())
                  best.push_back(hypotheses[0].log_probability);
                return best;
              }};
}

}  // namespace heed::bench
