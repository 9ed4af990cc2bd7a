#include "commands.h"
#include "heed/models/data/byte_pairs.h"
#include "heed/models/data/token_source.h"
#include "heed/models/tasks/task.h"
#include "output.h"

using namespace heed;
using namespace heed::models;

namespace {

std::unique_ptr<data::Tokenizer> tokenizer_for(const std::string& text,
                                               const Arguments& arguments) {
  if (const auto folder = arguments.text("gpt2")) {
    return std::make_unique<data::BytePairTokenizer>(
        data::read_gpt2_tokenizer(*folder + "/vocab.json", *folder + "/merges.txt"));
  }
  const TokenChoice choice{.tokens = arguments.text("tokens").value_or("bpe"),
                           .vocabulary = arguments.integer("vocabulary", 0).value_or(0),
                           .min_count = arguments.integer("min-count", 1).value_or(1)};
  return data::train_tokenizer_of_file(text, choice.options(choice.tokens == "word"));
}

int write_tokens(const Arguments& arguments) {
  arguments.expect_texts(2, 2, "a TEXT and a FILE to write");
  const std::string &text = arguments.texts()[0], &path = arguments.texts()[1];
  const auto tokenizer = tokenizer_for(text, arguments);
  const int64_t count = data::write_token_file(path, text, *tokenizer);
  if (arguments.has("json")) {
    print_json(Json::object()
                   .set("event", "tokens")
                   .set("path", path)
                   .set("kind", tokenizer->kind())
                   .set("vocabulary", tokenizer->size())
                   .set("tokens", count));
  } else {
    print(path + ": " + heed::text(count) + " tokens, " + heed::text(tokenizer->size()) +
          " different ones\n");
  }
  return 0;
}

}  // namespace

Command tokens_command() {
  return {.name = "tokens",
          .arguments = "TEXT FILE",
          .help = "a text as a file of token ids, which heed train lm --data reads piece by piece",
          .flags = {{"tokens", "KIND", "character, word or bpe (bpe)"},
                    {"vocabulary", "N", "most tokens (0: all; of a bpe 1000)"},
                    {"min-count", "N", "rarer words are unknown, rarer pairs not merged (1)"},
                    {"gpt2", "DIR", "the tokens of GPT-2's vocab.json and merges.txt there"},
                    {"json", "", "the counts as a line of JSON on stdout"}},
          .run = write_tokens};
}
