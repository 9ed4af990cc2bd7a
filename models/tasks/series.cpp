#include "heed/models/tasks/series.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/error.h"
#include "heed/core/generator.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/data/shuffle.h"
#include "heed/models/forecaster.h"
#include "heed/models/show/line_plot.h"
#include "heed/models/show/text.h"
#include "heed/models/train/signals.h"
#include "heed/nn/loss.h"

namespace heed::models {
namespace {

/// Values [begin, begin + past) and the `horizon` values after them, of some places: how far they
/// lie from the last one of the past. So f32 loses nothing of a small change in large numbers, and
/// forecasts move with the series.
struct Windows {
  Tensor past, next;  // (B, past), (B, horizon) f32
};

/// values[i] - origin
void append_differences(std::vector<float>& to, std::span<const double> values, double origin) {
  for (const double value : values) to.push_back(float(value - origin));
}

Windows windows_at(std::span<const double> values, std::span<const int64_t> begins,
                   const ForecastConfig& config) {
  std::vector<float> past, next;
  for (const int64_t begin : begins) {
    const auto window = values.subspan(size_t(begin), size_t(config.past + config.horizon));
    const auto read = window.first(size_t(config.past));
    append_differences(past, read, read.back());
    append_differences(next, window.subspan(read.size()), read.back());
  }
  const auto rows = int64_t(begins.size());
  return {from_values(past, {rows, config.past}), from_values(next, {rows, config.horizon})};
}

double deviation_of(std::span<const double> values) {
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / double(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / double(values.size()));
}

std::string joined(std::span<const double> values) {
  std::string words;
  for (const double value : values) words += (words.empty() ? "" : " ") + show::brief(value, 2);
  return words;
}

/// The numbers that a text consists of, or none.
std::vector<double> numbers_in(const std::string& text) {
  std::vector<double> values;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    double& value = values.emplace_back();
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool whole = code == std::errc() && end == word.data() + word.size();
    if (!whole || !std::isfinite(value)) return {};
  }
  return values;
}

/// One forecast from the last values of a series.
Answer forecast_of(const Forecaster& model, std::span<const double> values, const std::string& name,
                   bool maps) {
  const auto [past, horizon, deviation] = model.series();
  require(int64_t(values.size()) >= past, name, ": expected at least ", past, " values, got ",
          values.size());
  std::vector<float> read;
  append_differences(read, values.last(size_t(past)), values.back());
  nn::AttentionMaps seen;
  const NoGrad guard;
  auto next = numbers(model.forward(from_values(read, {1, past}), maps ? &seen : nullptr).value());
  for (double& value : next) value += values.back();
  Answer answer{.source = name, .text = joined(next)};
  answer.facts.set("forecast", Json::array(next));
  std::vector<std::string> before, after;
  for (int64_t i = past; i > 0; --i) before.push_back("-" + text(i));
  for (int64_t i = 1; i <= horizon; ++i) after.push_back("+" + text(i));
  answer.maps = head_maps(seen, before, after, name);
  return answer;
}

/// The last forecast of a test as a plot: what was read, what came, what was predicted.
std::string plot(std::span<const double> values, int64_t begin, const ForecastConfig& config,
                 std::span<const double> forecast, const std::string& name) {
  show::Series truth{.name = "the series"}, model{.name = "forecast", .dashed = true};
  const int64_t middle = begin + config.past;
  for (int64_t i = begin; i < middle + config.horizon; ++i) {
    truth.points.emplace_back(double(i), values[size_t(i)]);
  }
  model.points.emplace_back(double(middle - 1), values[size_t(middle - 1)]);
  for (int64_t i = 0; i < config.horizon; ++i) {
    model.points.emplace_back(double(middle + i), forecast[size_t(i)]);
  }
  return show::svg(show::LinePlot{.title = name + ": the last values of the test",
                                  .x = {.name = "row"},
                                  .y = {.name = "value"},
                                  .series = {std::move(truth), std::move(model)}});
}

}  // namespace

