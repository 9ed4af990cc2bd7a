#include <fstream>

#include "heed/core/io/files.h"
#include "heed/core/io/json.h"
#include "heed/models/bert.h"
#include "heed/models/weights.h"
#include "tests/catch.h"
#include "tests/cli.h"

using namespace heed;

TEST_CASE("help and version go to stdout") {
  const TempDir folder;
  for (const char* arguments : {"--help", "-h"}) {
    const Called called = heed_in(folder, arguments);
    CHECK(called.code == 0);
    CHECK(called.err.empty());
    for (const char* part : {"train TASK", "evaluate MODEL", "predict MODEL [TEXT...]",
                             "attention MODEL TEXT", "inspect MODEL", "exit codes"}) {
      contains(called.out, part);
    }
  }
  contains(heed_in(folder, "train g2p --help").out, "hidden = 256");
  contains(heed_in(folder, "predict -h").out, "usage: heed predict MODEL [TEXT...]");
  const Called version = heed_in(folder, "--version");
  CHECK(version.code == 0);
  contains(version.out, "instruction_set");
  contains(version.out, "blas");
}

TEST_CASE("wrong usage is exit code 2 and a hint") {
  check_usage_error("", "expected a command");
  check_usage_error("trian", "unknown command \"trian\"; did you mean train?");
  check_usage_error("train", "expected a task: dates, g2p");
  check_usage_error("train datse", "there is no task \"datse\"; there are dates, g2p");
  check_usage_error("train dates g2p", "and no \"g2p\"");
  check_usage_error("train dates --sead 1", "unknown flag --sead; did you mean --seed?");
  check_usage_error("train dates --resume", "unknown flag --resume");
  check_usage_error("train dates -x", "unknown flag -x");
  check_usage_error("train dates --seed", "--seed needs a value: N");
  check_usage_error("train dates --seed=x", "--seed: expected an integer from 0 up, got \"x\"");
  check_usage_error("train dates --max-steps 0", "--max-steps: expected an integer from 1 up");
  check_usage_error("train dates --quiet=1", "--quiet takes no value");
  check_usage_error("train dates --threads 0", "--threads: expected an integer from 1 up");
  check_usage_error("train dates --set hidden", "--set: expected key=value");
  check_usage_error("train dates --set hidden=0", "hidden: expected an integer from 2 to 65536");
  check_usage_error("train dates --set hiden=2",
                    "there is no field \"hiden\"; there are embedding");
  check_usage_error("train dates --set source_tokens=9", "there is no field \"source_tokens\"");
  check_usage_error("train dates --data x", "unknown flag --data");
  check_usage_error("train pairs", "--data FILE is missing");
  check_usage_error("train pairs --data x --unit byte", "expected character or word");
  check_usage_error("evaluate", "expected a MODEL");
  check_usage_error("attention model.json", "expected a MODEL and a TEXT");
}

TEST_CASE("bad files and missing files have their exit codes") {
  const TempDir folder;
  std::ofstream(folder / "bad.json") << "{\"format\": \"other\", \"version\": 1}";
  std::ofstream(folder / "bad.tsv") << "no tab\n";
  const Called bad = heed_in(folder, "inspect bad.json");
  CHECK(bad.code == 3);
  contains(bad.err, "heed: bad.json: format: expected \"heed\", got \"other\"");
  CHECK(heed_in(folder, "train pairs --data bad.tsv").code == 3);
  CHECK(heed_in(folder, "train dates --config bad.json").code == 3);
  CHECK(heed_in(folder, "inspect missing.json").code == 5);
  CHECK(heed_in(folder, "train pairs --data missing.tsv").code == 5);
  CHECK(heed_in(folder, "train g2p", "HEED_CMUDICT=missing").code == 5);
  CHECK(heed_in(folder, "--help >/dev/full").code == 5);
}

