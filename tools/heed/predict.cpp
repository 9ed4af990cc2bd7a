#include <unistd.h>
#include <iostream>

#include "commands.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

/// Predicts texts one group after another, and tells of those that the model cannot read.
class Predictor {
 public:
  Predictor(LoadedModel loaded, AskOptions options, bool json)
      : loaded_(std::move(loaded)), options_(options), json_(json) {}

  void operator()(std::span<const std::string> texts) {
    for (const auto& answer : loaded_.task->answer(loaded_.stored, texts, options_)) tell(answer);
    flush_output();
  }

  bool failed() const { return failed_; }

 private:
  void tell(const Answer& answer) {
    if (!answer.error.empty()) {
      failed_ = true;
      return complain("heed: predict: " + answer.error);
    }
    if (!json_) return print(shown(answer.source) + "\t" + shown(answer.text) + "\n");
    Json json = Json::object().set("event", "prediction").set("source", answer.source);
    json.set("target", answer.text);
    for (const auto& [name, value] : answer.facts.items()) json.set(name, value);
    print_json(json);
  }

  LoadedModel loaded_;
  AskOptions options_;
  bool json_;
  bool failed_ = false;
};

/// Lines of stdin: one by one from a person, in groups from a pipe.
void predict_stdin(Predictor& predict) {
  const bool person = isatty(0);
  if (person) complain("heed: predict: a text a line, Ctrl-D ends");
  const size_t group = person ? 1 : 256;
  std::vector<std::string> texts;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    texts.push_back(std::move(line));
    if (texts.size() < group) continue;
    predict(texts);
    texts.clear();
  }
  predict(texts);
}

int predict_texts(const Arguments& arguments) {
  const auto& words = arguments.texts();
  if (words.empty()) arguments.refuse("expected a MODEL: a model.json or a run's folder");
  const AskOptions options{.beam = arguments.integer("beam", 1).value_or(1)};
  Predictor predict(load(words[0]), options, arguments.has("json"));
  if (words.size() > 1) {
    predict(std::span(words).subspan(1));
  } else {
    predict_stdin(predict);
  }
  return predict.failed() ? 1 : 0;
}

}  // namespace

Command predict_command() {
  return {.name = "predict",
          .arguments = "MODEL [TEXT...]",
          .help = "what a model writes for texts, or for the lines of stdin",
          .flags = {{"beam", "N", "beams of a search for the best answer (1: greedy)"},
                    {"json", "", "a line of JSON for each text on stdout"}},
          .run = predict_texts};
}
