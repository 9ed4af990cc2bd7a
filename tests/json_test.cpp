#include <bit>
#include <clocale>
#include <cmath>
#include <limits>
#include <string>

#include "heed/core/error.h"
#include "heed/core/io/json.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace std::string_literals;

namespace {

Json parse(std::string_view text) { return parse_json(text, "model.json"); }

/// The document is refused with a FileError that says this.
void check_refused(std::string_view text, std::string_view part) {
  INFO(text);
  CHECK_THROWS_AS(parse(text), FileError);
  check_error([&] { parse(text); }, part);
}

std::string nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

const std::string sample =
    R"({"format":"heed","version":1,"model":{"type":"gpt","lr":3e-04,"flags":[true,false,null]},)"
    R"("names":["\"\\\b\f\n\r\t\u0001","é 漢 😀"],"numbers":[-0.0,0,-7,1e+300,1e-07,[]],"empty":{}})";

bool same_bits(double a, double b) { return a == b && std::signbit(a) == std::signbit(b); }

}  // namespace

TEST_CASE("json: a document survives reading and writing byte for byte") {
  CHECK(parse(sample).dump() == sample);
  CHECK(parse(parse(sample).dump(2)) == parse(sample));
  CHECK(parse(" [ 1 ,\n\t2 ] ").dump() == "[1,2]");
  CHECK(parse(R"("\ud83d\ude00\u00e9\/")").as_string() == "😀é/");
  CHECK(parse(R"("a\u0000b")").as_string() == "a\0b"s);
}

TEST_CASE("json: strings that stand for themselves, and others, as keys and values") {
  const std::string text =
      R"({"plain":"a b","":"","b\"":"c\"d","e\\":"f\\","é":"gé","\n":"hi\n","j":["k","\\\"","l"]})";
  CHECK(parse(text).dump() == text);
  CHECK(parse(R"({"\u0041b":"\u0041","c":"d\u0041"})").dump() == R"({"Ab":"A","c":"dA"})");
  const std::string quoted = '"' + std::string(1000, 'a') + '"';
  check_error([&] { parse("[" + quoted + ",]"); }, "model.json:1:1005: syntax error");
  check_error([&] { parse(quoted + "1" + quoted); }, "model.json:1:1004: syntax error");
  check_error([&] { parse("{" + quoted + ":1," + quoted + ":2}"); }, "model.json:1:2011: the obj");
  check_error([&] { parse("[" + quoted.substr(0, 900)); }, "model.json:1:901: syntax error");
  check_error([&] { parse("[" + quoted.substr(0, 900) + "\n\"]"); }, "model.json:1:902: syntax");
}

TEST_CASE("json: values are built and written in order") {
  Json json = Json::object();
  json.set("b", 1).set("a", Json::array({true, nullptr, "x", 2.5})).set("c", Json::object());
  json.set("b", std::string("again"));
  CHECK(json.dump() == R"({"b":"again","a":[true,null,"x",2.5],"c":{}})");
  CHECK(json.dump(2) ==
        "{\n  \"b\": \"again\",\n  \"a\": [true, null, \"x\", 2.5],\n  \"c\": {}\n}");
  CHECK(Json::array({Json::array({1}), Json::array()}).dump(1) == "[\n [1],\n []\n]");
  CHECK(Json::array(std::vector<int>{3, 4}).dump() == "[3,4]");
  CHECK(json != parse(R"({"a":[true,null,"x",2.5],"b":"again","c":{}})"));
  CHECK(Json(1) != Json(1.0));
}

TEST_CASE("json: misuse while building is an error") {
  Json number = 3, object = Json::object();
  check_error([&] { number.set("a", 1); }, "json: set(\"a\") needs an object, got 3");
  check_error([&] { object.push(1); }, "json: push() needs an array, got an object of 0");
  check_error([] { Json json(std::numeric_limits<uint64_t>::max()); }, "18446744073709551615");
}

