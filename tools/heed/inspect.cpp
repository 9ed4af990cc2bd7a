#include "commands.h"
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

int inspect(const Arguments& arguments) {
  arguments.expect_texts(1, 1, "a MODEL: a model.json or a run's folder");
  const std::string path = model_path(arguments.texts()[0]);
  const StoredModel model = load_model(path);
  if (arguments.has("json")) {
    print_json(describe_json(model));
    return 0;
  }
  print_fields(("model " + model.model->type()).c_str(), model.model->config());
  print_fields("\ntask", model.task);
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
