#include "heed/models/show/attention_page.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "heed/core/error.h"
#include "heed/core/io/base64.h"
#include "heed/core/io/html.h"
#include "heed/core/io/json.h"
#include "heed/models/show/attention_graph.h"
#include "heed/models/show/attention_page_parts.h"
#include "heed/models/show/attention_svg.h"
#include "heed/models/show/text.h"

namespace heed::show {
namespace {

constexpr std::size_t most_drawn = 250'000;  // weights with a cell of their own
constexpr std::size_t most_packed = 1'000'000;

using Maps = std::span<const AttentionMap>;

std::string heading(const AttentionMap& map) {
  return map.title.empty() ? "Attention map" : printable_line(map.title);
}

/// The maps in groups: layers and heads over the same tokens share a picture.
std::vector<Maps> groups(Maps maps) {
  std::vector<Maps> groups;
  for (std::size_t begin = 0, end = 0; begin < maps.size(); begin = end) {
    const AttentionMap& first = maps[begin];
    const auto joins = [&](const AttentionMap& map) {
      return !first.layer.empty() && !map.layer.empty() && map.self == first.self &&
             map.source == first.source && map.target == first.target;
    };
    for (end = begin + 1; end < maps.size() && joins(maps[end]);) ++end;
    groups.push_back(maps.subspan(begin, end - begin));
  }
  return groups;
}

void check(Maps maps, std::span<const Maps> groups) {
  std::size_t packed = 0, drawn = 0;
  for (const AttentionMap& map : maps) {
    validate(map);
    require(!map.self || map.source == map.target,
            "attention_page: a map of self-attention needs a target equal to its source");
    packed += map.weights.size();
  }
  for (const Maps& group : groups) drawn += group[0].weights.size();
  const auto most = drawn > most_drawn ? most_drawn : most_packed;
  require(drawn <= most_drawn && packed <= most_packed, "attention_page: ", maps.size(),
          " maps have ", packed, " weights together, a page takes at most ", most);
}

std::string table(const AttentionMap& map) {
  std::string out =
      "<details><summary>Table of weights</summary>\n"
      "<div class=\"table card\" tabindex=\"0\" role=\"region\" aria-label=\"weights\"><table>\n"
      "<tr><th scope=\"col\">target \\ source</th>";
  for (const std::string& token : map.source)
    out += "<th scope=\"col\">" + escape_html(printable(token)) + "</th>";
  out += "</tr>\n";
  for (std::size_t t = 0; t < map.target.size(); ++t) {
    out += "<tr><th scope=\"row\">" + escape_html(printable(map.target[t])) + "</th>";
    for (std::size_t s = 0; s < map.source.size(); ++s)
      out += "<td>" + fixed(std::max(map.at(t, s), 0.0), 3) + "</td>";
    out += "</tr>\n";
  }
  return out + "</table></div></details>\n";
}

/// Small pictures of all layers and heads; buttons once the script runs.
std::string thumbnails(Maps group) {
  if (group.size() < 2) return "";
  std::string out = "<div class=\"thumbs\">\n";
  for (const AttentionMap& map : group)
    out += "<button type=\"button\" disabled>" + thumbnail_for_page(map) +
           escape_html(printable_line(map.layer + "." + map.head)) + "</button>\n";
  return out + "</div>\n";
}

bool looks_forwards(Maps group) {
  for (const AttentionMap& map : group)
    for (std::size_t t = 0; t < map.target.size(); ++t)
      for (std::size_t s = t + 1; s < map.source.size(); ++s)
        if (map.at(t, s) >= 0.02) return true;
  return false;
}

std::string section(Maps group) {
  const AttentionMap& map = group[0];
  return "<section>\n<h2>" + escape_html(heading(map)) +
         "</h2>\n<div class=\"pair\">\n<div class=\"heat-card card\">" + svg_for_page(map) +
         "</div>\n<div class=\"links card\">" +
         (map.self ? graph_for_page(map, looks_forwards(group)) : "") + "</div>\n</div>\n" +
         thumbnails(group) + table(map) + "</section>\n";
}

Json printable_tokens(const std::vector<std::string>& tokens) {
  Json out = Json::array();
  for (const std::string& token : tokens) out.push(printable(token));
  return out;
}

/// 16 bits for each weight, the lower byte first, as base64.
std::string packed(const AttentionMap& map) {
  std::vector<std::byte> bytes;
  for (const double weight : map.weights) {
    const auto level = static_cast<unsigned>(std::lround(std::clamp(weight, 0.0, 1.0) * 65535));
    bytes.push_back(static_cast<std::byte>(level & 255));
    bytes.push_back(static_cast<std::byte>(level >> 8));
  }
  return base64_encode(bytes);
}

/// Four digits are more than a screen can show.
Json rounded(const AttentionMap& map) {
  Json weights = Json::array();
  for (double weight : map.weights) weights.push(std::round(std::max(weight, 0.0) * 1e4) / 1e4);
  return weights;
}

// What the script reads.
Json page_data(std::span<const Maps> groups) {
  Json out = Json::array();
  for (const Maps& group : groups) {
    Json maps = Json::array();
    for (const AttentionMap& map : group) {
      Json one = Json::object();
      one.set("title", heading(map));
      if (!map.layer.empty())
        one.set("layer", printable_line(map.layer)).set("head", printable_line(map.head));
      if (group.size() > 1)
        one.set("packed", packed(map));
      else
        one.set("weights", rounded(map));
      maps.push(std::move(one));
    }
    out.push(Json::object()
                 .set("source", printable_tokens(group[0].source))
                 .set("target", printable_tokens(group[0].target))
                 .set("self", group[0].self)
                 .set("maps", std::move(maps)));
  }
  return out;
}

std::string explanation(Maps maps) {
  std::string out =
      "<p>Each row is a token that was written or that reads; its cells show how strongly each "
      "source token was read for it.";
  if (std::ranges::any_of(maps, &AttentionMap::self))
    out +=
        " Beside it tokens are nodes, and lines lead from the token that reads: on the left to "
        "earlier ones, on the right to later ones. The dot is what a token reads of itself.";
  return out + "</p>\n";
}

}  // namespace

std::string attention_page(std::span<const AttentionMap> maps, std::string_view title) {
  const std::vector<Maps> grouped = groups(maps);
  check(maps, grouped);
  const std::string name = escape_html(printable_line(title));
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>";
  out += name + "</title>\n<style>";
  out.append(page_style()).append(svg_style()) +=
      "</style>\n</head>\n<body>\n<h1>" + name + "</h1>\n" + explanation(maps) + "<nav></nav>\n";
  for (const Maps& group : grouped) out += section(group);
  out += "<script type=\"application/json\" id=\"maps\">" + json_for_script(page_data(grouped)) +
         "</script>\n<script>\n";
  return out.append(page_script()) + "</script>\n</body>\n</html>\n";
}

}  // namespace heed::show
