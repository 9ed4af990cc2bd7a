#include "tutorial.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

#include "heed/core/convert.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/core/parallel.h"
#include "heed/models/show/terminal.h"
#include "heed/models/show/text.h"
#include "tools/heed/output.h"
#include "tools/heed/report.h"

using namespace heed;

namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

const std::vector<Flag>& flags() {
  static const std::vector<Flag> all = {
      {"json", "", "events and the result as lines of JSON on stdout"},
      {"out", "DIR", "where pictures go (runs/tutorials/NAME)"},
      {"seed", "N", "of the random numbers (1)"},
      {"steps", "N", "train for N steps instead of the usual number"},
      {"threads", "N", "threads to compute with (all cores); results do not depend on it"},
      {"help", "", "show this help", 'h'}};
  return all;
}

const RoadStep& find_step(std::string_view name) {
  const auto* step = std::ranges::find(road, name, &RoadStep::name);
  require(step != std::end(road), "tutorial: \"", name, "\" is not in the list of road.h");
  return *step;
}

}  // namespace

Tutorial::Tutorial(const RoadStep& step, const Arguments& arguments)
    : step_(step),
      arguments_(arguments),
      seed_(arguments.integer("seed", 0).value_or(1)),
      json_(arguments.has("json")),
      folder_(arguments.text("out").value_or("runs/tutorials/" + std::string(step.name))),
      start_(seconds_now()),
      progress_(std::make_unique<show::Progress>(
          show::ProgressOptions{.log_every = 30, .terminal = show::terminal_facts(2)})) {}

int64_t Tutorial::steps(int64_t usual) {
  const int64_t steps = arguments_.integer("steps", 1).value_or(usual);
  shortened_ = steps < usual;
  return steps;
}

void Tutorial::print_line(const std::string& line) {
  progress_->finish();
  if (json_) {
    complain(line);
  } else {
    print(line + "\n");
    flush_output();
  }
}

void Tutorial::event(const Json& json) {
  if (json_) print_json(json);
}

void Tutorial::progress(int64_t step, int64_t total, double loss) {
  progress_->update({.step = step, .total = total, .loss = loss});
}

void Tutorial::write(std::string_view name, std::string_view contents) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) fail<IoError>(folder_, ": cannot make the folder: ", error.message());
  const std::string path = (std::filesystem::path(folder_) / name).string();
  write_file_atomic(path, contents);
  say("wrote ", path);
}

double Tutorial::minutes() const { return (seconds_now() - start_) / 60; }

void Tutorial::result(double measured, bool pass, std::string_view in_words) {
  pass_ = pass && !shortened_;
  const double time = minutes();
  say("\npublished  ", step_.published);
  say("measured   ", in_words,
      shortened_ ? " (shortened by --steps: proves nothing)"
      : pass     ? ""
                 : ": not reached");
  say("time       ", fixed(time, 1), " min");
  event(Json::object()
            .set("event", "result")
            .set("name", step_.name)
            .set("published", step_.published)
            .set("measured", measured)
            .set("pass", pass_)
            .set("minutes", time));
}

std::string fixed(double value, int digits) { return show::fixed(value, digits); }

std::vector<std::string> tokens_of(const Tensor& sequence) {
  const Tensor rows = contiguous(sequence);
  std::vector<std::string> tokens;
  for (const int64_t token : std::span(rows.data<int64_t>(), size_t(rows.numel())))
    tokens.push_back(std::to_string(token));
  return tokens;
}

std::string line_of(const Tensor& sequence) {
  std::string line;
  for (const std::string& token : tokens_of(sequence)) line += (line.empty() ? "" : " ") + token;
  return line;
}

show::AttentionMap map_of(const Tensor& source, const Tensor& target, const Tensor& weights,
                          std::string title) {
  const Tensor numbers = contiguous(to(weights, f64));
  const double* first = numbers.data<double>();
  return {.source = tokens_of(source),
          .target = tokens_of(target),
          .weights = std::vector<double>(first, first + numbers.numel()),
          .title = std::move(title)};
}

namespace {

/// The word for what the step reads: FILE or FOLDER.
std::string argument_of(const RoadStep& step) {
  return std::string(step.reads.substr(0, step.reads.find(':')));
}

std::string help(const RoadStep& step) {
  const std::string argument = argument_of(step), reads(step.reads);
  return "usage: heed tutorial " + std::string(step.name) + (argument.empty() ? "" : " ") +
         argument + " [FLAGS]\n\n  " + std::string(step.title) + "\n" +
         (reads.empty() ? "" : "  " + reads + "\n") + "\nflags:\n" + describe(flags());
}

}  // namespace

int tutorial(std::string_view name, int count, char** words,
             const std::function<void(Tutorial&)>& body) {
  try {
    const RoadStep& step = find_step(name);
    const std::vector<std::string> texts(words + 1, words + count);
    const Arguments arguments("tutorial " + std::string(name), flags(), texts);
    if (arguments.has("help")) {
      print(help(step));
      return 0;
    }
    const size_t wanted = step.reads.empty() ? 0 : 1;
    arguments.expect_texts(wanted, wanted, wanted == 0 ? "flags alone" : step.reads);
    if (const auto threads = arguments.integer("threads", 1)) set_num_threads(int(*threads));
    Tutorial made(step, arguments);
    manual_seed(uint64_t(made.seed()));
    body(made);
    flush_output();
    return made.exit_code();
  } catch (...) {
    return report(std::current_exception());
  }
}
