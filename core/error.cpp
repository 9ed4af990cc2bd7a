#include "heed/core/error.h"

#include <charconv>

namespace heed {

std::string text(double part) {
  char buffer[32];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, part);
  return std::string(buffer, end);
}

}  // namespace heed
