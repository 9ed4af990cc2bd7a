#include "heed/core/io/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "heed/core/error.h"
#include "heed/core/io/file_reader.h"

namespace heed {

using detail::FileDescriptor;

namespace {

template <class... Parts>
[[noreturn]] void refused(int reason, const std::string& path, const Parts&... parts) {
  fail<IoError>(path, ": ", parts..., ": ", std::generic_category().message(reason));
}

// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

int open_file(const std::string& path, int flags) {
  if (path.find('\0') != path.npos) fail<IoError>("a path contains a zero byte: ", path.c_str());
  const int file = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
  if (file < 0) refused(errno, path, "cannot open");
  return file;
}

// Writes all bytes or says why not (an errno value; 0 is success).
int write_all(const FileDescriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto done =
        uninterrupted([&] { return ::write(file.number(), bytes.data(), bytes.size()); });
    if (done < 0) return errno;
    bytes.remove_prefix(size_t(done));
  }
  return 0;
}

void write_pieces(const FileDescriptor& file, std::span<const std::string_view> pieces,
                  const std::string& path) {
  size_t total = 0;
  for (const auto piece : pieces) total += piece.size();
  for (const auto piece : pieces)
    if (const int reason = write_all(file, piece))
      refused(reason, path, "cannot write ", total, " bytes");
}

void sync(const FileDescriptor& file, const std::string& path) {
  const int result = uninterrupted([&] { return ::fsync(file.number()); });
  // Some network file systems cannot sync a folder and say so in one of these ways.
  if (result != 0 && errno != EINVAL && errno != ENOTSUP) refused(errno, path, "cannot sync");
}

// A path as its folder, kept open, and the name in it.
class Place {
 public:
  explicit Place(const std::string& path)
      : folder_path_(folder_of(path)),
        name_(path.substr(path.rfind('/') + 1)),
        folder_(open_file(folder_path_, O_RDONLY | O_DIRECTORY)) {
    if (name_.empty()) fail<IoError>(path, ": cannot write: no file name");
  }

  int folder() const { return folder_.number(); }
  const std::string& folder_path() const { return folder_path_; }
  const char* name() const { return name_.c_str(); }
  void sync_folder() const { sync(folder_, folder_path_); }

  /// What the names of its temporary files start with; leaves room for the rest of the name.
  std::string temporary_prefix() const { return name_.substr(0, 200) + ".tmp-"; }

 private:
  static std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == path.npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  }

  std::string folder_path_, name_;
  FileDescriptor folder_;
};

// A new file in the folder of a place, removed on destruction unless it was moved to its place.
class Temporary {
 public:
  Temporary(const Place& place, const std::string& path)
      : place_(place), file_(create(place, name_, path)) {}
  ~Temporary() {
    if (!moved_) ::unlinkat(place_.folder(), name_.c_str(), 0);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  FileDescriptor& file() { return file_; }

  void move_to_place(const std::string& path) {
    if (::renameat(place_.folder(), name_.c_str(), place_.folder(), place_.name()) != 0)
      refused(errno, path, "cannot replace the file");
    moved_ = true;
  }

 private:
  static int create(const Place& place, std::string& name, const std::string& path) {
    const std::string prefix = place.temporary_prefix() + std::to_string(::getpid()) + "-";
    for (int attempt = 0; attempt < 1000; ++attempt) {
      name = prefix + std::to_string(attempt);
      const int file = uninterrupted([&] {
        return ::openat(place.folder(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                        0666);
      });
      if (file >= 0) return file;
      if (errno != EEXIST) refused(errno, path, "cannot create a temporary file beside it");
    }
    refused(EEXIST, path, "cannot create a temporary file beside it");
  }

  const Place& place_;
  std::string name_;
  FileDescriptor file_;
  bool moved_ = false;
};

// The process in a temporary file's name "<prefix><process>-<n>".
std::optional<pid_t> process_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  pid_t process = 0;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + prefix.size(), end, process);
  if (read.ec != std::errc() || process <= 0 || read.ptr == end || *read.ptr != '-')
    return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (read.ptr + 1 == end || !std::all_of(read.ptr + 1, end, digit)) return std::nullopt;
  return process;
}

// A process that started with the number of a killed one (as in containers) is this one.
bool left_behind(pid_t process) {
  return process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH);
}

std::string resolved(const std::string& path) {
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
  if (!real) refused(errno, path, "cannot resolve");
  return real.get();
}

