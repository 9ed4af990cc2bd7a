#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "heed/core/io/files.h"

namespace heed {

/// A regular file mapped for reading: the system loads what is looked at and may forget it again,
/// so that the file can be larger than memory. Not copied.
class MappedFile {
 public:
  /// IoError when the file cannot be opened or mapped; FileError when it is no regular file.
  explicit MappedFile(std::string path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(mapping_), size_};
  }
  /// FileError when somebody has written to the file or changed its size since it was opened. To
  /// look at bytes that are gone ends the process, so ask before each look; what is cut off
  /// between the two cannot be noticed.
  void check_unchanged() const;

 private:
  std::string path_;
  detail::FileDescriptor file_;
  void* mapping_ = nullptr;
  size_t size_ = 0;
  int64_t changed_ = 0;  // when it was last written to, in nanoseconds
};

}  // namespace heed
