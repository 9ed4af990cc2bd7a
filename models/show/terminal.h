#pragma once

#include <string>

namespace heed::show {

/// What decides how a stream is written to: plain data, so that a test can make one up.
struct TerminalFacts {
  bool is_terminal = false;         ///< isatty of the stream
  int columns = 80;                 ///< width of the terminal
  std::string term = {};            ///< $TERM
  std::string no_color = {};        ///< $NO_COLOR
  std::string clicolor_force = {};  ///< $CLICOLOR_FORCE
  std::string locale = {};          ///< $LC_ALL, else $LC_CTYPE, else $LANG; empty if none is set
};

/// The facts about file descriptor `fd` (1 is stdout, 2 is stderr) in this environment.
TerminalFacts terminal_facts(int fd);

/// Colour: never if NO_COLOR is set and not empty (no-color.org), always if CLICOLOR_FORCE is set
/// and not "0", otherwise on a terminal whose TERM is not "dumb".
bool wants_colour(const TerminalFacts& facts);

/// Characters beyond ASCII: unless the locale names another encoding than UTF-8. An environment
/// that names no locale counts as UTF-8, as it does in Python (PEP 540): bare containers are so.
bool wants_unicode(const TerminalFacts& facts);

/// Whether a line may be erased and drawn again: a terminal whose TERM is not "dumb".
bool can_redraw(const TerminalFacts& facts);

}  // namespace heed::show
