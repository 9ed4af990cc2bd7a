#include <unistd.h>
#include <functional>
#include <iostream>

#include "commands.h"
#include "heed/models/show/text.h"
#include "likeness.h"
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

  /// `line` counts those of stdin from 1; 0: the texts are arguments.
  void operator()(std::span<const std::string> texts, int64_t line = 0) {
    for (const auto& answer : loaded_.task->answer(loaded_.stored, texts, options_)) {
      tell(answer, line > 0 ? "line " + heed::text(line++) + ": " : "");
      if (failed_ && question().whole) {
        complain("heed: predict: " + loaded_.path + " reads " + question().words);
        break;
      }
    }
    flush_output();
  }

  Question question() const { return loaded_.task->question(); }
  bool failed() const { return failed_; }

 private:
  /// A line for each text, with nothing behind the tab where there is no answer.
  void tell(const Answer& answer, const std::string& place) {
    if (!answer.error.empty()) {
      failed_ = true;
      complain("heed: predict: " + place + answer.error);
    }
    if (!json_) {
      return print(shown(answer.source) + "\t" + shown(answer.text) + probability(answer) + "\n");
    }
    Json json = Json::object().set("event", "prediction").set("source", answer.source);
    answer.error.empty() ? json.set("target", answer.text) : json.set("error", answer.error);
    for (const auto& [name, value] : answer.facts.items()) json.set(name, value);
    print_json(json);
  }

  /// Of a class: how sure the model is.
  static std::string probability(const Answer& answer) {
    const Json* all = answer.facts.find("probabilities");
    const Json* one = all ? all->find(answer.text) : nullptr;
    return one ? "\t" + show::fixed(one->as_double(), 4) : "";
  }

  LoadedModel loaded_;
  AskOptions options_;
  bool json_;
  bool failed_ = false;
};

/// Lines of stdin: one by one from a person, in groups from a pipe.
void predict_stdin(
    const std::function<void(std::span<const std::string> texts, int64_t line)>& predict) {
  const bool person = isatty(0);
  if (person) complain("heed: predict: a text a line, Ctrl-D ends");
  const size_t group = person ? 1 : 256;
  std::vector<std::string> texts;
  int64_t first = 1;  // of the texts, among the lines
  for (std::string line; std::getline(std::cin, line);) {
    if (line.ends_with('\r')) line.pop_back();
    texts.push_back(std::move(line));
    if (texts.size() < group) continue;
    predict(texts, first);
    first += int64_t(texts.size());
    texts.clear();
  }
  predict(texts, first);
}

int predict_likeness(const Arguments& arguments) {
  if (arguments.has("beam")) arguments.refuse("--beam: a sentence encoder writes nothing");
  const auto& words = arguments.texts();
  Likeness likeness(read_sentence_encoder(words[0]), arguments.has("json"));
  if (words.size() > 1) {
    likeness(std::span(words).subspan(1));
  } else {
    predict_stdin([&](std::span<const std::string> texts, int64_t) { likeness(texts); });
  }
  return 0;
}

int predict_texts(const Arguments& arguments) {
  const auto& words = arguments.texts();
  if (words.empty()) arguments.refuse("expected a MODEL: a model.json or a run's folder");
  if (is_sentence_encoder(words[0])) return predict_likeness(arguments);
  const AskOptions options{.beam = arguments.integer("beam", 1).value_or(1)};
  Predictor predict(load(words[0]), options, arguments.has("json"));
  if (words.size() > 1) {
    predict(std::span(words).subspan(1));
  } else if (predict.question().whole) {
    predict(std::vector<std::string>{"-"});
  } else {
    predict_stdin(std::ref(predict));
  }
  return predict.failed() ? 1 : 0;
}

std::string details(const Arguments& arguments) {
  if (arguments.texts().empty()) return "heed predict MODEL --help says what that model reads.\n";
  if (is_sentence_encoder(arguments.texts()[0])) {
    return "A sentence encoder tells how like each text is to the first: the cosine of their "
           "vectors,\nwhich --json shows too.\n";
  }
  const LoadedModel loaded = load(arguments.texts()[0]);
  const auto [words, answered, whole] = loaded.task->question();
  const std::string model = loaded.path + ", a " + loaded.stored.model->type() + ", ";
  if (!answered) return model + "goes on with a text: heed generate MODEL --prompt \"TEXT\".\n";
  return model + "reads " + words + "; " +
         (whole ? "without one, stdin.\n" : "without one, each line of stdin is one.\n");
}

}  // namespace

Command predict_command() {
  return {.name = "predict",
          .arguments = "MODEL [TEXT...]",
          .help = "what a model writes for texts, or for the lines of stdin",
          .flags = {{"beam", "N", "beams of a search for the best answer (1: greedy)"},
                    {"json", "", "a line of JSON for each text on stdout"}},
          .run = predict_texts,
          .details = details};
}
