#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "heed/core/io/safetensors.h"
#include "heed/models/data/token_source.h"
#include "heed/models/sentence_encoder.h"
#include "heed/models/show/text.h"
#include "heed/nn/summary.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

Json describe_json(const StoredModel& model) {
  Json parameters = Json::object();
  for (const auto& [name, value] : model.model->state_dict()) {
    parameters.set(name, Json::object()
                             .set("dtype", dtype_name(value.dtype()))
                             .set("shape", Json::array(value.shape())));
  }
  Json tokenizers = Json::object();
  for (const auto& [name, tokenizer] : model.tokenizers) {
    tokenizers.set(name,
                   Json::object().set("kind", tokenizer->kind()).set("tokens", tokenizer->size()));
  }
  const auto counts = nn::count_parameters(*model.model);
  return Json::object()
      .set("event", "model")
      .set("type", model.model->type())
      .set("config", model.model->config())
      .set("task", model.task)
      .set("tokenizers", std::move(tokenizers))
      .set("parameters", counts.total)
      .set("bytes", counts.bytes)
      .set("shapes", std::move(parameters));
}

void print_fields(const char* title, const Json& object) {
  print(std::string(title) + "\n");
  for (const auto& [name, value] : object.items()) {
    std::string line = "  " + name;
    line.resize(std::max(line.size() + 1, size_t{20}), ' ');
    const bool is_text = value.type() == Json::Type::string;
    print(line + (is_text ? shown(value.as_string()) : value.dump()) + "\n");
  }
}

/// Names, dtypes and shapes of a file that holds nothing but tensors.
void inspect_tensors(const std::string& path, bool json) {
  const auto tensors = list_safetensors(path);
  Json shapes = Json::object();
  int64_t numbers = 0;
  for (const auto& [name, dtype, shape] : tensors) {
    shapes.set(name,
               Json::object().set("dtype", dtype_name(dtype)).set("shape", Json::array(shape)));
    numbers += numel(shape);
  }
  if (json) {
    return print_json(Json::object()
                          .set("event", "tensors")
                          .set("parameters", numbers)
                          .set("shapes", std::move(shapes)));
  }
  for (const auto& [name, dtype, shape] : tensors) {
    print(shown(name) + "  " + dtype_name(dtype) + " " + text(shape) + "\n");
  }
  print(show::grouped(int64_t(tensors.size())) + " tensors, " + show::grouped(numbers) +
        " numbers\n");
}

/// What a file of heed tokens holds.
void inspect_tokens(const std::string& path, bool json) {
  const data::TokenFile file(path);
  const auto& tokenizer = *file.tokenizer();
  if (json) {
    return print_json(Json::object()
                          .set("event", "tokens")
                          .set("kind", tokenizer.kind())
                          .set("vocabulary", tokenizer.size())
                          .set("tokens", file.size()));
  }
  print("a file of tokens, for heed train lm --data\n  kind        " + tokenizer.kind() +
        "\n  tokens      " + show::grouped(file.size()) + "\n  vocabulary  " +
        show::grouped(tokenizer.size()) + "\n");
}

void print_tokenizers(const StoredModel& model) {
  for (const auto& [name, tokenizer] : model.tokenizers) {
    std::string line = "  " + name;
    line.resize(std::max(line.size() + 1, size_t{20}), ' ');
    print(line + show::grouped(tokenizer->size()) + " tokens, " + tokenizer->kind() + "\n");
  }
}

StoredModel stored_encoder(const std::string& folder) {
  SentenceEncoder encoder = read_sentence_encoder(folder);
  return {.model = std::make_unique<Bert>(std::move(encoder.model)),
          .tokenizers = {
              {"text", std::make_shared<data::WordPieceTokenizer>(std::move(encoder.tokenizer))}}};
}

int inspect(const Arguments& arguments) {
  arguments.expect_texts(1, 1,
                         "a MODEL: a model.json, a run's folder, that of a sentence encoder, a "
                         ".safetensors file, or a file of tokens");
  const std::string& place = arguments.texts()[0];
  const std::string path = model_path(place);
  if (path.ends_with(".safetensors")) {
    inspect_tensors(path, arguments.has("json"));
    return 0;
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored) && data::is_token_file(path)) {
    inspect_tokens(path, arguments.has("json"));
    return 0;
  }
  const StoredModel model = is_sentence_encoder(place) ? stored_encoder(place) : read_model(path);
  if (arguments.has("json")) {
    print_json(describe_json(model));
    return 0;
  }
  print_fields(("model " + model.model->type()).c_str(), model.model->config());
  if (!model.task.items().empty()) print_fields("\ntask", model.task);
  if (!model.tokenizers.empty()) print("\ntokenizers\n");
  print_tokenizers(model);
  print("\n" + nn::summary(*model.model));
  return 0;
}

}  // namespace

Command inspect_command() {
  return {.name = "inspect",
          .arguments = "MODEL",
          .help = "a model's configuration, layers, shapes and counts",
          .flags = {{"json", "", "the same as a line of JSON on stdout"}},
          .run = inspect};
}
