#include <algorithm>
#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/io/utf8.h"
#include "heed/models/show/attention_map.h"
#include "heed/models/show/attention_page.h"
#include "heed/models/show/attention_svg.h"
#include "heed/models/show/progress.h"
#include "heed/models/show/terminal.h"
#include "heed/models/show/text.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed::show;

namespace {

const std::string hostile = "</script><img src=x onerror=alert(1)>";

std::vector<std::string> letters(std::string_view text) {
  std::vector<std::string> out;
  for (char c : text) out.emplace_back(1, c);
  return out;
}

// The map of a reversed word: most of the weight on the anti-diagonal.
AttentionMap reversed(std::string_view word) {
  AttentionMap map{.source = letters(word)};
  map.target.assign(map.source.rbegin(), map.source.rend());
  const std::size_t n = map.source.size();
  for (std::size_t t = 0; t < n; ++t)
    for (std::size_t s = 0; s < n; ++s)
      map.weights.push_back(t + s == n - 1 ? 0.91 : 0.09 / static_cast<double>(n - 1));
  map.title = "reversed " + std::string(word);
  return map;
}

AttentionMap with_token(const std::string& token) {
  return {.source = {token, "b"}, .target = {token}, .weights = {0.75, 0.25}, .title = token};
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    out.push_back(text.substr(at, end - at));
    at = end == text.npos ? end : end + 1;
  }
  return out;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; });
}

}  // namespace

TEST_CASE("counts agree with what is counted, and numbers stay short") {
  CHECK(counted(1, "examples") == "1 example");
  CHECK(counted(0, "examples") == "0 examples");
  CHECK(counted(2000, "examples") == "2,000 examples");
  CHECK(brief(12.345, 2) == fixed(12.345, 2));
  CHECK(brief(0, 4) == "0.0000");
  CHECK(brief(1e30, 4) == "1.00e+30");
  CHECK(brief(-2.5e-9, 4) == "-2.50e-09");
  CHECK(brief(NAN, 2) == "nan");
  CHECK(brief(INFINITY, 2) == "inf");
}

TEST_CASE("a reversed word draws an anti-diagonal") {
  CHECK(draw(reversed("heed"), {.unicode = false}) ==
        "reversed heed\n"
        "   h e e d\n"
        "  +--------+\n"
        "d |      ##|\n"
        "e |    ##  |\n"
        "e |  ##    |\n"
        "h |##      |\n"
        "  +--------+\n"
        "   .. 0.05   :: 0.2   ++ 0.4   ## 0.7 or more\n");
  const auto picture = lines(draw(reversed("he")));
  REQUIRE(picture.size() == 7);
  CHECK(picture[2] == "  ┌────┐");
  CHECK(picture[3] == "e │░░██│");
  CHECK(picture[4] == "h │██░░│");
  const std::string coloured = draw(reversed("he"), {.colour = true});
  CHECK(coloured.find("e │\x1b[48;5;53m  \x1b[48;5;222m  \x1b[0m│\n") != coloured.npos);
}

TEST_CASE("of many columns that count on, each twelfth is labelled") {
  AttentionMap map{.target = {"+1"}, .weights = std::vector<double>(48, 0.02)};
  for (int i = 48; i > 0; --i) map.source.push_back(std::to_string(-i));
  const auto counted = lines(draw(map, {.unicode = false, .width = 200}));
  REQUIRE(counted.size() > 3);
  CHECK(std::count(counted[0].begin(), counted[0].end(), '-') == 4);
  CHECK(counted[1].find("4") == counted[0].find("-"));
  map.source[7] = "7";  // these do not count on: all are labelled
  const auto all = lines(draw(map, {.unicode = false, .width = 200}));
  CHECK(std::count(all[0].begin(), all[0].end(), '-') == 38);
}

TEST_CASE("titles in ASCII have arrows") {
  CHECK(printable_line("abc → cba …", false) == "abc -> cba ...");
  CHECK(printable("→", false) == "?");
}

TEST_CASE("words stand upright over their columns, and rows align by display width") {
  const AttentionMap map{.source = {"the", "猫", " cat"},
                         .target = {"la", "猫猫", "e\u0301"},
                         .weights = {1, 0, 0, 0, 1, 0, 0, 0, 0.5}};
  CHECK(draw(map) ==
        "          ␣\n"
        "      t   c\n"
        "      h   a\n"
        "      e 猫t\n"
        "     ┌──────┐\n"
        "  la │██    │\n"
        "猫猫 │  ██  │\n"
        "   e\u0301 │    ▓▓│\n"
        "     └──────┘\n"
        "      ░░ 0.05   ▒▒ 0.2   ▓▓ 0.4   ██ 0.7 or more\n");
}

