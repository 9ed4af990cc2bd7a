#include "heed/models/sentence_encoder.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "heed/autograd/recording.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/error.h"
#include "heed/core/generator.h"
#include "heed/core/index.h"
#include "heed/core/io/files.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/data/buckets.h"
#include "heed/models/weights.h"

namespace heed::models {
namespace {

constexpr size_t texts_at_once = 32;

Json read_json(const std::string& path) { return parse_json(read_file(path), path); }

/// A field that has to have one value, if it is there.
void expect_text(const JsonReader& json, std::string_view key, std::string_view value) {
  const auto field = json.find(key);
  if (!field || field->as_string() == value) return;
  fail<FileError>(field->path(), ": expected \"", value, "\", got ", field->json());
}

int64_t number_or(const JsonReader& json, std::string_view key, int64_t otherwise) {
  const auto field = json.find(key);
  return field ? field->as_int() : otherwise;
}

bool lower_case(const std::string& path) {
  if (!std::filesystem::exists(path)) return true;
  const Json json = read_json(path);
  const auto field = JsonReader(json, path).find("do_lower_case");
  return !field || field->as_bool();
}

/// The longest text in tokens, at most `context`.
int64_t longest_text(const std::string& path, int64_t context) {
  if (!std::filesystem::exists(path)) return context;
  const Json json = read_json(path);
  const int64_t length = number_or(JsonReader(json, path), "max_seq_length", context);
  if (length < 2) fail<FileError>(path, ": max_seq_length: expected at least 2, got ", length);
  return std::min(length, context);
}

/// The mean over the tokens of each row, at length 1: hidden (B, T, C), mask (B, T) -> (B, C)
Tensor mean_direction(const Tensor& hidden, const Tensor& mask) {
  const Tensor weights = unsqueeze(heed::to(mask, hidden.dtype()), 2);                // (B, T, 1)
  const Tensor means = sum(hidden * weights, {1}) / maximum(sum(weights, {1}), 1.0);  // (B, C)
  return means / maximum(sqrt(sum(square(means), {1}, true)), 1e-12);
}

BertTokens batch_of(const std::vector<std::vector<int64_t>>& rows) {
  const data::PaddedIds padded = data::pad(rows, 0);
  std::vector<uint8_t> mask(padded.ids.size(), 0);
  for (int64_t row = 0; row < padded.rows; ++row) {
    const auto begin = mask.begin() + row * padded.columns;
    std::fill(begin, begin + padded.lengths[row], 1);
  }
  const Shape shape{padded.rows, padded.columns};
  return {.ids = from_values(padded.ids, shape), .mask = from_values(mask, shape)};
}

}  // namespace

Tensor SentenceEncoder::embed(std::span<const std::string> texts) const {
  const NoGrad guard;
  std::vector<std::vector<int64_t>> ids;
  for (const auto& text : texts) ids.push_back(tokenizer.encode_for_bert(text, max_length).ids);
  std::vector<int64_t> order(texts.size()), place(texts.size());  // texts of like lengths together
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return ids[a].size() < ids[b].size(); });
  std::vector<Tensor> parts{zeros({0, model.settings.width})};
  for (size_t begin = 0; begin < order.size(); begin += texts_at_once) {
    std::vector<std::vector<int64_t>> rows;
    for (size_t i = begin; i < std::min(order.size(), begin + texts_at_once); ++i) {
      place[order[i]] = int64_t(i);
      rows.push_back(std::move(ids[order[i]]));
    }
    const BertTokens batch = batch_of(rows);
    parts.push_back(mean_direction(model(batch).hidden.value(), batch.mask));
  }
  return index_select(cat(parts, 0), 0, from_values(place, {int64_t(place.size())}));
}

SentenceAttention SentenceEncoder::attention(const std::string& text) const {
  const NoGrad guard;
  const auto ids = tokenizer.encode_for_bert(text, max_length).ids;
  SentenceAttention found;
  for (const int64_t id : ids) found.tokens.push_back(tokenizer.piece(id));
  model({.ids = from_values(ids, {1, int64_t(ids.size())})}, &found.maps);
  return found;
}

BertConfig read_bert_config(const JsonReader& json) {
  expect_text(json, "model_type", "bert");
  expect_text(json, "hidden_act", "gelu");
  expect_text(json, "position_embedding_type", "absolute");
  BertConfig config{.tokens = json.at("vocab_size").as_int(),
                    .context = json.at("max_position_embeddings").as_int(),
                    .layers = json.at("num_hidden_layers").as_int(),
                    .heads = json.at("num_attention_heads").as_int(),
                    .width = json.at("hidden_size").as_int(),
                    .intermediate = json.at("intermediate_size").as_int(),
                    .token_types = number_or(json, "type_vocab_size", 2)};
  if (const auto dropout = json.find("hidden_dropout_prob")) config.dropout = dropout->as_double();
  if (const auto eps = json.find("layer_norm_eps")) config.eps = eps->as_double();
  return config;
}

SentenceEncoder read_sentence_encoder(const std::string& folder) {
  const std::filesystem::path place(folder);
  const auto path = [&](const char* name) { return (place / name).string(); };
  const Json json = read_json(path("config.json"));
  BertConfig config = read_bert_config(JsonReader(json, path("config.json")));
  try {
    check_fields(list_fields(config), "Bert");
    const NoDraws zeros;  // the file has the numbers
    Bert model(config);
    auto tokenizer =
        data::read_word_pieces(path("vocab.txt"), lower_case(path("tokenizer_config.json")));
    require(tokenizer.size() <= config.tokens, "Bert: expected a vocabulary of at most ",
            config.tokens, " tokens, got ", tokenizer.size());
    load_weights(model, path("model.safetensors"), bert_names());
    model.eval();
    const int64_t longest = longest_text(path("sentence_bert_config.json"), config.context);
    return {std::move(model), std::move(tokenizer), longest};
  } catch (const FileError&) {
    throw;
  } catch (const IoError&) {
    throw;
  } catch (const Error& error) {
    fail<FileError>(folder, ": ", error.what());
  }
}

}  // namespace heed::models