TEST_CASE("training leaves a run's folder, and --json every event") {
  const TempDir folder;
  write_pairs(folder);
  const Called called =
      heed_in(folder, "train pairs --data pairs.tsv --out run --json --max-steps 7 --log log.txt" +
                          small + " --set validate_every=5");
  REQUIRE(called.code == 0);
  const auto events = json_lines(called.out);
  CHECK(json_lines(read_file(folder / "run/metrics.jsonl")) == events);
  REQUIRE(events.size() == 10);
  CHECK(events[0].find("event")->as_string() == "step");
  CHECK(events[5].find("event")->as_string() == "validation");
  const Json& result = events.back();
  CHECK(result.find("event")->as_string() == "result");
  CHECK(result.find("task")->as_string() == "pairs");
  CHECK(result.find("steps")->as_int() == 7);
  CHECK(result.find("model")->as_string() == "run/model.json");
  for (const char* key : {"exact_match", "token_error_rate", "train_seconds"}) {
    CHECK(result.find(key)->as_double() >= 0);
  }
  for (const char* name : {"model.json", "run.json", "attention.html", "attention.svg"}) {
    CHECK_FALSE(read_file(folder / "run" / name).empty());
  }
  CHECK(called.err.find('\r') == std::string::npos);
  const std::string log = read_file(folder / "log.txt");
  contains(log, "before training:");
  contains(log, "step 7/7");
}

TEST_CASE("a run is repeated from its run.json, whatever the threads") {
  const TempDir folder;
  write_pairs(folder);
  const auto train = [&](const std::string& arguments) {
    CHECK(heed_in(folder, "train pairs --quiet --max-steps 4 " + arguments).code == 0);
  };
  train("--data pairs.tsv --seed 5 --unit character --threads 1 --out one" + small);
  train("--config one/run.json --threads 2 --out two");
  train("--config one/run.json --seed 6 --out three");
  const std::string one = read_file(folder / "one/model.json");
  CHECK(one == read_file(folder / "two/model.json"));
  CHECK(one != read_file(folder / "three/model.json"));
}

TEST_CASE("evaluate repeats the numbers of the training") {
  const TempDir& folder = trained();
  const auto trained_events = json_lines(read_file(folder / "runs/pairs/metrics.jsonl"));
  const Called called = heed_in(folder, "evaluate runs/pairs --data pairs.tsv --json");
  REQUIRE(called.code == 0);
  const Json result = parse_json(called.out, "result");
  for (const char* key : {"exact_match", "token_error_rate"}) {
    CHECK(*result.find(key) == *trained_events.back().find(key));
  }
  contains(heed_in(folder, "evaluate runs/pairs/model.json --data pairs.tsv").out, "% exact");
  CHECK(heed_in(folder, "evaluate nowhere --data pairs.tsv").code == 5);
  contains(heed_in(folder, "evaluate runs/pairs --help").out, "usage: heed evaluate MODEL");
}

TEST_CASE("predict writes a line for each text") {
  const TempDir& folder = trained();
  const Called words = heed_in(folder, "predict runs/pairs abc cab");
  CHECK(words.code == 0);
  CHECK(words.out.starts_with("abc\t"));
  contains(words.out, "\ncab\t");
  const Called lines = heed_in(folder, "predict runs/pairs/model.json", "printf 'abc\\ncab\\n' |");
  CHECK(lines.out == words.out);
  const Called json = heed_in(folder, "predict runs/pairs --json abc");
  CHECK(json_lines(json.out)[0].find("source")->as_string() == "abc");
  const Called unknown = heed_in(folder, "predict runs/pairs aéb abc");
  CHECK(unknown.code == 1);
  contains(unknown.err, "\"aéb\": the model does not know \"é\"; it reads a b c");
  contains(unknown.out, "aéb\t\nabc\t");
}

TEST_CASE("a text becomes a file of tokens, which a language model learns from") {
  const TempDir folder;
  std::string text;
  for (int i = 0; i < 300; ++i) text += "the cat sat on mat " + std::to_string(i) + "\n";
  write_file_atomic(folder / "text", text);
  const Called tokens = heed_in(folder, "tokens text ids --vocabulary 270");
  INFO(tokens.err);
  REQUIRE(tokens.code == 0);
  contains(tokens.out, "tokens, 270 different ones");
  const std::string small = " --set steps=3 --set layers=1 --set width=8 --set heads=1";
  const Called train = heed_in(folder, "train lm --data ids --quiet --out run" + small);
  INFO(train.err);
  REQUIRE(train.code == 0);
  contains(train.out, "bits per character");
  CHECK(heed_in(folder, "evaluate run --data ids").code == 0);
  CHECK(heed_in(folder, "evaluate run --data text").code == 0);
  REQUIRE(heed_in(folder, "tokens text ids --tokens character").code == 0);
  contains(heed_in(folder, "evaluate run --data ids").err, "not those of the model's tokenizer");
  contains(heed_in(folder, "tokens text ids --tokens byte").err, "character or word or bpe");
}

