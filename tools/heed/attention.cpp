#include <filesystem>

#include "commands.h"
#include "heed/core/io/files.h"
#include "heed/models/show/attention_page.h"
#include "heed/models/show/attention_svg.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

Json map_json(const show::AttentionMap& map) {
  Json rows = Json::array();
  for (size_t t = 0; t < map.target.size(); ++t) {
    const auto row = std::span(map.weights).subspan(t * map.source.size(), map.source.size());
    rows.push(Json::array(row));
  }
  return Json::object()
      .set("event", "attention")
      .set("source", Json::array(map.source))
      .set("target", Json::array(map.target))
      .set("weights", std::move(rows));
}

void write_files(const std::string& folder, std::span<const show::AttentionMap> maps) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail<IoError>(folder, ": cannot make the folder: ", error.message());
  const auto path = [&](const char* name) {
    return (std::filesystem::path(folder) / name).string();
  };
  write_file_atomic(path("attention.html"), show::attention_page(maps, maps[0].title));
  write_file_atomic(path("attention.svg"), show::svg(maps[0]));
  complain("written: " + path("attention.html") + ", " + path("attention.svg"));
}

int draw_attention(const Arguments& arguments) {
  arguments.expect_texts(2, 2, "a MODEL and a TEXT");
  const LoadedModel loaded = load(arguments.texts()[0]);
  const auto answers =
      loaded.task->answer(loaded.stored, std::span(arguments.texts()).subspan(1), {.maps = true});
  require(answers[0].error.empty(), answers[0].error);
  const auto& maps = answers[0].maps;
  require(!maps.empty(), loaded.path, ": there is no attention to show: ",
          answers[0].text.empty() ? "the model writes nothing"
                                  : "a " + loaded.stored.model->type() + " does not attend");
  const auto& map = maps[0];
  if (arguments.has("json")) {
    print_json(map_json(map));
  } else {
    print(drawn(map));
  }
  if (const auto folder = arguments.text("out")) write_files(*folder, maps);
  return 0;
}

}  // namespace

Command attention_command() {
  return {.name = "attention",
          .arguments = "MODEL TEXT",
          .help = "where a model looks while it writes",
          .flags = {{"out", "DIR", "write attention.html and attention.svg there"},
                    {"json", "", "the weights as a line of JSON on stdout"}},
          .run = draw_attention};
}
