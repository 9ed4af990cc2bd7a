// BERT and weights from elsewhere: Hugging Face's numbers (tools/parity/hugging_face.py), what
// padding must not change, misuse.
#include "heed/models/bert.h"

#include <cstdlib>

#include "heed/autograd/elementwise.h"
#include "heed/autograd/engine.h"
#include "heed/autograd/reduce.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/generator.h"
#include "heed/core/io/files.h"
#include "heed/core/io/safetensors.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/data/masking.h"
#include "heed/models/gpt.h"
#include "heed/models/sentence_encoder.h"
#include "heed/models/weights.h"
#include "heed/nn/loss.h"
#include "heed/optim/adam.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;
using namespace heed::models;

namespace {

std::string stored(std::string_view name) {
  return test_data("data/hugging_face/" + std::string(name)).string();
}

Json cases() { return parse_json(read_file(stored("cases.json")), "cases.json"); }

/// Rows of integers as a matrix.
Tensor matrix(const JsonReader& json) {
  const auto rows = json.elements();
  std::vector<int64_t> numbers;
  for (const auto& row : rows) {
    for (const auto& number : row.elements()) numbers.push_back(number.as_int());
  }
  return from_values(numbers, {int64_t(rows.size()), int64_t(numbers.size() / rows.size())});
}

/// The largest distance between a result and stored numbers.
double distance_from(const Variable& result, const JsonReader& json) {
  std::vector<double> wanted;
  for (const auto& number : json.elements()) wanted.push_back(number.as_double());
  return max(abs(to(result.value(), f64) - from_values(wanted, result.shape()))).item();
}

BertConfig tiny() {
  return {.tokens = 30, .context = 12, .layers = 2, .heads = 4, .width = 16, .intermediate = 24};
}

}  // namespace

TEST_CASE("Bert: the numbers of Hugging Face's BertForPreTraining") {
  BertForPreTraining model(tiny());
  load_weights(model, stored("bert.safetensors"));
  model.eval();
  const Json json = cases();
  const JsonReader wanted = JsonReader(json, "cases.json").at("bert");
  const BertTokens tokens{.ids = matrix(wanted.at("ids")),
                          .mask = to(matrix(wanted.at("mask")), u8),
                          .token_types = matrix(wanted.at("token_types"))};
  nn::AttentionMaps maps;
  const auto [found, order] = model(tokens, &maps);
  CHECK(distance_from(order, wanted.at("next_sentence")) < 1e-5);
  CHECK(distance_from(found, wanted.at("tokens")) < 1e-4);  // numbers up to 20
  REQUIRE(maps.layers.size() == 2);
  CHECK(distance_from(maps.layers[1], wanted.at("attention")) < 1e-6);

  Bert base(tiny());
  load_weights(base, stored("bert.safetensors"), bert_names());
  base.eval();
  CHECK(equal(base(tokens).hidden.value(), model.bert(tokens).hidden.value()));
}

TEST_CASE("Gpt: the numbers of Hugging Face's GPT-2, whose matrices lie transposed") {
  Gpt model({.tokens = 30,
             .context = 12,
             .layers = 2,
             .heads = 4,
             .width = 16,
             .activation = "gelu_tanh"});
  load_weights(model, stored("gpt2.safetensors"), gpt2_names());
  model.eval();
  const Json json = cases();
  const JsonReader wanted = JsonReader(json, "cases.json").at("gpt2");
  CHECK(distance_from(model.forward(matrix(wanted.at("ids"))), wanted.at("logits")) < 1e-4);
}

TEST_CASE("Bert: padding changes nothing, and padded tokens get no attention") {
  manual_seed(3);
  Bert model(tiny());
  model.eval();
  const Tensor ids = tensor({{2, 5, 6, 3}}), longer = tensor({{2, 5, 6, 3, 0, 0}});
  nn::AttentionMaps maps;
  const BertResult padded =
      model({.ids = longer, .mask = tensor({{1, 1, 1, 1, 0, 0}}, {.dtype = u8})}, &maps);
  const BertResult plain = model({.ids = ids});
  const Tensor same = narrow(padded.hidden.value(), 1, 0, 4);
  CHECK(max(abs(same - plain.hidden.value())).item() < 1e-6);
  CHECK(max(narrow(maps.layers[0], 3, 4, 2)).item() == 0);
  CHECK(nn::unlisted_leaves(model, model({.ids = ids}).pooled).empty());
}

