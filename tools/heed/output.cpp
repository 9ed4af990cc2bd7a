#include "output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "heed/models/show/terminal.h"
#include "heed/models/show/text.h"

using namespace heed;

namespace {

void check(bool written) {
  if (!written) fail<IoError>("stdout: cannot write: ", std::strerror(errno));
}

}  // namespace

void print(std::string_view text) {
  check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void print_json(const Json& json) {
  print(json.dump() + "\n");
  flush_output();
}

void complain(std::string_view message) {
  const std::string line = std::string(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string shown(std::string_view text) {
  const auto terminal = show::terminal_facts(1);
  if (!terminal.is_terminal) return std::string(text);
  return show::printable_line(text, show::wants_unicode(terminal));
}

std::string shown_text(std::string_view text) {
  std::string lines;
  for (size_t begin = 0;;) {
    const size_t end = text.find('\n', begin);
    lines += shown(text.substr(begin, end - begin));
    if (end == text.npos) return lines;
    lines += '\n';
    begin = end + 1;
  }
}

std::string drawn(const show::AttentionMap& map) {
  const auto terminal = show::terminal_facts(1);
  return show::draw(map, {.colour = show::wants_colour(terminal),
                          .unicode = show::wants_unicode(terminal),
                          .width = terminal.columns});
}

void flush_output() { check(std::fflush(stdout) == 0); }