TEST_CASE("json: numbers come back exactly") {
  constexpr auto highest = std::numeric_limits<int64_t>::max();
  constexpr auto lowest = std::numeric_limits<int64_t>::min();
  for (const int64_t value : {int64_t{0}, int64_t{-1}, highest, lowest})
    CHECK(parse(Json(value).dump()).as_int() == value);
  for (const double value : {0.0, -0.0, 0.1, 1.0, -3e22, 5e-324, 1.7976931348623157e308, 1e15}) {
    const Json back = parse(Json(value).dump());
    CHECK(back.type() == Json::Type::number);
    CHECK(same_bits(back.as_double(), value));
  }
  CHECK(parse("7").as_double() == 7.0);
  CHECK(Json(1.0).dump() == "1.0");
  CHECK(parse("1e-400").as_double() == 0.0);
}

TEST_CASE("json: floats are written shortly and come back exactly") {
  CHECK(Json(0.1f).dump() == "0.1");
  CHECK(Json(16777216.0f).dump() == "16777216.0");
  uint32_t bits = 1;
  for (int i = 0; i < 20000; ++i) {
    bits = bits * 1664525u + 1013904223u;
    const float value = std::bit_cast<float>(bits);
    if (std::isfinite(value)) REQUIRE(float(parse(Json(value).dump()).as_double()) == value);
  }
}

TEST_CASE("json: a comma locale changes nothing") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // does nothing where it is not installed
  CHECK(parse("[0.5,1e3]").dump() == "[0.5,1000.0]");
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("json: numbers that cannot be right are refused") {
  for (const char* text : {"1e30", "3.0", "1e3", "-1.5", "9223372036854775808"})
    check_error([&] { parse(text).as_int(); }, "expected an integer, got ");
  CHECK(parse("-1").as_int() == -1);
  CHECK(parse("18446744073709551615").as_double() == 18446744073709551615.0);
  check_refused("1e999", "model.json:1:5: a number is out of double's range");
  for (const char* text : {"NaN", "nan", "Infinity", "-inf", "01", "1.", ".5", "+1", "0x10", "1e"})
    check_refused(text, "model.json:1:");
}

TEST_CASE("json: what JSON cannot hold is not written") {
  Json model = Json::object();
  model.set("x", Json::array({1.0, std::nan("")}));
  const Json root = Json::object().set("model", model);
  check_error([&] { root.dump(); }, "json: model.x[1]: nan cannot be written as JSON");
  CHECK_THROWS_AS(Json(HUGE_VAL).dump(), Error);
  CHECK_THROWS_AS(Json(-HUGE_VALF).dump(), Error);
  check_error([] { Json::array({"a\xff"}).dump(); }, "json: [0]: the text is not valid UTF-8");
  check_error([] { Json::object().set("\xc0", 1).dump(); }, "is not valid UTF-8");
}

TEST_CASE("json: depth is bounded in both directions") {
  CHECK(parse(nested(32)).dump() == nested(32));
  check_refused(nested(33), "model.json:1:33: nested deeper than 32 levels");
  check_refused(std::string(5000000, '['), "nested deeper");
  Json json = 1;
  for (int i = 0; i < 33; ++i) json = Json::array({json});
  check_error([&] { json.dump(); }, "nested deeper than 32 levels");
  CHECK(json.elements().front().dump().size() == 65);
}

TEST_CASE("json: every truncation of a document is refused") {
  for (size_t length = 0; length < sample.size(); ++length)
    check_refused(sample.substr(0, length), "model.json:1:");
}

TEST_CASE("json: every changed byte is refused or harmless") {
  for (size_t at = 0; at < sample.size(); ++at)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = sample;
      changed[at] = char(byte);
      try {
        const Json json = parse(changed);
        REQUIRE(parse(json.dump()) == json);
      } catch (const FileError&) {
      }
    }
}

