#include "heed/models/tasks/classify.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/error.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/core/softmax.h"
#include "heed/models/classifier.h"
#include "heed/models/data/buckets.h"
#include "heed/models/data/idx.h"
#include "heed/models/data/lines.h"
#include "heed/models/data/shuffle.h"
#include "heed/models/data/unit_tokenizer.h"
#include "heed/models/show/text.h"
#include "heed/models/train/signals.h"
#include "heed/nn/loss.h"

namespace heed::models {
namespace {

constexpr int64_t watched = 3, checked = 2000, tested = 10;

std::vector<int64_t> counted(int64_t begin, int64_t end) {
  std::vector<int64_t> places(size_t(std::max<int64_t>(end - begin, 0)));
  std::iota(places.begin(), places.end(), begin);
  return places;
}

/// The names of classes as a tokenizer, so that model files hold them.
std::shared_ptr<const data::Tokenizer> class_names(std::vector<std::string> names) {
  return std::make_shared<data::UnitTokenizer>(data::Unit::word,
                                               data::Vocabulary::plain(std::move(names)));
}

/// What a classifier finds for one batch.
struct Found {
  Tensor logits;  // (B, classes)
  nn::AttentionMaps maps;
};

Found found(const StoredModel& stored, const Tensor& input, bool maps) {
  const NoGrad guard;
  Found result;
  const auto& model = as<Classifier>(*stored.model);
  result.logits = model.forward(input, maps ? &result.maps : nullptr).value();
  return result;
}

/// The maps of one text (1, S): where the model looked for its class.
std::vector<show::AttentionMap> text_maps(const StoredModel& stored, const nn::AttentionMaps& maps,
                                          std::span<const int64_t> ids, const std::string& label,
                                          const std::string& text) {
  std::vector<std::string> pieces;
  for (const int64_t id : ids) pieces.push_back(stored.tokenizer("text").piece(id));
  std::vector<show::AttentionMap> drawn;
  for (const Tensor& weights : maps.layers) {
    drawn.push_back({pieces, {label}, numbers(weights), text + " → " + label});
  }
  return drawn;
}

std::vector<std::string> counted_labels(int64_t count) {
  std::vector<std::string> labels;
  for (int64_t i = 1; i <= count; ++i) labels.push_back(text(i));
  return labels;
}

/// The maps of one image: how much its first token, that of the class, looks at each patch.
std::vector<show::AttentionMap> image_maps(const nn::AttentionMaps& maps, int64_t height,
                                           int64_t width, const std::string& title) {
  if (maps.layers.empty()) return {};
  const int64_t patches = maps.layers[0].size(-1) - 1;
  int64_t columns = 1;
  while (columns * columns * height < patches * width) ++columns;
  if (columns * (patches / columns) != patches) return {};
  nn::AttentionMaps grids;
  for (const Tensor& weights : maps.layers) {  // (1, heads, 1 + N, 1 + N)
    const Tensor looks = narrow(select(weights, 2, 0), -1, 1, patches);
    grids.layers.push_back(reshape(looks, {1, weights.size(1), patches / columns, columns}));
  }
  auto drawn = head_maps(grids, counted_labels(columns), counted_labels(patches / columns), title);
  for (auto& map : drawn) map.self = false;
  return drawn;
}

/// The image that a user names, FILE:N.
Labelled named_image(const std::string& name) {
  const size_t colon = name.rfind(':');
  const auto digits = colon == name.npos ? std::string() : name.substr(colon + 1);
  const bool number = !digits.empty() && digits.size() < 10 &&
                      digits.find_first_not_of("0123456789") == digits.npos;
  require(number, "\"", name, "\": expected an image as FILE:N, number N of an IDX file");
  Labelled part;
  const Tensor all = data::read_idx(name.substr(0, colon));
  const int64_t place = std::stoll(digits);
  require(all.dim() == 3 && place < all.size(0), "\"", name, "\": the file holds ", all.shape(),
          " bytes, and no image ", place);
  part.images = narrow(all, 0, place, 1);
  part.labels = {0};
  part.names = {name};
  return part;
}

/// One input asked for its class.
Answer told(const StoredModel& stored, const Labelled& part, int64_t place, bool maps) {
  const auto& names = stored.tokenizer("labels");
  const Tensor input = part.batch(std::span(&place, 1));
  const auto [logits, seen] = found(stored, input, maps);
  const auto probabilities = numbers(softmax(logits, 1));
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  Answer answer{.source = part.names[size_t(place)],
                .text = names.piece(std::distance(probabilities.begin(), best))};
  Json all = Json::object();
  for (size_t i = 0; i < probabilities.size(); ++i) {
    all.set(names.piece(int64_t(i)), probabilities[i]);
  }
  answer.facts.set("probabilities", std::move(all));
  const std::string title = answer.source + " → " + answer.text;
  answer.maps = part.images.defined() ? image_maps(seen, input.size(2), input.size(3), title)
                                      : text_maps(stored, seen, part.texts[size_t(place)],
                                                  answer.text, answer.source);
  return answer;
}

}  // namespace

std::vector<Field> Classify::settings() {
  FieldVisitor visit;
  visit("input", kept_.input, {"generated", "text", "images"}, "what it learned from");
  visit("split_seed", kept_.split_seed, {.min = 0}, "of the parts for training and testing");
  return visit.take();
}

std::vector<Field> Classify::options() {
  FieldVisitor visit;
  visit("data", chosen_.data, {},
        "a folder of IDX images, or lines label<TAB>text (else two languages are generated)");
  visit("test_data", chosen_.test_data, {}, "texts for the test (else a twentieth of the lines)");
  visit("names", chosen_.names, {}, "names of the images' classes, one a line");
  chosen_.tokens.fields(visit);
  visit("shift", chosen_.shift, {.min = 0}, "images are shifted at random by so many pixels (0)");
  visit("flip", chosen_.flip, "half of the images are mirrored");
  auto fields = visit.take();
  fields[0].placeholder = "FILE|DIR";
  return fields;
}

bool Classify::wants_images() const {
  std::error_code ignored;
  return chosen_.data.empty() ? kept_.input == "images"
                              : std::filesystem::is_directory(chosen_.data, ignored);
}

std::vector<Recipe> Classify::recipes() const {
  std::vector<Recipe> recipes;
  for (const auto& type : types_of(kind_name<Classifier>())) {
    auto settings = type.settings();
    const bool reads_text = find_field(settings->fields(), "tokens");
    recipes.push_back({.type = type.name, .model = std::move(settings)});
    recipes.back().input = reads_text ? "texts" : "images";
    recipes.back().fits = reads_text != wants_images();
    recipes.back().training = {.steps = reads_text ? 1000 : 4500,
                               .batch_size = reads_text ? 64 : 128,
                               .learning_rate = reads_text ? 2e-3 : 1e-3,
                               .warmup = 200,
                               .weight_decay = reads_text ? 0 : 0.05,
                               .clip = 1,
                               .validate_every = reads_text ? 250 : 500};
  }
  return recipes;
}

std::vector<std::string> Classify::sizes() const {
  return {"tokens", "classes", "channels", "height", "width", "mean", "deviation"};
}

void Classify::check_options() const {
  require(!chosen_.data.empty() || kept_.input == "generated", "classify: --data is missing: the ",
          kept_.input, " that the model learned from");
  require(chosen_.test_data.empty() || (!chosen_.data.empty() && !wants_images()),
          "classify: --test-data goes with --data FILE of label<TAB>text");
  require(chosen_.names.empty() || wants_images(), "classify: --names goes with images");
  chosen_.tokens.check(true);
}

void Classify::read(const DataPlaces&) {
  check_options();
  kept_.input = chosen_.data.empty() ? "generated" : wants_images() ? "images" : "text";
  return kept_.input == "images" ? read_images() : read_texts();
}

void Classify::read_texts() {
  const auto seed = uint64_t(kept_.split_seed);
  if (chosen_.data.empty()) {
    texts_ = {.train = two_languages(10'000, seed, data::Part::train),
              .validation = two_languages(1000, seed, data::Part::validation),
              .test = two_languages(1000, seed, data::Part::test)};
    return;
  }
  const bool separate = !chosen_.test_data.empty();
  int64_t left_out = 0;
  texts_ = data::split_file(chosen_.data, read_labelled_lines(chosen_.data, &left_out), seed, 0.05,
                            separate ? 0 : 0.05);
  data::note_duplicates(texts_.notes, left_out);
  learn_every_class(texts_);
  if (separate) texts_.test = read_labelled_lines(chosen_.test_data);
  if (texts_.validation.empty() || texts_.test.empty()) {
    fail<FileError>(chosen_.data, ": expected more lines of each class: none is left to ",
                    texts_.validation.empty() ? "validate" : "test");
  }
}

void Classify::read_images() {
  const auto sets = data::read_image_folder(chosen_.data);
  auto order = counted(0, sets.train.labels.numel());
  auto generator = data::stream(uint64_t(kept_.split_seed), data::Stream::split);
  data::shuffle(std::span(order), generator);
  const auto all = std::span<const int64_t>(order);
  const size_t held_out = all.size() / 20;
  validation_ = pictures(sets.train, all.first(held_out));
  train_ = pictures(sets.train, all.subspan(held_out));
  test_ = pictures(sets.test, counted(0, sets.test.labels.numel()));
  classes_ = sets.classes;
}

void Classify::set_up_texts(StoredModel& stored, std::span<const Field> model) {
  std::vector<std::string> lines;
  std::set<std::string> labels;
  for (const auto& example : texts_.train) {
    lines.push_back(example.source[0]);
    labels.insert(example.targets[0][0]);
  }
  if (labels.size() < 2) {
    fail<FileError>(chosen_.data, ": expected at least 2 classes, got ", labels.size());
  }
  stored.tokenizers["text"] = data::train_tokenizer(lines, chosen_.tokens.options(true));
  stored.tokenizers["labels"] = class_names({labels.begin(), labels.end()});
  const auto& tokenizer = stored.tokenizer("text");
  train_ = encoded(texts_.train, tokenizer, stored.tokenizer("labels"));
  validation_ = encoded(texts_.validation, tokenizer, stored.tokenizer("labels"));
  check_classes(test_file(), texts_.test, stored.tokenizer("labels"));
  set_size(model, "tokens", tokenizer.size());
}

void Classify::set_up_images(StoredModel& stored, std::span<const Field> model) {
  std::vector<std::string> names;
  if (!chosen_.names.empty()) {
    data::for_each_line(chosen_.names,
                        [&](const data::Line& line) { names.emplace_back(line.text); });
    require(int64_t(names.size()) == classes_, chosen_.names, ": expected ", classes_,
            " names, one a line, got ", names.size());
  }
  for (int64_t i = int64_t(names.size()); i < classes_; ++i) names.push_back(text(i));
  stored.tokenizers["labels"] = class_names(std::move(names));
  set_size(model, "channels", 1);
  set_size(model, "height", train_.images.size(1));
  set_size(model, "width", train_.images.size(2));
  const auto statistics = data::pixel_statistics(train_.images);
  preset(model, {{"mean", text(statistics.mean)}, {"deviation", text(statistics.deviation)}});
}

DataFacts Classify::set_up(StoredModel& stored, std::span<const Field> model) {
  const bool images = kept_.input == "images";
  images ? set_up_images(stored, model) : set_up_texts(stored, model);
  const int64_t classes = stored.tokenizer("labels").size();
  set_size(model, "classes", classes);
  const auto tests = images ? test_.size() : int64_t(texts_.test.size());
  const std::string what = images ? "images" : "texts";
  auto notes = texts_.notes;
  note_small_parts(notes, validation_.size(), tests);
  return {.examples = show::counted(train_.size(), what) + " to learn, " +
                      show::grouped(std::min(validation_.size(), checked)) + " to validate, " +
                      show::grouped(tests) + " to test",
          .sizes = text(classes) + " classes" +
                   (images ? ""
                           : ", vocabulary of " +
                                 show::counted(stored.tokenizer("text").size(), "tokens")),
          .items = what,
          .notes = std::move(notes)};
}

std::function<BatchLoss()> Classify::begin(const StoredModel& stored,
                                           const TrainingConfig& config) {
  std::vector<data::PairLengths> lengths(size_t(train_.size()));
  for (size_t i = 0; i < train_.texts.size(); ++i) {
    lengths[i].source = int64_t(train_.texts[i].size());
  }
  const auto seed = uint64_t(config.seed);
  data::BucketOrder order(std::move(lengths),
                          {.examples = config.batch_size, .tokens = config.batch_tokens}, seed);
  const auto& model = as<Classifier>(*stored.model);
  return [this, &model, order, shifts = data::stream(seed, data::Stream::order, 1)]() mutable {
    const auto places = order.next();
    Tensor input = train_.batch(places);
    if (train_.images.defined() && (chosen_.shift > 0 || chosen_.flip)) {
      input = data::augment(input,
                            {.shift = chosen_.shift, .flip = chosen_.flip, .generator = &shifts});
    }
    return BatchLoss{nn::cross_entropy(model.forward(input), train_.labels_of(places)),
                     int64_t(places.size())};
  };
}

Report Classify::measured(const StoredModel& stored, const Labelled& part, int64_t most,
                          int64_t samples) const {
  const auto& names = stored.tokenizer("labels");
  const int64_t count = std::min(part.size(), most);
  double nats = 0;
  int64_t right = 0;
  for (int64_t begin = 0; begin < count; begin += 256) {
    leave_if_signalled();
    const auto places = counted(begin, std::min(begin + 256, count));
    const Tensor logits = found(stored, part.batch(places), false).logits;
    const Tensor labels = part.labels_of(places);
    nats += nn::cross_entropy(logits, labels, {.reduction = nn::Reduction::sum}).item();
    right += sum(eq(argmax(logits, 1), labels)).item<int64_t>();
  }
  const double share = double(right) / double(count), loss = nats / double(count);
  Report report{.measures = Json::object().set("accuracy", 100 * share).set("loss", loss),
                .words = show::fixed(100 * share, 2) + " % right, loss " + show::brief(loss, 4),
                .cost = loss,
                .count = count};
  for (int64_t i = 0; i < std::min(samples, count); ++i) {
    const int64_t place = i * count / samples;
    const Answer answer = told(stored, part, place, true);
    const std::string expected = names.piece(part.labels[size_t(place)]);
    report.samples.push_back({.source = answer.source,
                              .written = answer.text,
                              .expected = expected,
                              .right = answer.text == expected});
    for (const auto& map : answer.maps) report.maps.push_back(map);
  }
  return report;
}

Report Classify::validate(const StoredModel& stored, int64_t) {
  Report report = measured(stored, validation_, checked, watched);
  report.maps.clear();
  return report;
}

Report Classify::test(const StoredModel& stored) {
  if (kept_.input != "images") {
    check_classes(test_file(), texts_.test, stored.tokenizer("labels"));
    test_ = encoded(texts_.test, stored.tokenizer("text"), stored.tokenizer("labels"));
  }
  return measured(stored, test_, test_.size(), tested);
}

Question Classify::question() const {
  if (kept_.input != "images") return {};
  return {.words = "an image as FILE:N, number N (from 0) of an IDX file"};
}

std::vector<Answer> Classify::answer(const StoredModel& stored, std::span<const std::string> texts,
                                     const AskOptions& options) const {
  std::vector<Answer> answers;
  for (const auto& text : texts) {
    try {
      Labelled one{.labels = {0}, .names = {text}};
      if (kept_.input == "images") {
        one = named_image(text);
      } else {
        one.texts = {stored.tokenizer("text").encode(text)};
        require(!one.texts[0].empty(), "\"", text, "\": there is nothing to read");
      }
      answers.push_back(told(stored, one, 0, options.maps));
    } catch (const Error& error) {
      answers.push_back({.source = text, .error = error.what()});
    }
  }
  return answers;
}

}  // namespace heed::models
