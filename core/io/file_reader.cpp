#include "heed/core/io/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "heed/core/error.h"

namespace heed {
namespace {

[[noreturn]] void refused(int reason, const std::string& path, const char* what) {
  fail<IoError>(path, ": ", what, ": ", std::generic_category().message(reason));
}

int opened(const std::string& path) {
  if (path.find('\0') != path.npos) fail<IoError>("a path contains a zero byte: ", path.c_str());
  for (;;) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // of a pipe: no wait
    if (file >= 0) return file;
    if (errno != EINTR) refused(errno, path, "cannot open");
  }
}

}  // namespace

struct stat detail::status_of(int file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) != 0) refused(errno, path, "cannot read its status");
  return status;
}

int detail::open_regular_file(const std::string& path) {
  const int file = opened(path);
  const auto mode = status_of(file, path).st_mode;
  if (S_ISREG(mode)) return file;
  ::close(file);
  if (S_ISDIR(mode)) fail<IoError>(path, ": cannot read: it is a folder");
  fail<FileError>(path, ": expected a regular file");
}

FileReader::FileReader(std::string path)
    : path_(std::move(path)), file_(detail::open_regular_file(path_)) {
  size_ = size_t(detail::status_of(file_.number(), path_).st_size);
}

void FileReader::read(size_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const auto got = ::pread(file_.number(), into.data(), into.size(), off_t(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refused(errno, path_, "cannot read");
    if (got == 0) fail<FileError>(path_, ": ends at byte ", offset, ", ", into.size(), " missing");
    into = into.subspan(size_t(got));
    offset += size_t(got);
  }
}

}  // namespace heed
