#include "heed/core/io/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "heed/core/error.h"
#include "heed/core/io/file_reader.h"

namespace heed {
namespace {

int64_t last_written(const struct stat& status) {
  return int64_t(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
}

}  // namespace

MappedFile::MappedFile(std::string path)
    : path_(std::move(path)), file_(detail::open_regular_file(path_)) {
  const struct stat status = detail::status_of(file_.number(), path_);
  changed_ = last_written(status);
  size_ = size_t(status.st_size);
  if (size_ == 0) return;  // cannot be mapped
  void* mapping = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.number(), 0);
  if (mapping == MAP_FAILED) {
    fail<IoError>(path_, ": cannot map ", size_,
                  " bytes: ", std::generic_category().message(errno));
  }
  mapping_ = mapping;
}

MappedFile::~MappedFile() {
  if (mapping_) ::munmap(mapping_, size_);
}

void MappedFile::check_unchanged() const {
  const struct stat status = detail::status_of(file_.number(), path_);
  if (size_t(status.st_size) == size_ && last_written(status) == changed_) return;
  fail<FileError>(path_, ": was changed while it was read");
}

}  // namespace heed