TEST_CASE("a folder of a sentence encoder: attention by layer and head, likeness, layers") {
  const TempDir folder;
  write_file_atomic(folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\ncat\nsat\n");
  write_file_atomic(folder / "config.json",
                    R"({"vocab_size": 7, "hidden_size": 4, "num_hidden_layers": 2,
      "num_attention_heads": 2, "intermediate_size": 4, "max_position_embeddings": 9})");
  models::Bert model(
      {.tokens = 7, .context = 9, .layers = 2, .heads = 2, .width = 4, .intermediate = 4});
  models::save_weights(folder / "model.safetensors", model);
  const Called called = heed_in(folder, "attention . 'The cat sat' --token sat --json");
  INFO(called.err);
  REQUIRE(called.code == 0);
  const Json map = parse_json(called.out, "map");
  CHECK(map.find("source")->dump() == R"(["[CLS]","the","cat","sat","[SEP]"])");
  CHECK(map.find("target")->dump() == R"(["1.1","1.2","2.1","2.2"])");
  const Called wrong = heed_in(folder, "attention . 'The cat sat' --token dog");
  CHECK(wrong.code == 1);
  contains(wrong.err, "there is no token dog among [CLS] the cat sat [SEP]");
  const Called same = heed_in(folder, "predict . 'The cat sat' 'the CAT sat' 'sat the the'");
  CHECK(same.out.starts_with("The cat sat\t1.0000\nthe CAT sat\t1.0000\nsat the the\t"));
  const Called vector = heed_in(folder, "predict . cat --json");
  CHECK(parse_json(vector.out, "vector").find("vector")->elements().size() == 4);
  CHECK(heed_in(folder, "predict . cat --beam 2").code == 2);
  const Called layers = heed_in(folder, "inspect .");
  contains(layers.out, "model bert");
  contains(layers.out, "7 tokens, wordpiece");
}

TEST_CASE("attention and inspect show what is in a model") {
  const TempDir& folder = trained();
  const Called drawn = heed_in(folder, "attention runs/pairs abcab --out seen");
  CHECK(drawn.code == 0);
  contains(drawn.out, "a b c a b");
  contains(read_file(folder / "seen/attention.svg"), "<svg");
  contains(read_file(folder / "seen/attention.html"), "<html");
  const Json map = parse_json(heed_in(folder, "attention runs/pairs ab --json").out, "map");
  CHECK(map.find("source")->elements().size() == 2);
  CHECK(map.find("weights")->elements().size() == map.find("target")->elements().size());
  const Called inspected = heed_in(folder, "inspect runs/pairs");
  CHECK(inspected.code == 0);
  for (const char* part : {"bahdanau", "hidden", "pairs", "decoder.weight_ih", "(64, 24)"}) {
    contains(inspected.out, part);
  }
  const Json json = parse_json(heed_in(folder, "inspect runs/pairs --json").out, "model");
  CHECK(json.find("type")->as_string() == "bahdanau");
  CHECK(json.find("parameters")->as_int() > 1000);
}