TEST_CASE("a wide map comes in panels that fit the width") {
  AttentionMap map{.source = letters("the third of May, nineteen seventy-nine"),
                   .target = letters("1979-05-03")};
  map.weights.assign(map.source.size() * map.target.size(), 0.02);
  const std::string narrow = draw(map, {.width = 30});
  CHECK(count(narrow, "┌") == 2);
  for (const std::string& line : lines(narrow))
    if (line.find("or more") == line.npos) CHECK(heed::display_width(line) <= 30);
  CHECK(count(draw(map, {.width = 80}), "┌") == 1);
  CHECK(count(draw(map, {.width = 0}), "┌") == map.source.size());
}

TEST_CASE("a map is checked") {
  AttentionMap map = reversed("abc");
  map.weights.pop_back();
  check_error([&] { validate(map); }, "3 target x 3 source tokens need as many weights, got 8");
  for (double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -0.5, 1.5}) {
    map.weights = reversed("abc").weights;
    map.weights[5] = bad;
    check_error([&] { validate(map); }, "weight of target 1, source 2 must lie in [0, 1], got ");
    check_error([&] { draw(map); }, "AttentionMap");
    check_error([&] { svg(map); }, "AttentionMap");
  }
  const AttentionMap empty;
  CHECK(draw(empty).find("or more") != std::string::npos);
  CHECK(svg(empty).find("</svg>") != std::string::npos);
  check_error([] { validate({.target = {"a"}, .weights = {1}}); }, "got 1");
}

