#include "heed/models/decode/generate.h"

#include "commands.h"
#include "heed/core/creation.h"
#include "heed/models/data/text_stream.h"
#include "heed/models/tasks/task.h"
#include "heed/nn/compact.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

SamplingOptions sampling(const Arguments& arguments) {
  const double top_p = arguments.number("top-p").value_or(1.0);
  if (!(top_p > 0 && top_p <= 1))
    arguments.refuse("--top-p: expected a number above 0 and at most 1, got ", top_p);
  return {.temperature = arguments.number("temperature").value_or(1.0),
          .top_k = arguments.integer("top-k", 0).value_or(0),
          .top_p = top_p};
}

/// The prompt as ids; without one a line end, or else the first token.
std::vector<int64_t> prompt_of(const data::Tokenizer& tokenizer, const std::string& prompt) {
  if (!prompt.empty()) check_readable(tokenizer, prompt);
  auto ids = tokenizer.encode(prompt);
  if (ids.empty()) ids.push_back(tokenizer.find("\n").value_or(0));
  return ids;
}

const LanguageModel& language_model(const StoredModel& stored, const std::string& path) {
  try {
    return as<LanguageModel>(*stored.model);
  } catch (const Error& error) {
    fail(path, ": ", error.what());
  }
}

int generate_text(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "a MODEL: a model.json or a run's folder");
  Generator generator(uint64_t(arguments.integer("seed", 0).value_or(1)));
  GenerateOptions options{.max_tokens = arguments.integer("tokens", 1).value_or(300),
                          .sampling = sampling(arguments),
                          .generator = &generator};
  const auto weights = chosen_weights(arguments);
  const std::string path = model_path(arguments.texts()[0]);
  const StoredModel stored = read_model(path);
  const auto& model = language_model(stored, path);
  if (weights) nn::compact_(*stored.model, *weights);
  const auto& tokenizer = stored.tokenizer("text");
  const std::string prompt = arguments.text("prompt").value_or("");
  const auto ids = prompt_of(tokenizer, prompt);
  const bool json = arguments.has("json");
  data::TextStream stream(tokenizer, ids);
  std::string all;
  options.on_token = [&](int64_t, int64_t token) {
    const std::string more = stream.add(token);
    all += more;
    if (json) {
      print_json(Json::object().set("event", "token").set("id", token).set("text", more));
    } else {
      print(shown_text(more));
      flush_output();
    }
  };
  if (!json) print(shown_text(prompt));
  const auto written = generate(model, from_values(ids, {1, int64_t(ids.size())}), options)[0];
  const std::string rest = stream.rest();
  all += rest;
  if (!json) {
    print(shown_text(rest) + "\n");
    return 0;
  }
  print_json(Json::object()
                 .set("event", "result")
                 .set("prompt", prompt)
                 .set("text", all)
                 .set("tokens", int64_t(written.tokens.size()))
                 .set("log_probability", written.log_probability));
  return 0;
}

}  // namespace

Command generate_command() {
  return {.name = "generate",
          .arguments = "MODEL",
          .help = "how a language model goes on with a text",
          .flags = {{"prompt", "TEXT", "what it goes on with (a new line)"},
                    {"tokens", "N", "how many it writes (300)"},
                    {"temperature", "X", "below 1 safer, above 1 wilder; 0: always the best (1)"},
                    {"top-k", "N", "draw from the N best only (0: from all)"},
                    {"top-p", "X", "draw from the best whose probabilities reach X (1: from all)"},
                    {"seed", "N", "of the random numbers (1)"},
                    weights_flag(),
                    {"json", "", "every token as a line of JSON on stdout"}},
          .run = generate_text};
}
