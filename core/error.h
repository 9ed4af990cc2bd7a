#pragma once

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heed {

/// A call that cannot be right: wrong shapes, dtypes, arguments, or a misuse of the graph.
/// The message starts with the name of the op and says what was expected and what came.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file whose content is not what it should be. The message starts with the file's name.
class FileError : public Error {
 public:
  using Error::Error;
};

/// The system refused to open, read or write a file (full disk, permission, missing folder).
class IoError : public Error {
 public:
  using Error::Error;
};

/// A tensor that does not fit the memory limit or the machine's memory.
class MemoryError : public Error {
 public:
  using Error::Error;
};

// text(x) turns one part of a message into words; types of heed add their own overloads.
inline std::string text(std::string_view part) { return std::string(part); }
inline std::string text(const std::string& part) { return part; }
inline std::string text(const char* part) { return part; }
inline std::string text(char part) { return std::string(1, part); }
inline std::string text(bool part) { return part ? "true" : "false"; }
std::string text(double part);
template <std::integral T>
std::string text(T part) {
  return std::to_string(part);
}

/// Throws E (Error unless said) with the parts joined to one message.
template <class E = Error, class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  std::string message;
  ((message += text(parts)), ...);
  throw E(message);
}

/// Throws Error with the joined parts unless the condition holds:
/// `require(a == b, "matmul: inner dimensions differ: ", x.shape(), " x ", y.shape());`
template <class... Parts>
inline void require(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(parts...);
}

}  // namespace heed
