#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <span>
#include <string>

#include "heed/core/io/files.h"

namespace heed {

namespace detail {

/// Opens a file for reading. IoError when that is refused; FileError when it is no regular file.
int open_regular_file(const std::string& path);
/// fstat of an open file; IoError, which names the path, when it is refused.
struct stat status_of(int file, const std::string& path);

}  // namespace detail

/// A regular file that is read at any place, without reading all of it.
class FileReader {
 public:
  /// Throws what open_regular_file throws.
  explicit FileReader(std::string path);

  const std::string& path() const { return path_; }
  /// In bytes, when it was opened.
  size_t size() const { return size_; }
  /// Fills `into` with the bytes from `offset` on. FileError when the file ends before, as it can
  /// when somebody else shortens it; IoError when it cannot be read.
  void read(size_t offset, std::span<std::byte> into) const;

 private:
  std::string path_;
  detail::FileDescriptor file_;
  size_t size_ = 0;
};

}  // namespace heed
