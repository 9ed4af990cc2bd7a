#pragma once

#include <string>
#include <string_view>

#include "flags.h"
#include "heed/core/io/json.h"
#include "heed/models/show/attention_map.h"

/// Text on stdout. Throws heed::IoError when it cannot be written.
void print(std::string_view text);

/// One JSON object as a line on stdout.
void print_json(const heed::Json& json);

/// A message on stderr.
void complain(std::string_view message);

/// Text from models and files as a line: on a terminal, control characters are replaced.
std::string shown(std::string_view text);

/// The same for text of several lines, which stay lines.
std::string shown_text(std::string_view text);

/// The map as this terminal can show it.
std::string drawn(const heed::show::AttentionMap& map);

/// Makes sure that all of stdout is written. Throws heed::IoError.
void flush_output();