TEST_CASE("Bert: misuse") {
  check_error([] { Bert({.tokens = 0, .layers = 0}); }, "tokens");
  check_error([] { Bert({.tokens = 5, .heads = 5}); }, "multiple of heads, got 768 and 5");
  Bert model(tiny());
  check_error([&] { model({.ids = zeros({1, 13}, {.dtype = i64})}); }, "at most 12 tokens, got 13");
  check_error([&] { model({.ids = zeros({4}, {.dtype = i64})}); }, "expected ids (batch, steps)");
  check_error([&] { model({.ids = zeros({1, 0}, {.dtype = i64})}); }, "got (1, 0) of i64");
  const Tensor ids = zeros({1, 3}, {.dtype = i64});
  check_error([&] { model({.ids = ids, .mask = ids}); },
              "expected a mask of u8 and shape (1, 3), got (1, 3) of i64; to(mask, u8) converts");
  check_error([&] { model({.ids = ids, .token_types = ones({1, 3})}); }, "token_types of i64");
}

TEST_CASE("mask_tokens: 15 % of the tokens, 80 % of them [MASK], 10 % random, special ones never") {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < 100'000; ++i) ids.push_back(i % 50);
  Generator random(1);
  const auto [masked, targets] =
      data::mask_tokens(ids, {.tokens = 50, .mask_id = 4, .first_token = 5}, random);
  int changed = 0, wrong = 0;
  double chosen = 0, hidden = 0, same = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (targets[i] < 0) {
      changed += masked[i] != ids[i];
      continue;
    }
    wrong += targets[i] != ids[i] || ids[i] < 5;
    ++chosen;
    hidden += masked[i] == 4;
    same += masked[i] == ids[i];
  }
  CHECK(changed == 0);
  CHECK(wrong == 0);
  CHECK(chosen / 90'000 == Approx(0.15).margin(0.005));
  CHECK(hidden / chosen == Approx(0.8).margin(0.015));
  CHECK(same / chosen == Approx(0.1 + 0.1 / 45).margin(0.015));
  check_error([&] { data::mask_tokens(ids, {.tokens = 10, .share = 2}, random); }, "got 2");
  check_error([&] { data::mask_tokens(ids, {.tokens = 10}, random); }, "in [0, 10), got 10");
  check_error([&] { data::mask_tokens(ids, {.tokens = 9, .mask_id = 9}, random); }, "got 9 and 0");
}

