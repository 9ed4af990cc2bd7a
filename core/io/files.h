#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace heed {

namespace detail {

/// A file descriptor that is closed on destruction.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int number() const { return number_; }
  /// Closes it now; IoError when the system reports that earlier writes were lost.
  void close(const std::string& path);

 private:
  int number_;
};

}  // namespace detail

/// The bytes of a file. Throws IoError when it cannot be read or is a folder, FileError when it is
/// larger than `limit` bytes; a file that grows while it is read is not read beyond the limit.
std::string read_file(const std::string& path, size_t limit = size_t{1} << 34);

/// Replaces a file by the pieces one after another: whole, or not at all. The bytes go to
/// "<path>.tmp-<process>-<n>" in the same folder, are checked and synced to disk, and are then
/// moved to `path`; after a failure, a full disk or a kill at any moment the old file is still
/// there. Keeps the old file's permissions and follows symbolic links. Devices and pipes are
/// written directly. Throws IoError with the path, the number of bytes and the system's reason.
/// (When only the last step fails, syncing the folder, the new file is already there.)
void write_file_atomic(const std::string& path, std::span<const std::string_view> pieces);
inline void write_file_atomic(const std::string& path, std::string_view bytes) {
  write_file_atomic(path, std::span(&bytes, 1));
}

/// Writes a file piece by piece that is whole, or not there at all, as write_file_atomic does (but
/// a symbolic link is replaced, and permissions are those of a new file): other readers see the old
/// file until commit(). Without commit() nothing has changed.
class AtomicFile {
 public:
  /// Throws IoError when the temporary file cannot be made.
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  /// Appends bytes.
  void write(std::string_view bytes);
  /// Overwrites bytes that were written before.
  void write_at(size_t offset, std::string_view bytes);
  void commit();

 private:
  struct Parts;
  std::string path_;
  std::unique_ptr<Parts> parts_;
};

/// Removes the temporary files that killed processes left beside `path`. Call it when no thread is
/// writing to `path`. Throws IoError when the folder cannot be read.
void remove_stale_temporaries(const std::string& path);

/// Writes a file line by line; each line is in the file when write() returns.
class LineWriter {
 public:
  /// Creates the file or empties it. Throws IoError.
  explicit LineWriter(std::string path);

  /// Appends the line and its end. Throws Error when the line contains a line end, IoError when it
  /// cannot be written; the part of the line that was written is then removed.
  void write(std::string_view line);

 private:
  std::string path_;
  detail::FileDescriptor file_;
  size_t size_ = 0;
};

}  // namespace heed