// `path` is what messages show, `target` where its symbolic links lead.
void replace_file(const std::string& path, const std::string& target, std::optional<mode_t> mode,
                  std::span<const std::string_view> pieces) {
  const Place place(target);
  Temporary temporary(place, path);
  write_pieces(temporary.file(), pieces, path);
  if (mode && ::fchmod(temporary.file().number(), *mode & 07777) != 0)
    refused(errno, path, "cannot set its permissions");
  sync(temporary.file(), path);
  temporary.file().close(path);
  temporary.move_to_place(path);
  place.sync_folder();
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

void FileDescriptor::close(const std::string& path) {
  // Linux closes the descriptor even when the call is interrupted: it must not be repeated.
  if (::close(std::exchange(number_, -1)) != 0 && errno != EINTR)
    refused(errno, path, "cannot close");
}

std::string read_file(const std::string& path, size_t limit) {
  const FileDescriptor file(open_file(path, O_RDONLY));
  const struct stat status = detail::status_of(file.number(), path);
  if (S_ISDIR(status.st_mode)) fail<IoError>(path, ": cannot read: it is a folder");
  const auto known = size_t(S_ISREG(status.st_mode) ? status.st_size : 0);
  const auto check = [&](size_t size) {
    if (size > limit) fail<FileError>(path, ": larger than ", limit, " bytes");
  };
  check(known);
  std::string bytes;
  size_t size = 0;
  for (;;) {
    // One byte more than a regular file holds, so that its end shows without growing again.
    if (size == bytes.size())
      bytes.resize(std::min(limit, std::max({known, size + 4096, size + size / 2})) + 1);
    const auto got = uninterrupted(
        [&] { return ::read(file.number(), bytes.data() + size, bytes.size() - size); });
    if (got < 0) refused(errno, path, "cannot read");
    if (got == 0) break;
    size += size_t(got);
    check(size);
  }
  bytes.resize(size);
  return bytes;
}

void write_file_atomic(const std::string& path, std::span<const std::string_view> pieces) {
  if (path.find('\0') != path.npos) fail<IoError>("a path contains a zero byte: ", path.c_str());
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) refused(errno, path, "cannot write");
    return replace_file(path, path, std::nullopt, pieces);
  }
  if (S_ISDIR(status.st_mode)) fail<IoError>(path, ": cannot write: it is a folder");
  if (S_ISREG(status.st_mode)) return replace_file(path, resolved(path), status.st_mode, pieces);
  FileDescriptor file(open_file(path, O_WRONLY));
  write_pieces(file, pieces, path);
  file.close(path);
}

struct AtomicFile::Parts {
  explicit Parts(const std::string& path) : place(path), temporary(place, path) {}
  Place place;
  Temporary temporary;
};

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)), parts_(std::make_unique<Parts>(path_)) {}

AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::string_view bytes) {
  write_pieces(parts_->temporary.file(), std::span(&bytes, 1), path_);
}

void AtomicFile::write_at(size_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto done = uninterrupted([&] {
      return ::pwrite(parts_->temporary.file().number(), bytes.data(), bytes.size(), off_t(offset));
    });
    if (done < 0) refused(errno, path_, "cannot write ", bytes.size(), " bytes");
    bytes.remove_prefix(size_t(done));
    offset += size_t(done);
  }
}

void AtomicFile::commit() {
  sync(parts_->temporary.file(), path_);
  parts_->temporary.file().close(path_);
  parts_->temporary.move_to_place(path_);
  parts_->place.sync_folder();
}

void remove_stale_temporaries(const std::string& path) {
  struct Close {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };
  const Place place(path);
  const std::string prefix = place.temporary_prefix();
  const std::unique_ptr<DIR, Close> folder(::opendir(place.folder_path().c_str()));
  if (!folder) refused(errno, place.folder_path(), "cannot read the folder");
  while (const dirent* entry = ::readdir(folder.get())) {
    const auto process = process_of(entry->d_name, prefix);
    if (process && left_behind(*process)) ::unlinkat(place.folder(), entry->d_name, 0);
  }
}

LineWriter::LineWriter(std::string path)
    : path_(std::move(path)), file_(open_file(path_, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)) {}

void LineWriter::write(std::string_view line) {
  require(line.find('\n') == line.npos, path_, ": a line to be written contains a line end");
  const std::string whole = std::string(line) + '\n';
  if (const int reason = write_all(file_, whole)) {
    const bool cut = ::ftruncate(file_.number(), off_t(size_)) == 0;  // not so for pipes
    refused(reason, path_, "cannot write ", whole.size(), " bytes",
            cut ? "" : ", some may be left");
  }
  size_ += whole.size();
}

}  // namespace heed