TEST_CASE("BertForPreTraining learns masked tokens and which sentence follows") {
  manual_seed(4);
  BertForPreTraining model({.tokens = 13,
                            .context = 9,
                            .layers = 1,
                            .heads = 2,
                            .width = 16,
                            .intermediate = 32,
                            .dropout = 0});
  optim::AdamW adam(model.parameters(), {.lr = 5e-3});
  Generator random(6);
  double first = 0, last = 0;
  for (int step = 0; step < 400; ++step) {  // [CLS] n n n [SEP] n n n [SEP], or n+1 n+1 n+1
    std::vector<int64_t> ids, follows;
    for (int row = 0; row < 16; ++row) {
      const int64_t n = random.integer(8), other = random.integer(2);
      follows.push_back(other);
      for (int64_t i = 0; i < 9; ++i) {
        const int64_t id = 5 + (n + (i > 4 ? other : 0)) % 8;
        ids.push_back(i == 0 ? 2 : i % 4 == 0 ? 3 : id);
      }
    }
    const auto masked = data::mask_tokens(
        ids, {.tokens = 13, .mask_id = 4, .first_token = 5, .share = 0.15}, random);
    const auto [tokens, next] = model({.ids = from_values(masked.ids, {16, 9})});
    const Variable loss = nn::cross_entropy(tokens, from_values(masked.targets, {16, 9})) +
                          nn::cross_entropy(next, from_values(follows, {16}));
    (step < 10 ? first : last) += step < 10 || step >= 390 ? loss.item() / 10 : 0;
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
  CHECK(first > 2.5);  // log 8 + log 2 = 2.8 by chance
  CHECK(last < 1.4);   // ten seeds ended at 0.5 to 1.2
}

TEST_CASE("weights: names are mapped by the first rule that fits") {
  const Tensor m = tensor({{1.0, 2.0, 3.0}});
  const auto names = [&](const NameMap& map, const std::string& name) {
    std::string found;
    for (const auto& [to, tensor] : renamed({{name, m}}, map)) found += to;
    return found;
  };
  const NameMap map = {{"h.*.ln.*", "block.*.norm.*"}, {"h.**", "rest.**"}, {"x**", ""}};
  CHECK(names(map, "h.11.ln.weight") == "block.11.norm.weight");
  CHECK(names(map, "h.11.ln.a.b") == "rest.11.ln.a.b");
  CHECK(names(map, "xyz.w") == "");
  CHECK(names(map, "other.x") == "other.x");
  CHECK(names(bert_names(), "bert.encoder.layer.3.output.LayerNorm.gamma") ==
        "encoder.layer.3.output.LayerNorm.weight");
  CHECK(names(gpt2_names(), "h.3.ln_1.weight") == "transformer.h.3.ln_1.weight");
  CHECK(names(gpt2_names(), "h.3.attn.bias") == "");
  CHECK(names(gpt2_names(), "lm_head.weight") == "lm_head.weight");
  CHECK(renamed({{"h.0.attn.c_attn.weight", m}}, gpt2_names())[0].second.shape() == Shape{3, 1});
  check_error([&] { names({{"a", "*"}}, "a"); }, "name map: \"*\" has more stars than \"a\"");
  check_error(
      [&] {
        renamed({{"a", ones({2})}}, {{"a", "a", true}});
      },
      "expected a matrix to transpose, got a (2,)");
}

TEST_CASE("weights: tied ones are stored once, with their other names in the metadata") {
  const TempDir folder;
  const std::string path = folder / "w.safetensors";
  BertForPreTraining model(tiny()), other(tiny());
  save_weights(path, model);
  const Safetensors file = read_safetensors(path);
  CHECK(file.metadata.at("cls.predictions.decoder.weight") ==
        "bert.embeddings.word_embeddings.weight");
  CHECK(file.metadata.at("format") == "pt");
  load_weights(other, path);
  const auto a = model.state_dict(), b = other.state_dict();
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) CHECK(equal(a[i].second, b[i].second));
  Bert base(tiny());
  check_error([&] { load_weights(base, path); }, "w.safetensors: load_state_dict: Error(s)");
  CHECK_THROWS_AS(load_weights(base, path), FileError);
}

TEST_CASE("weights: checkpoints of BERT with other heads, and without a pooler") {
  const TempDir folder;
  Bert model(tiny()), other(tiny());
  const auto store = [&](const char* name, bool pooler, const nn::StateDict& heads) {
    nn::StateDict state = heads;
    for (const auto& [key, numbers] : model.state_dict()) {
      if (pooler || !key.starts_with("pooler.")) state.emplace_back("bert." + key, numbers);
    }
    write_safetensors(folder / name, state);
    return folder / name;
  };
  const Tensor row = ones({3, 16});
  load_weights(other, store("classes", true, {{"classifier.weight", row}}), bert_names());
  CHECK(equal(other.pooler.weight.value(), model.pooler.weight.value()));
  const std::string masked =
      store("masked", false, {{"cls.predictions.bias", ones({30})}, {"qa_outputs.weight", row}});
  check_error([&] { load_weights(other, masked, bert_names()); }, "missing key(s)");
  other.word_embeddings.weight.value().fill_(3);
  const nn::LoadReport report = load_weights(other, masked, bert_names(), false);
  CHECK(report.missing == std::vector<std::string>{"pooler.dense.weight", "pooler.dense.bias"});
  CHECK(report.unexpected.empty());
  CHECK(equal(other.word_embeddings.weight.value(), model.word_embeddings.weight.value()));
}