std::vector<Field> SeriesTask::settings() {
  FieldVisitor visit;
  visit("generated", kept_.generated, "does it learn from generated values, not from a file?");
  visit("column", kept_.column, {}, "of the file, by name or number (the last)");
  return visit.take();
}

std::vector<Field> SeriesTask::options() {
  FieldVisitor visit;
  visit("data", chosen_.data, {},
        "a CSV file, a line for each point of time (else a series is made up)");
  visit("column", kept_.column, {}, "which column, by name or number from 1 (the last)");
  visit("past", chosen_.past, {.min = 1, .max = 65536}, "values that the model reads (48)");
  visit("horizon", chosen_.horizon, {.min = 1, .max = 65536}, "values that it predicts (12)");
  auto fields = visit.take();
  fields[1].placeholder = "NAME";
  return fields;
}

std::vector<Recipe> SeriesTask::recipes() const {
  std::vector<Recipe> recipes;
  for (const auto& type : types_of(kind_name<Forecaster>())) {
    recipes.push_back({.type = type.name, .model = type.settings()});
    recipes.back().training = {.steps = 1000,
                               .batch_size = 64,
                               .learning_rate = 2e-3,
                               .warmup = 50,
                               .clip = 1,
                               .validate_every = 200};
  }
  return recipes;
}

void SeriesTask::check_options() const {
  require(kept_.generated || !chosen_.data.empty(),
          "series: --data FILE is missing: the series that the model learned from");
}

void SeriesTask::read(const DataPlaces&) {
  check_options();
  series_ = chosen_.data.empty() ? data::made_up_series(5000, 1)
                                 : data::read_series(chosen_.data, kept_.column);
}

DataFacts SeriesTask::set_up(StoredModel& stored, std::span<const Field> model) {
  kept_.generated = chosen_.data.empty();
  const auto size = int64_t(series_.values.size()), window = chosen_.past + chosen_.horizon;
  const int64_t train = size * 8 / 10;
  if (train <= window || size / 10 <= window) {
    fail<FileError>(source(), ": expected more than ", 10 * window, " values, got ", size,
                    ": a tenth of them validates, a tenth tests, and each must hold a past of ",
                    chosen_.past, " and a horizon of ", chosen_.horizon,
                    "; smaller --past and --horizon need fewer");
  }
  const auto learned = std::span(series_.values).first(size_t(train));
  const auto [least, most] = std::minmax_element(learned.begin(), learned.end());
  if (*least == *most) {
    fail<FileError>(source(), ": all values are the same: ", series_.values[0]);
  }
  set_size(model, "past", chosen_.past);
  set_size(model, "horizon", chosen_.horizon);
  preset(model, {{"deviation", text(deviation_of(learned))}});
  stored.tokenizers.clear();
  return {.examples = show::grouped(train) + " values of " + series_.name + " to learn, " +
                      show::grouped(size / 10) + " to validate, " +
                      show::grouped(size - train - size / 10) + " to test",
          .sizes = text(chosen_.past) + " values predict " + text(chosen_.horizon),
          .items = "windows"};
}

std::function<BatchLoss()> SeriesTask::begin(const StoredModel& stored,
                                             const TrainingConfig& config) {
  const auto& model = as<Forecaster>(*stored.model);
  const auto series = model.series();
  check_batch(config, 8.0 * double(series.past + series.horizon));
  const int64_t train = int64_t(series_.values.size()) * 8 / 10;
  const int64_t places = train - series.past - series.horizon + 1;
  auto random = data::stream(uint64_t(config.seed), data::Stream::order);
  return [this, &model, series, places, random, rows = config.batch_size]() mutable {
    std::vector<int64_t> begins;
    for (int64_t row = 0; row < rows; ++row) begins.push_back(random.integer(places));
    const auto [past, next] = windows_at(series_.values, begins, series);
    return BatchLoss{nn::l1_loss(model.forward(past), next) / series.deviation, rows};
  };
}

