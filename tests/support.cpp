#include "tests/support.h"

#include <cstdlib>
#include <exception>
#include <system_error>

#include "tests/catch.h"

namespace fs = std::filesystem;

void check_error(const std::function<void()>& fn, std::string_view part,
                 std::source_location where) {
  INFO("check_error in " << where.file_name() << ":" << where.line());
  INFO("expected an error with: " << std::string(part));
  try {
    fn();
  } catch (const std::exception& error) {
    INFO("the error says: " << error.what());
    CHECK(std::string_view(error.what()).find(part) != std::string_view::npos);
    return;
  }
  FAIL_CHECK("nothing was thrown");
}

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "heed_test_XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path test_data(std::string_view name) { return fs::path(HEED_TEST_DATA) / name; }

fs::path heed_program() { return HEED_PROGRAM; }