TEST_CASE("Bert: the word embedding of [PAD] starts at 0 and learns nothing as input") {
  Bert model(tiny());
  const Tensor table = model.word_embeddings.weight.value();
  CHECK(max(abs(table[0])).item() == 0);
  CHECK(max(abs(table[1])).item() > 0);
  sum(square(model({.ids = tensor({{2, 5, 0}})}).pooled)).backward();
  const Tensor gradient = model.word_embeddings.weight.grad().value();
  CHECK(max(abs(gradient[0])).item() == 0);
  CHECK(max(abs(gradient[5])).item() > 0);
}

TEST_CASE("SentenceEncoder: a folder of Hugging Face's files; texts together as alone") {
  const TempDir folder;
  const auto write = [&](const char* name, std::string_view text) {
    write_file_atomic(folder / name, text);
  };
  write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\ncat\nsat\n##s\n");
  const std::string config = R"("vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2,
      "num_attention_heads": 4, "intermediate_size": 24, "max_position_embeddings": 12})";
  write("config.json", R"({"model_type": "bert", "hidden_act": "gelu", )" + config);
  write("sentence_bert_config.json", R"({"max_seq_length": 6})");
  Bert model(tiny());
  save_weights(folder / "model.safetensors", model);
  const SentenceEncoder encoder = read_sentence_encoder(folder.path());
  CHECK(encoder.max_length == 6);
  const std::vector<std::string> texts = {"The cats sat", "", "cat sat cat sat cat sat", "the"};
  const Tensor together = encoder.embed(texts);
  CHECK(together.shape() == Shape{4, 16});
  for (int64_t i = 0; i < 4; ++i) {
    const Tensor alone = encoder.embed(std::span(texts).subspan(size_t(i), 1));
    CHECK(max(abs(alone[0] - together[i])).item() < 1e-6);
    CHECK(sum(square(alone)).item() == Approx(1));
  }
  CHECK(encoder.embed({}).shape() == Shape{0, 16});
  CHECK(encoder.attention("The cats").tokens ==
        std::vector<std::string>{"[CLS]", "the", "cat", "##s", "[SEP]"});
  write("config.json", R"({"hidden_act": "relu", )" + config);
  check_error([&] { read_sentence_encoder(folder.path()); }, "hidden_act: expected \"gelu\"");
  write("config.json", R"({"position_embedding_type": "absolute", "heads": 1, )" + config);
  write("vocab.txt", "a\n");
  check_error([&] { read_sentence_encoder(folder.path()); }, "vocab.txt: wordpiece");
}

/// HEED_MINILM names a folder with all-MiniLM-L6-v2: config.json, model.safetensors, vocab.txt ...
TEST_CASE("SentenceEncoder: the embeddings of all-MiniLM-L6-v2") {
  const char* folder = std::getenv("HEED_MINILM");
  if (!folder) return;
  const SentenceEncoder encoder = read_sentence_encoder(folder);
  CHECK(encoder.max_length == 256);
  const Json json = cases();
  std::vector<std::string> sentences;
  for (const auto& sentence : JsonReader(json, "cases.json").at("sentences").elements()) {
    sentences.push_back(sentence.as_string());
  }
  const Tensor found = encoder.embed(sentences);
  const Tensor wanted = read_safetensors(stored("minilm.safetensors")).tensors[0].second;
  const double distance = max(abs(found - wanted)).item();
  INFO("largest distance " << distance);
  CHECK(distance < 1e-5);
  const auto [tokens, maps] = encoder.attention("The cat sat on the mat");
  CHECK(tokens[3] == "sat");
  CHECK(maps.layers.size() == 6);
  CHECK(maps.layers[5].shape() == Shape{1, 12, 8, 8});
}