TEST_CASE("generate goes on with a text, token by token") {
  const TempDir& folder = trained();
  std::ofstream text_file(folder / "text.txt");
  for (int i = 0; i < 99; ++i) text_file << "the cat sees the dog " << i << "\n";
  text_file.close();
  const Called train = heed_in(folder,
                               "train lm --data text.txt --model char_rnn --quiet --set steps=5"
                               " --set hidden=8 --set layers=1");
  REQUIRE(train.code == 0);
  contains(train.out, "bits per character");
  const std::string generate = "generate runs/lm --prompt 'the cat' --tokens 40 --seed 2 ";
  const Called text = heed_in(folder, generate);
  CHECK(text.code == 0);
  CHECK(text.out.starts_with("the cat"));
  CHECK(heed_in(folder, generate).out == text.out);
  CHECK(heed_in(folder, generate + "--seed 3").out != text.out);
  const auto events = json_lines(heed_in(folder, generate + "--json").out);
  REQUIRE(events.size() == 41);
  std::string written;
  for (size_t i = 0; i < 40; ++i) written += events[i].find("text")->as_string();
  CHECK("the cat" + written + "\n" == text.out);
  CHECK(events[40].find("text")->as_string() == written);
  CHECK(heed_in(folder, generate + "--top-k 1").out ==
        heed_in(folder, generate + "--temperature 0 --seed 9").out);
  const Called wrong = heed_in(folder, "generate runs/pairs");
  CHECK(wrong.code == 1);
  contains(wrong.err, "expected a language model (gpt, char_rnn), got a bahdanau");
  contains(heed_in(folder, "predict runs/lm abc").err, "heed generate");
  check_usage_error("generate runs/lm --temperature -1", "expected a number from 0 up");
  check_usage_error("generate runs/lm --weights f16", "--weights: expected f32, bf16 or int8, got");
  for (const std::string kind : {"bf16", "int8"}) {
    CHECK(heed_in(folder, generate + "--weights " + kind).out.starts_with("the cat"));
    CHECK(heed_in(folder, "evaluate runs/lm --weights " + kind).out.starts_with("validation:"));
    CHECK(heed_in(folder, "evaluate runs/pairs --weights " + kind).code == 0);
  }
}

TEST_CASE("tutorials are named, one a line, and run beside the program") {
  const TempDir folder;
  const Called list = heed_in(folder, "tutorial --list");
  CHECK(list.code == 0);
  CHECK(list.out.starts_with("moons\n"));
  contains(heed_in(folder, "tutorial --help").out, "usage: heed tutorial NAME");
  contains(heed_in(folder, "tutorial moons --help").out, "--steps");
  check_usage_error("tutorial", "expected the NAME of a tutorial");
  check_usage_error("tutorial mons", "there is no tutorial \"mons\", did you mean moons?");
}

TEST_CASE("a run tells of an older one in its folder, and weights may lie apart") {
  const TempDir& folder = trained();
  const std::string train =
      "train pairs --data pairs.tsv --quiet --max-steps 1 --format safetensors --out twice" + small;
  CHECK(heed_in(folder, train).err.empty());
  contains(heed_in(folder, train).err, "twice holds an earlier run, which this one replaces");
  contains(heed_in(folder, "inspect twice/model.safetensors").out,
           "decoder.weight_ih  f32 (64, 24)");
  CHECK(heed_in(folder, "inspect twice/model.safetensors --json").code == 0);
  contains(heed_in(folder, "inspect twice").out, "tokens, character");
  CHECK(heed_in(folder, "predict twice --beam 3 abc").code == 0);
  CHECK(heed_in(folder, "attention runs/pairs abc --layer 1 --head 1").code == 1);
  check_usage_error("train pairs --data x --format text", "--format: expected json or safetensors");
}

TEST_CASE("a signal ends training after its step, saved, with 128 + n") {
  const TempDir folder;
  write_pairs(folder);
  const Called called = shell(
      folder, heed_program().string() +
                  " train pairs --data pairs.tsv --set steps=100000 --out run --quiet" + small +
                  " & for i in $(seq 600); do [ -s run/metrics.jsonl ] && break; sleep 0.05;"
                  " done; kill -TERM $!; wait $!");
  CHECK(called.code == 128 + 15);
  contains(called.err, "\nheed: stopping after this step; again to end at once\n");
  CHECK(heed_in(folder, "inspect run").code == 0);
  const auto events = json_lines(read_file(folder / "run/metrics.jsonl"));
  CHECK(events.back().find("event")->as_string() == "interrupted");
}

TEST_CASE("training that diverges is exit code 4") {
  const TempDir folder;
  write_pairs(folder);
  const Called called = heed_in(folder, "train pairs --data pairs.tsv --quiet --out run" + small +
                                            " --set learning_rate=1e38 --set clip=1e38");
  CHECK(called.code == 4);
  contains(called.err, "training diverged at step");
  const auto events = json_lines(read_file(folder / "run/metrics.jsonl"));
  CHECK(events.back().find("event")->as_string() == "diverged");
}
