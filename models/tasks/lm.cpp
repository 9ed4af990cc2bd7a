#include "heed/models/tasks/lm.h"

#include <bit>
#include <numbers>

#include "heed/autograd/recording.h"
#include "heed/core/creation.h"
#include "heed/core/error.h"
#include "heed/core/io/files.h"
#include "heed/core/io/utf8.h"
#include "heed/core/shape.h"
#include "heed/models/data/grammar.h"
#include "heed/models/data/unit.h"
#include "heed/models/decode/generate.h"
#include "heed/models/show/sensitivity.h"
#include "heed/models/show/text.h"
#include "heed/models/train/text_loss.h"

namespace heed::models {
namespace {

constexpr int64_t validation_windows = 512, sample_tokens = 200;

/// Where the last tenth of the text's characters begins.
size_t end_of_training(std::string_view text) {
  int64_t left = count_code_points(text) * 9 / 10;
  size_t place = 0;
  for (; place < text.size(); ++place) {
    if (!continues_code_point(text[place]) && left-- == 0) break;
  }
  return place;
}

/// The same of ids.
int64_t end_of_training(const data::TokenSource& tokens) { return tokens.size() / 10 * 9; }

/// How many characters a token has, in the mean of the first hundred thousand.
double token_characters(const data::Tokenizer& tokenizer, const data::TokenSource& tokens) {
  std::vector<int64_t> ids(size_t(std::min<int64_t>(tokens.size(), 100'000)));
  tokens.read(0, ids);
  const std::string text = repaired_utf8(tokenizer.decode(ids));
  return double(count_code_points(text)) / double(ids.size());
}

/// Some tokens as the model goes on from the first token of the text.
std::string continued(const StoredModel& stored, int64_t first, int64_t count) {
  Generator generator(1);
  const auto written =
      generate(as<LanguageModel>(*stored.model), full({1, 1}, first, {.dtype = i64}),
               {.max_tokens = count, .sampling = {.temperature = 0.8}, .generator = &generator})[0];
  return repaired_utf8(stored.tokenizer("text").decode(written.tokens));
}

}  // namespace

std::vector<Field> Lm::settings() {
  FieldVisitor visit;
  visit("generated", kept_.generated, "does it learn from generated text, not from a file?");
  visit("length", kept_.length, {.min = 1, .max = 1 << 20},
        "tokens of a training sequence, for models without a context (64)");
  return visit.take();
}

std::vector<Field> Lm::options() {
  FieldVisitor visit;
  visit("data", chosen_.data, {},
        "a text, UTF-8, or a file of heed tokens (else English sentences are generated)");
  chosen_.tokens.fields(visit);
  visit("whole", chosen_.whole, "heed evaluate: measure all of the text, not its last tenth");
  auto fields = visit.take();
  fields.push_back(settings()[1]);
  return fields;
}

std::vector<Recipe> Lm::recipes() const {
  std::vector<Recipe> recipes;
  for (const auto& type : types_of(kind_name<LanguageModel>())) {
    recipes.push_back({.type = type.name, .model = type.settings()});
    preset(recipes.back().model->fields(), {{"context", "64"}, {"bias", "false"}});
    recipes.back().training = {.steps = 2000,
                               .batch_size = 12,
                               .learning_rate = 1e-3,
                               .min_learning_rate = 1e-4,
                               .warmup = 100,
                               .schedule = "warmup_cosine",
                               .beta2 = 0.99,
                               .weight_decay = 0.1,
                               .clip = 1,
                               .validate_every = 250};
  }
  return recipes;
}

void Lm::check_options() const {
  require(kept_.generated || !chosen_.data.empty(),
          "lm: --data FILE is missing: the text that the model learned from");
  chosen_.tokens.check(chosen_.tokens.tokens == "word");
  const auto& [tokens, vocabulary, min_count] = chosen_.tokens;
  const bool usual = tokens == "character" && vocabulary == 0 && min_count == 1;
  if (usual || chosen_.data.empty()) return;
  require(!data::is_token_file(chosen_.data), "lm: --tokens, --vocabulary and --min-count go with ",
          "a text; ", chosen_.data, " is a file of tokens already");
}

void Lm::read(const DataPlaces&) {
  check_options();
  require(
      !chosen_.whole || !chosen_.data.empty(),
      "lm: --whole measures all of a file, so it needs --data FILE: the generated sentences are ",
      "those that a model has learned from");
  text_.clear();
  if (chosen_.data.empty()) {
    for (const auto& sentence : data::grammar_examples(20'000, 1, data::Part::train)) {
      text_ += data::join(data::Unit::word, sentence.example.source) + ".\n";
    }
  } else if (data::is_token_file(chosen_.data)) {
    file_ = std::make_shared<data::TokenFile>(chosen_.data);
    return;
  } else {
    text_ = read_file(chosen_.data);
    if (text_.empty()) fail<FileError>(chosen_.data, ": the file is empty");
    if (!valid_utf8(text_)) fail<FileError>(chosen_.data, ": expected text in UTF-8");
  }
  learned_ = chosen_.whole ? 0 : end_of_training(text_);
}

DataFacts Lm::set_up(StoredModel& stored, std::span<const Field> model) {
  require(!chosen_.whole, "lm: --whole goes with heed evaluate: a model in training needs nine ",
          "tenths of the text to learn from");
  kept_.generated = chosen_.data.empty();
  if (file_) return set_up_file(stored, model);
  const std::string& kind = chosen_.tokens.tokens;
  const std::shared_ptr tokenizer =
      data::train_tokenizer(kind == "character" ? std::string_view(text_) : learned(),
                            chosen_.tokens.options(kind == "word"));
  stored.tokenizers = {{"text", tokenizer}};
  set_size(model, "tokens", tokenizer->size());
  train_ = std::make_unique<data::TokenList>(*tokenizer, learned());
  return {.examples = show::counted(count_code_points(learned()), "characters") + " to learn (" +
                      show::counted(train_->size(), "tokens") + "), " +
                      show::grouped(count_code_points(held_out())) + " to validate",
          .sizes = "vocabulary of " + show::counted(tokenizer->size(), "tokens"),
          .items = "tokens"};
}

DataFacts Lm::set_up_file(StoredModel& stored, std::span<const Field> model) {
  stored.tokenizers = {{"text", file_->tokenizer()}};
  set_size(model, "tokens", file_->tokenizer()->size());
  const int64_t learned = end_of_training(*file_);
  train_ = std::make_unique<data::TokenPart>(*file_, 0, learned);
  return {.examples = show::grouped(learned) + " tokens to learn, " +
                      show::grouped(file_->size() - learned) + " to validate",
          .sizes = "vocabulary of " + show::counted(file_->tokenizer()->size(), "tokens"),
          .items = "tokens"};
}

std::function<BatchLoss()> Lm::begin(const StoredModel& stored, const TrainingConfig& config) {
  const auto& model = as<LanguageModel>(*stored.model);
  const int64_t length = window_length(model, kept_.length);
  check_lengths(stored, length, model.context() > 0 ? "--set context=" : "--length ");
  // Two ids and the logits of each token, with their gradient.
  check_batch(config, double(length) * double(16 + 8 * model.tokens()));
  return text_loss(model, *train_, length, config);
}

/// FileError where the text is too short for windows of `length` tokens, which a flag sets.
void Lm::check_lengths(const StoredModel& stored, int64_t length, const std::string& flag) const {
  const int64_t longest = train_->size() - 1;
  if (longest < length) {
    const std::string advice =
        longest < 1 ? "" : ", or " + flag + text(std::bit_floor(uint64_t(longest)));
    fail<FileError>(source(), ": the text to learn from has ",
                    show::counted(train_->size(), "tokens"), ", and a window takes ", length,
                    " and one more: a longer text is needed", advice);
  }
  const int64_t rest = validation(stored)->size();
  if (rest < 2) {
    fail<FileError>(source(), ": the last tenth, to validate, has ", show::counted(rest, "tokens"),
                    ": at least 2 are needed");
  }
}

std::unique_ptr<const data::TokenSource> Lm::validation(const StoredModel& stored) const {
  const data::Tokenizer& tokenizer = stored.tokenizer("text");
  if (!file_) return std::make_unique<data::TokenList>(tokenizer, held_out());
  require(file_->tokenizer()->to_json() == tokenizer.to_json(), chosen_.data,
          ": the ids of this file are not those of the model's tokenizer");
  const int64_t begin = chosen_.whole ? 0 : end_of_training(*file_);
  return std::make_unique<data::TokenPart>(*file_, begin, file_->size());
}

Report Lm::measured(const StoredModel& stored, int64_t most_windows, bool sample) const {
  const auto& model = as<LanguageModel>(*stored.model);
  const auto tokens = validation(stored);
  const TextFit fit = fit_of(model, *tokens, window_length(model, kept_.length), most_windows);
  const double characters = file_ ? token_characters(stored.tokenizer("text"), *tokens)
                                  : double(count_code_points(held_out())) / double(tokens->size());
  const double bits = fit.loss() / std::numbers::ln2 / characters;
  Report report{.measures = Json::object()
                                .set("loss", fit.loss())
                                .set("perplexity", fit.perplexity())
                                .set("bits_per_character", bits),
                .words = "loss " + show::brief(fit.loss(), 4) + ", perplexity " +
                         show::brief(fit.perplexity(), 2) + ", " + show::brief(bits, 3) +
                         " bits per character",
                .cost = fit.loss(),
                .count = fit.tokens,
                .counted = "tokens",
                .part = "validation",
                .origin = (chosen_.whole ? "of " : "of the last tenth of ") + source()};
  if (!sample) return report;
  std::vector<int64_t> first(1);
  tokens->read(0, first);
  report.samples = {
      {.source = "", .written = continued(stored, first[0], sample_tokens), .judged = false}};
  return report;
}

Report Lm::validate(const StoredModel& stored, int64_t) {
  return measured(stored, validation_windows, true);
}

/// Of a text all of the last tenth; of a file of ids, which may be very long, a million tokens of
/// it, unless the whole file is asked for.
Report Lm::test(const StoredModel& stored) {
  constexpr int64_t most_tokens = 1'000'000;
  const auto& model = as<LanguageModel>(*stored.model);
  const bool all = !file_ || chosen_.whole;
  return measured(stored, all ? 0 : most_tokens / window_length(model, kept_.length) + 1, false);
}

std::vector<Answer> Lm::answer(const StoredModel& stored, std::span<const std::string> texts,
                               const AskOptions& options) const {
  require(options.maps,
          "a language model goes on with a text: heed generate MODEL --prompt \"TEXT\"");
  const auto& tokenizer = stored.tokenizer("text");
  std::vector<Answer> answers;
  for (const auto& text : texts) {
    answers.push_back({.source = text});
    check_readable(tokenizer, text);
    const auto ids = tokenizer.encode(text);
    const int64_t most = as<LanguageModel>(*stored.model).context();
    require(most == 0 || int64_t(ids.size()) <= most, "the text has ", ids.size(),
            " tokens, the model reads at most ", most);
    const NoGrad guard;
    nn::AttentionMaps maps;
    as<LanguageModel>(*stored.model).forward(from_values(ids, {1, int64_t(ids.size())}), &maps);
    std::vector<std::string> pieces;
    for (const int64_t id : ids) pieces.push_back(tokenizer.piece(id));
    answers.back().maps = head_maps(maps, pieces, pieces, text);
    if (ids.size() < 2) continue;
    answers.back().maps.push_back(show::sensitivity_map(
        {pieces.begin(), pieces.end() - 1}, {pieces.begin() + 1, pieces.end()},
        show::sensitivity(as<LanguageModel>(*stored.model),
                          from_values(ids, {int64_t(ids.size())})),
        "sensitivity: " + text));
  }
  return answers;
}

}  // namespace heed::models
