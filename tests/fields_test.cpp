#include "heed/models/fields.h"

#include <cmath>

#include "heed/core/error.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::models;

namespace {

struct NetConfig {
  int64_t hidden = 256;
  double dropout = 0.1;
  bool bias = true;
  std::string cell = "lstm";
  std::string note = "";

  template <class V>
  void fields(V& visit) {
    visit("hidden", hidden, {.min = 1, .max = 65536}, "units of the decoder");
    visit("dropout", dropout, {.min = 0, .max = 0.9}, "share of zeroed inputs");
    visit("bias", bias, "adds a bias");
    visit("cell", cell, {"lstm", "gru"}, "recurrent cell");
    visit("note", note, {}, "anything");
  }
};

NetConfig read(std::string_view text, Absent absent) {
  NetConfig config;
  const Json json = parse_json(text, "net.json");
  read_fields(list_fields(config), JsonReader(json, "net.json"), absent);
  return config;
}

NetConfig set(std::string_view name, std::string_view text) {
  NetConfig config;
  set_field(list_fields(config), name, text);
  return config;
}

}  // namespace

TEST_CASE("fields become JSON and come back") {
  const NetConfig config{.hidden = 3, .dropout = 0.25, .bias = false, .cell = "gru", .note = "ä"};
  const std::string text = fields_to_json(config).dump();
  CHECK(text == R"({"hidden":3,"dropout":0.25,"bias":false,"cell":"gru","note":"ä"})");
  CHECK(fields_to_json(read(text, Absent::refused)).dump() == text);
}

TEST_CASE("absent fields keep their values, or are errors") {
  CHECK(read(R"({"hidden": 7})", Absent::kept).hidden == 7);
  CHECK(read(R"({"hidden": 7})", Absent::kept).cell == "lstm");
  CHECK(read(R"({"dropout": 0})", Absent::kept).dropout == 0);
  check_error([] { read(R"({"hidden": 7})", Absent::refused); }, "net.json: no \"dropout\"");
}

TEST_CASE("everything wrong in a configuration is in one message") {
  const auto wrong = [](std::string_view part) {
    check_error(
        [] {
          read(R"({"hidden": 0, "dropout": "x", "bias": 1, "cell": "rnn", "hiden": 3})",
               Absent::refused);
        },
        part);
  };
  wrong("net.json: unknown field \"hiden\"; there are hidden, dropout, bias, cell, note");
  wrong("net.json: hidden: expected an integer from 1 to 65536, got 0");
  wrong("net.json: dropout: expected a number, got \"x\"");
  wrong("net.json: bias: expected");
  wrong("net.json: cell: expected lstm or gru, got \"rnn\"");
  wrong("net.json: no \"note\"");
  check_error([] { read("[1]", Absent::kept); }, "expected an object, got an array");
  check_error([] { read(R"({"hidden": 3.5})", Absent::kept); }, "expected an integer, got 3.5");
  check_error([] { read(R"({"hidden": 1e30})", Absent::kept); }, "expected an integer");
}

TEST_CASE("nothing is changed where something is wrong") {
  NetConfig config;
  const Json json = parse_json(R"({"hidden": 7, "dropout": 2})", "net.json");
  check_error([&] { read_fields(list_fields(config), JsonReader(json, "n"), Absent::kept); },
              "dropout: expected a number from 0 to 0.9, got 2");
  CHECK(config.hidden == 256);
}

TEST_CASE("fields are set from text") {
  CHECK(set("hidden", "12").hidden == 12);
  CHECK(set("dropout", "0.5").dropout == 0.5);
  CHECK(set("bias", "false").bias == false);
  CHECK(set("cell", "gru").cell == "gru");
  CHECK(set("note", "").note.empty());
  check_error([] { set("hiden", "1"); }, "there is no field \"hiden\"; there are hidden, dropout");
  check_error([] { set("hidden", "1.5"); }, "hidden: expected an integer from 1 to 65536, got");
  check_error([] { set("hidden", ""); }, "got \"\"");
  check_error([] { set("hidden", "99999999999999999999"); }, "hidden: expected an integer");
  check_error([] { set("dropout", "nan"); }, "dropout: expected a number from 0 to 0.9");
  check_error([] { set("bias", "1"); }, "bias: expected true or false, got \"1\"");
  check_error([] { set("cell", "LSTM"); }, "cell: expected lstm or gru, got \"LSTM\"");
}

TEST_CASE("fields are described and checked") {
  NetConfig config;
  const std::string lines = describe(list_fields(config));
  CHECK(lines.find("  hidden = 256   units of the decoder (an integer from 1 to 65536)\n") !=
        std::string::npos);
  CHECK(lines.find("bias = true    adds a bias (true or false)\n") != std::string::npos);
  check_fields(list_fields(config), "net");
  config.dropout = std::nan("");
  config.hidden = 0;
  check_error([&] { check_fields(list_fields(config), "net"); },
              "net: hidden: expected an integer from 1 to 65536, got 0; dropout: expected a number "
              "from 0 to 0.9, got nan");
}