TEST_CASE("json: documents that are not strict JSON are refused where they go wrong") {
  check_refused("{\n \"a\": 1,\n \"b\": 2,\n \"a\": 3\n}",
                "model.json:5:1: the object that ends here has the key \"a\" twice");
  check_refused(R"({"a":{"x":1,"y":2,"x":1}})",
                "1:24: the object that ends here has the key \"x\"");
  check_refused("[1] x", "model.json:1:5: syntax error");
  check_refused("{}{}", "model.json:1:3: syntax error");
  check_refused("1 2", "syntax error");
  check_refused("", "model.json:1:1: syntax error");
  check_refused({}, "model.json:1:1: syntax error");
  check_refused(" \n ", "syntax error");
  check_refused("[1,\n2,\n]", "model.json:3:1: syntax error");
  check_refused("[1] // note", "syntax error");
  check_refused("{a:1}", "syntax error");
  check_refused("['a']", "syntax error");
  check_refused("[1]\0"s, "model.json:1:4: a zero byte");
  check_refused("[1]\0]"s, "a zero byte");
  check_refused("\"a\nb\"", "control character");
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800x")"})
    check_refused(text, "surrogate");
  for (const char* text : {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf5\x80\x80\x80\"",
                           "\"\xe2\x82\"", "\"a\x80\"", "\xff"})
    check_refused(text, "model.json:1:");
  check_refused(R"("\x41")", "forbidden character");
}

TEST_CASE("json: messages stay short and free of the document's bytes") {
  const std::string bad = '"' + std::string(100000, 'a') + "\x1b[31m";
  try {
    parse(bad);
    FAIL("accepted");
  } catch (const FileError& error) {
    CHECK(std::string_view(error.what()).size() < 200);
    CHECK(std::string_view(error.what()).find('\x1b') == std::string_view::npos);
  }
  const Json hostile = parse(R"({"a\u001b[31m":1})");
  check_error([&] { JsonReader(hostile, "f").items()[0].second.as_string(); },
              R"(f: "a\u001b[31m": expected a string, got 1)");
  check_error([] { Json(std::string(39, 'a') + "é").as_int(); },
              "got \""s + std::string(39, 'a') + "\"...");
}

TEST_CASE("json: the number of values is bounded") {
  CHECK(parse_json("[1,2,3]", "f", 4).elements().size() == 3);
  check_error([] { parse_json("[1,2,3]", "f", 3); }, "f:1:7: more than 3 values");
  check_error([] { parse_json("[[[]]]", "f", 2); }, "more than 2 values");
}

TEST_CASE("json: reading with the wrong type names the place") {
  const Json json = parse(R"({"model":{"config":{"hidden_size":"abc","sizes":[1,2.5]}}})");
  const JsonReader root(json, "model.json");
  const JsonReader config = root.at("model").at("config");
  const std::string path = "model.json: model.config";
  CHECK(config.path() == path);
  check_error([&] { config.at("hidden_size").as_int(); },
              path + ".hidden_size: expected an integer, got \"abc\"");
  check_error([&] { config.at("sizes").at(1).as_int(); },
              path + ".sizes[1]: expected an integer, got 2.5");
  check_error([&] { config.at("sizes").elements()[0].as_bool(); },
              path + ".sizes[0]: expected true or false, got 1");
  check_error([&] { config.at("sizes").at(2); }, path + ".sizes: expected more than 2 values");
  check_error([&] { config.at("sizes").as_string(); }, "expected a string, got an array of 2");
  check_error([&] { config.as_double(); }, path + ": expected a number, got an object of 2");
  check_error([&] { config.elements(); }, path + ": expected an array");
  check_error([&] { config.at("hidden_size").items(); }, "expected an object, got \"abc\"");
  check_error([&] { config.at("missing"); }, path + ": \"missing\" is missing");
  check_error([&] { root.at(0); }, "model.json: expected an array, got an object of 1");
  check_error([&] { config.allow_only({"sizes"}); }, path + ": unknown keys: hidden_size");
  config.allow_only({"hidden_size", "sizes", "optional"});
  CHECK_FALSE(config.find("optional"));
  CHECK(config.find("sizes")->at(0).as_int() == 1);
}

TEST_CASE("json: one long string and many keys are read in a reasonable time") {
  const Json json = Json::array({std::string(20'000'000, 'A')});
  CHECK(parse(json.dump()) == json);
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
  CHECK(parse(text + "\"x\":1}").items().size() == 200'001);
}