/// The forecasts whose first predicted value lies in [begin, end) and the last as well.
Report SeriesTask::measured(const StoredModel& stored, int64_t begin, int64_t end,
                            int64_t samples) const {
  const auto& model = as<Forecaster>(*stored.model);
  const auto series = model.series();
  const std::span<const double> values = series_.values;
  double errors = 0, naive = 0;
  int64_t count = 0;
  const NoGrad guard;
  const int64_t first = std::max<int64_t>(begin - series.past, 0);
  const int64_t last = end - series.horizon - series.past;  // where the last window begins
  require(last >= first, "series: too few values to measure: ", end - begin);
  for (int64_t at = first; at <= last; at += 256) {
    leave_if_signalled();
    std::vector<int64_t> begins;
    for (int64_t i = at; i < std::min(at + 256, last + 1); ++i) begins.push_back(i);
    const auto [past, next] = windows_at(values, begins, series);
    errors += sum(abs(sub(model.forward(past).value(), next))).item();
    naive += sum(abs(next)).item();  // it predicts no difference
    count += next.numel();
  }
  const double mae = errors / double(count), naive_mae = naive / double(count);
  Report report{.measures = Json::object().set("mae", mae).set("naive_mae", naive_mae),
                .words = "mean absolute error " + show::brief(mae, 4) + ", of the naive forecast " +
                         show::brief(naive_mae, 4),
                .cost = mae,
                .count = last - first + 1,
                .counted = "forecasts"};
  for (int64_t i = 0; i < samples; ++i) {
    const int64_t middle = last + series.past - (samples - 1 - i) * series.horizon;
    if (middle < series.past) continue;
    const Answer answer = forecast_of(model, values.first(size_t(middle)), series_.name, true);
    const auto truth = values.subspan(size_t(middle), size_t(series.horizon));
    report.samples.push_back({.source = "row " + text(middle),
                              .written = "forecast from row " + show::grouped(middle) + ": " +
                                         answer.text + "\n    actual: " + joined(truth),
                              .judged = false});
    report.maps = answer.maps;
  }
  return report;
}

Report SeriesTask::validate(const StoredModel& stored, int64_t) {
  const auto size = int64_t(series_.values.size());
  Report report = measured(stored, size * 8 / 10, size * 8 / 10 + size / 10, 1);
  report.maps.clear();
  return report;
}

Report SeriesTask::test(const StoredModel& stored) {
  const auto size = int64_t(series_.values.size());
  Report report = measured(stored, size * 8 / 10 + size / 10, size, 3);
  const auto& model = as<Forecaster>(*stored.model);
  const auto series = model.series();
  const int64_t begin = size - series.horizon - series.past;
  const auto before = std::span(series_.values).first(size_t(size - series.horizon));
  const Answer answer = forecast_of(model, before, series_.name, false);
  std::vector<double> forecast;
  for (const auto& value : answer.facts.find("forecast")->elements()) {
    forecast.push_back(value.as_double());
  }
  report.files = {{"forecast.svg", plot(series_.values, begin, series, forecast, series_.name)}};
  return report;
}

Question SeriesTask::question() const {
  return {.words = "a CSV file (- is stdin), or the last values of a series, in the order of time",
          .whole = true};
}

std::vector<Answer> SeriesTask::answer(const StoredModel& stored,
                                       std::span<const std::string> texts,
                                       const AskOptions& options) const {
  const auto& model = as<Forecaster>(*stored.model);
  const auto predicted = [&](const std::string& name, const auto& values_of) -> Answer {
    try {
      return forecast_of(model, values_of(), name, options.maps);
    } catch (const Error& error) {
      return {.source = name, .error = error.what()};
    }
  };
  std::string all;
  for (const auto& text : texts) all += text + " ";
  const auto given = numbers_in(all);
  if (!given.empty()) return {predicted("values", [&] { return given; })};
  std::vector<Answer> answers;
  for (const auto& text : texts) {
    answers.push_back(predicted(text, [&] {
      return data::read_series(text == "-" ? "/dev/stdin" : text, kept_.column).values;
    }));
  }
  return answers;
}

}  // namespace heed::models
