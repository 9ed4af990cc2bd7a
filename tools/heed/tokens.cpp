#include <filesystem>

#include "commands.h"
#include "heed/models/data/byte_pairs.h"
#include "heed/models/data/token_source.h"
#include "heed/models/show/text.h"
#include "heed/models/tasks/task.h"
#include "output.h"
#include "places.h"

using namespace heed;
using namespace heed::models;

namespace {

/// What the flags choose.
TokenChoice chosen(const Arguments& arguments) {
  TokenChoice choice{.tokens = "bpe"};
  const auto fields = list_fields(choice);
  set_fields(fields, arguments);
  for (const auto& field : fields) {
    if (!arguments.has("gpt2") || !arguments.has(flag_name(field))) continue;
    arguments.refuse("--", flag_name(field), " and --gpt2 exclude each other");
  }
  try {
    choice.check(choice.tokens == "word");
  } catch (const Error& error) {
    arguments.refuse(error.what());
  }
  return choice;
}

/// Refuses to replace the text itself, and any file that was hardly meant.
void check_output(const std::string& text, const std::string& path, const Arguments& arguments) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return;
  if (std::filesystem::equivalent(text, path, ignored))
    arguments.refuse(path, " is the text itself; name another file to write");
  if (!std::filesystem::is_regular_file(path, ignored))
    arguments.refuse(path, ": expected the name of a file to write");
  if (!arguments.has("force") && !data::is_token_file(path))
    arguments.refuse(path, " exists, and is no token file; --force replaces it");
}

std::unique_ptr<data::Tokenizer> tokenizer_for(const std::string& text, const TokenChoice& choice,
                                               const Arguments& arguments) {
  if (const auto folder = arguments.text("gpt2")) {
    return std::make_unique<data::BytePairTokenizer>(
        data::read_gpt2_tokenizer(*folder + "/vocab.json", *folder + "/merges.txt"));
  }
  return data::train_tokenizer_of_file(text, choice.options(choice.tokens == "word"));
}

int write_tokens(const Arguments& arguments) {
  arguments.expect_texts(2, 2, "INPUT.txt, a text, and OUTPUT.tok, a file to write");
  const std::string &text = arguments.texts()[0], &path = arguments.texts()[1];
  const TokenChoice choice = chosen(arguments);
  check_output(text, path, arguments);
  const auto tokenizer = tokenizer_for(text, choice, arguments);
  const int64_t count = data::write_token_file(path, text, *tokenizer);
  if (arguments.has("json")) {
    print_json(Json::object()
                   .set("event", "tokens")
                   .set("path", path)
                   .set("kind", tokenizer->kind())
                   .set("vocabulary", tokenizer->size())
                   .set("tokens", count));
  } else {
    print(path + ": " + show::grouped(count) + " tokens, " + show::grouped(tokenizer->size()) +
          " different ones\n");
  }
  return 0;
}

std::vector<Flag> flags() {
  TokenChoice choice{.tokens = "bpe"};
  auto flags = flags_of(list_fields(choice));
  flags.push_back({"gpt2", "DIR", "the tokens of GPT-2's vocab.json and merges.txt there"});
  flags.push_back({"force", "", "replace OUTPUT.tok even if it is no token file"});
  flags.push_back({"json", "", "the counts as a line of JSON on stdout"});
  return flags;
}

}  // namespace

Command tokens_command() {
  return {.name = "tokens",
          .arguments = "INPUT.txt OUTPUT.tok",
          .help = "a text as a file of token ids, which heed train lm --data reads piece by piece",
          .flags = flags(),
          .run = write_tokens};
}
