#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "heed/core/io/files.h"
#include "heed/models/sentence_encoder.h"
#include "heed/models/show/attention_page.h"
#include "heed/models/show/attention_svg.h"
#include "heed/models/show/text.h"
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

std::vector<show::AttentionMap> maps_of(const std::string& model, const std::string& text) {
  if (is_sentence_encoder(model)) {
    const auto [tokens, maps] = read_sentence_encoder(model).attention(text);
    return head_maps(maps, tokens, tokens, text);
  }
  const LoadedModel loaded = load(model);
  const auto answers = loaded.task->answer(loaded.stored, std::span(&text, 1), {.maps = true});
  require(answers[0].error.empty(), answers[0].error);
  require(!answers[0].maps.empty(), loaded.path, ": there is no attention to show: ",
          answers[0].text.empty() ? "the model writes nothing"
                                  : "a " + loaded.stored.model->type() + " does not attend");
  return answers[0].maps;
}

/// Does the piece of a tokenizer spell the word? "Ġcat" and "##cat" do.
bool spells(std::string_view piece, std::string_view word) {
  for (const std::string_view mark : {"Ġ", "##"}) {
    if (piece.starts_with(mark)) piece.remove_prefix(mark.size());
  }
  return piece == word;
}

/// Where one token looked in each layer and head, a row each.
show::AttentionMap of_token(std::span<const show::AttentionMap> maps, const std::string& token) {
  const auto& tokens = maps[0].target;
  std::string all;
  for (const auto& other : tokens) all += (all.empty() ? "" : " ") + show::printable(other);
  auto place = std::find(tokens.begin(), tokens.end(), token);
  if (place == tokens.end()) {
    place = std::find_if(tokens.begin(), tokens.end(),
                         [&](const auto& piece) { return spells(piece, token); });
  }
  require(place != tokens.end(), "there is no token ", shown(token), " among ", all);
  const size_t row = size_t(place - tokens.begin());
  show::AttentionMap result{.source = maps[0].source, .title = token + ", by layer.head"};
  for (const auto& map : maps) {
    if (map.layer.empty() || map.head == "mean" || map.source != result.source ||
        map.target != tokens)
      continue;
    result.target.push_back(map.layer + "." + map.head);
    const auto weights = std::span(map.weights).subspan(row * map.source.size(), map.source.size());
    result.weights.insert(result.weights.end(), weights.begin(), weights.end());
  }
  require(!result.target.empty(), "attention: --token: this model attends once, without heads");
  return result;
}

/// The heads that there are, for a message.
std::string known_heads(std::span<const show::AttentionMap> maps) {
  std::string known;
  for (const auto& map : maps) {
    if (map.layer.empty() || map.head == "mean") continue;
    known += (known.empty() ? "" : ", ") + map.layer + "." + map.head;
  }
  return known;
}

/// The map that the flags choose.
show::AttentionMap chosen(const std::vector<show::AttentionMap>& maps, const Arguments& arguments) {
  if (const auto token = arguments.text("token")) return of_token(maps, *token);
  const auto layer = arguments.integer("layer", 1), head = arguments.integer("head", 1);
  if (!layer && !head) return maps[0];
  if (!layer || !head) arguments.refuse("--layer and --head belong together");
  for (const auto& map : maps) {
    if (map.layer == text(*layer) && map.head == text(*head)) return map;
  }
  const std::string known = known_heads(maps);
  require(!known.empty(), "attention: --layer and --head: this model attends once, without heads");
  fail("attention: --layer ", *layer, " --head ", *head, ": there is no such head; there are ",
       known, " (layer.head)");
}

int draw_attention(const Arguments& arguments) {
  arguments.expect_texts(2, 2, "a MODEL and a TEXT");
  const auto maps = maps_of(arguments.texts()[0], arguments.texts()[1]);
  const auto map = chosen(maps, arguments);
  if (arguments.has("json")) {
    print_json(map_json(map));
  } else {
    print(drawn(map));
  }
  if (const auto folder = arguments.text("out")) write_files(*folder, maps);
  return 0;
}

std::string details(const Arguments& arguments) {
  if (arguments.texts().empty()) return "heed attention MODEL --help says what that model reads.\n";
  if (is_sentence_encoder(arguments.texts()[0])) return "This sentence encoder reads a text.\n";
  const LoadedModel loaded = load(arguments.texts()[0]);
  return loaded.path + ", a " + loaded.stored.model->type() + ", reads " +
         loaded.task->question().words + ".\n";
}

}  // namespace

Command attention_command() {
  return {.name = "attention",
          .arguments = "MODEL TEXT",
          .help = "where a model looks while it writes, or a sentence encoder while it reads",
          .flags = {{"layer", "N", "with --head: that head (else the mean of the last layer's)"},
                    {"head", "N", "which head of the layer, from 1"},
                    {"token", "TOKEN", "what this token attends to, by layer and head"},
                    {"out", "DIR", "write attention.html and attention.svg there"},
                    {"json", "", "the weights as a line of JSON on stdout"}},
          .run = draw_attention,
          .details = details};
}