TEST_CASE("tokens never reach a terminal raw") {
  CHECK(printable("a b\x1b[31m\n\x7f") == "a␣b␛[31m␊␡");
  CHECK(printable("a b\x1bé", false) == "a_b??");
  CHECK(printable_line("a b") == "a b");
  CHECK(printable("\xff\xc0\xaf\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(printable("\u202Eabc\u009B") == "\uFFFDabc\uFFFD");
  CHECK(printable("\u0301") == "◌\u0301");
  CHECK(printable(std::string(1, '\0')) == "␀");
  for (const char* token : {"\x1b[2J\x1b]0;owned\a", "a\rb", "\u009b31m", "\xc2", "\t", ""}) {
    CHECK_FALSE(has_control(draw(with_token(token))));
    CHECK_FALSE(has_control(draw(with_token(token), {.unicode = false})));
    CHECK_FALSE(has_control(svg(with_token(token))));
  }
}

TEST_CASE("an SVG map is small, complete and inert") {
  const std::string picture = svg(reversed("attentions"));
  CHECK(picture.size() < 20'000);
  CHECK(count(picture, "<title>") == 101);
  CHECK(picture.find("<title>s ← a 0.010</title>") != picture.npos);
  CHECK(picture.find("fill-opacity=\"0.910\"><title>s ← s 0.910</title>") != picture.npos);
  CHECK(picture.find("prefers-color-scheme:dark") != picture.npos);
  CHECK(picture == svg(reversed("attentions")));
  const std::string attacked = svg(with_token(hostile));
  CHECK(attacked.find("<img") == attacked.npos);
  CHECK(attacked.find("</script") == attacked.npos);
  CHECK(svg_for_page(reversed("ab")).find("<style>") == std::string::npos);
}

TEST_CASE("an attention page asks for nothing and runs nothing that is not its own") {
  const std::vector<AttentionMap> maps = {reversed("abc"), with_token(hostile),
                                          with_token("\"\\\x1b")};
  const std::string page = attention_page(maps, "<title> & " + hostile);
  CHECK(page.find("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                  "img-src data:\">") != page.npos);
  CHECK(page.find("<title>&lt;title&gt; &amp; &lt;/script") != page.npos);
  CHECK(page.find("<img") == page.npos);
  CHECK(count(page, "</script>") == 2);
  CHECK(count(page, "<section>") == 3);
  CHECK(count(page, "<svg ") == 3);
  CHECK(count(page, "<table>") == 3);
  CHECK(page.find("\"source\":[\"\\\"\\\\␛\",\"b\"]") != page.npos);
  CHECK(page.find("\\u003c/script\\u003e\\u003cimg␣src=x") != page.npos);
  CHECK(page.find("dataset.ready = '1'") != page.npos);
  CHECK(count(page, "http") ==
        count(page, "http-equiv") + count(page, "http://www.w3.org/2000/svg"));
  CHECK(page == attention_page(maps, "<title> & " + hostile));
  CHECK_FALSE(has_control(page));
}

TEST_CASE("an attention page shows layers and heads in one picture, self-attention as a graph") {
  std::vector<AttentionMap> maps;
  for (const char* head : {"1", "2", "3"}) {
    maps.push_back({.source = letters("abc"),
                    .target = letters("abc"),
                    .weights = {1, 0, 0, 0.7, 0.3, 0, 0.01, 0.49, 0.5},
                    .title = std::string("head ") + head,
                    .layer = "1",
                    .head = head,
                    .self = true});
  }
  maps.push_back(reversed("abc"));
  std::string page = attention_page(maps, "t");
  CHECK(count(page, "<section>") == 2);
  CHECK(count(page, "class=\"graph\"") == 1);
  CHECK(count(page, "class=\"node\"") == 3);
  // Edges from b to a and from c to b; c to a is too faint. Nothing leads forwards.
  CHECK(count(page, "<path d=") == 2);
  CHECK(page.find("stroke-width=\"3.10\" stroke-opacity=\"0.700\"") != page.npos);
  CHECK(page.find("data-reach=\"130\" data-top=\"25\"") != page.npos);
  CHECK(count(page, "<button type=\"button\" disabled>") == 3);
  CHECK(page.find("</svg>1.3</button>") != page.npos);
  CHECK(count(page, "\"packed\":\"") == 3);
  CHECK(page.find("\"packed\":\"//8AAAAAM7PNTAAAjwJwfQCA\"") != page.npos);
  CHECK(page == attention_page(maps, "t"));

  const auto width = [](const std::string& text) {
    const std::string before = "as a graph\" width=\"";
    return std::stoi(text.substr(text.find(before) + before.size()));
  };
  const int one_sided = width(page);
  maps[1].weights = {0.5, 0.5, 0, 0, 1, 0, 0, 0, 1};
  page = attention_page(maps, "t");
  CHECK(width(page) == one_sided + 130);

  maps[0].target[0] = "x";
  check_error([&] { attention_page(maps, "t"); }, "a target equal to its source");
  AttentionMap attacked{.source = {hostile, "\"\\\x1b"},
                        .target = {hostile, "\"\\\x1b"},
                        .weights = {0.5, 0.5, 0.5, 0.5},
                        .layer = hostile,
                        .head = hostile,
                        .self = true};
  page = attention_page(std::vector{attacked, attacked}, "t");
  CHECK(page.find("<img") == page.npos);
  CHECK(count(page, "</script>") == 2);
  CHECK_FALSE(has_control(page));
}

TEST_CASE("an attention page has a largest size") {
  AttentionMap map{.source = std::vector<std::string>(501, "a"),
                   .target = std::vector<std::string>(500, "b"),
                   .weights = std::vector<double>(501 * 500, 0)};
  check_error([&] { attention_page(std::vector{map}, "large"); },
              "1 maps have 250500 weights together, a page takes at most 250000");
}

TEST_CASE("pictures are the same in a locale with decimal commas") {
  const AttentionMap map = reversed("abc");
  const std::string before = draw(map) + svg(map) + attention_page(std::vector{map}, "t");
  const ProgressFields fields{.step = 1, .total = 2, .loss = 0.5, .lr = 1e-3};
  const std::string line = progress_line(fields);
  const std::string old = std::setlocale(LC_ALL, nullptr);
  const bool there = std::setlocale(LC_ALL, "de_DE.UTF-8") || std::setlocale(LC_ALL, "fr_FR.UTF-8");
  if (!there) WARN("no locale with decimal commas is installed here");
  CHECK(draw(map) + svg(map) + attention_page(std::vector{map}, "t") == before);
  CHECK(progress_line(fields) == line);
  std::setlocale(LC_ALL, old.c_str());
}

TEST_CASE("colour and characters follow the environment") {
  const TerminalFacts file;
  const TerminalFacts terminal{.is_terminal = true, .term = "xterm"};
  CHECK_FALSE(wants_colour(file));
  CHECK(wants_colour(terminal));
  TerminalFacts facts = terminal;
  facts.no_color = "1";
  CHECK_FALSE(wants_colour(facts));
  CHECK(can_redraw(facts));
  facts.clicolor_force = "1";
  CHECK_FALSE(wants_colour(facts));
  facts = terminal;
  facts.term = "dumb";
  CHECK_FALSE(wants_colour(facts));
  CHECK_FALSE(can_redraw(facts));
  facts = file;
  facts.clicolor_force = "1";
  CHECK(wants_colour(facts));
  CHECK_FALSE(can_redraw(facts));
  facts.clicolor_force = "0";
  CHECK_FALSE(wants_colour(facts));

  const auto unicode = [](const char* locale) { return wants_unicode({.locale = locale}); };
  CHECK(unicode(""));
  CHECK(unicode("en_US.UTF-8"));
  CHECK(unicode("C.utf8"));
  CHECK_FALSE(unicode("C"));
  CHECK_FALSE(unicode("de_DE.ISO-8859-1"));
}
