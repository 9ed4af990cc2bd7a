#pragma once

#include <filesystem>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>

/// Passes when fn throws a std::exception whose message contains `part`; otherwise fails the test
/// (and goes on) with what came instead.
void check_error(const std::function<void()>& fn, std::string_view part,
                 std::source_location where = std::source_location::current());

/// A new empty folder, removed with all that is in it at the end of the scope.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A stored file of the tests: test_data("parity/lstm.json").
std::filesystem::path test_data(std::string_view name);

/// The program heed of this build.
std::filesystem::path heed_program();
