#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "heed/core/io/json.h"
#include "tests/support.h"

/// What the program did with some arguments.
struct Called {
  int code = 0;
  std::string out, err;
};

/// Runs a shell line in the folder.
Called shell(const TempDir& folder, const std::string& line);

/// Runs the program with a shell line of arguments; `before` may set variables or feed a pipe.
Called heed_in(const TempDir& folder, const std::string& arguments, const std::string& before = "");

/// Checks that the program refuses the arguments: exit code 2, the part in its message, a hint.
void check_usage_error(const std::string& arguments, std::string_view part);
void check_usage_error(const TempDir& folder, const std::string& arguments, std::string_view part);

/// Checks that the part is in the text.
void contains(const std::string& text, std::string_view part);

/// Each line of the text as JSON.
std::vector<heed::Json> json_lines(const std::string& text);

/// Words of a, b and c with the same words in capitals, in pairs.tsv.
void write_pairs(const TempDir& folder);

/// Arguments of `heed train pairs` that make a small model.
inline const std::string small =
    " --set embedding=8 --set hidden=16 --set batch_size=16"
    " --set warmup=5";

/// A folder with pairs.tsv and runs/pairs, a model trained for a few steps.
const TempDir& trained();
