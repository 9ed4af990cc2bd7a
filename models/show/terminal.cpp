#include "heed/models/show/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <cstdlib>
#include <initializer_list>

namespace heed::show {
namespace {

std::string first_set(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

TerminalFacts terminal_facts(int fd) {
  TerminalFacts facts{.is_terminal = isatty(fd) == 1,
                      .term = first_set({"TERM"}),
                      .no_color = first_set({"NO_COLOR"}),
                      .clicolor_force = first_set({"CLICOLOR_FORCE"}),
                      .locale = first_set({"LC_ALL", "LC_CTYPE", "LANG"})};
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) facts.columns = size.ws_col;
  return facts;
}

bool can_redraw(const TerminalFacts& facts) { return facts.is_terminal && facts.term != "dumb"; }

bool wants_colour(const TerminalFacts& facts) {
  if (!facts.no_color.empty()) return false;
  const bool forced = !facts.clicolor_force.empty() && facts.clicolor_force != "0";
  return forced || can_redraw(facts);
}

bool wants_unicode(const TerminalFacts& facts) {
  if (facts.locale.empty()) return true;
  std::string letters;
  for (char c : facts.locale)
    if (c != '-') letters += lower(c);
  return letters.find("utf8") != std::string::npos;
}

}  // namespace heed::show
