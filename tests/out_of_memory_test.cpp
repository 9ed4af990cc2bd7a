#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <new>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/error.h"
#include "heed/core/io/files.h"
#include "heed/core/io/json.h"
#include "heed/core/memory.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

TEST_CASE("memory: beyond the limit an op says what it needed, and changes nothing") {
  const Tensor x = ones({1000});
  const int64_t live = memory_statistics().live_bytes;
  set_memory_limit(live + 3000);
  check_error([&] { x + 1; }, "a tensor of shape (1000,) and dtype f32 needs 4000 bytes; " +
                                  std::to_string(live) + " are in use and the limit is " +
                                  std::to_string(live + 3000));
  CHECK_THROWS_AS(x + 1, MemoryError);
  CHECK(memory_statistics().live_bytes == live);
  set_memory_limit(live + 4000);
  CHECK((x + 1).numel() == 1000);
  set_memory_limit(0);
  check_error([] { set_memory_limit(-1); }, "got -1");
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // they need more than any limit

namespace {

struct Called {
  int code;
  std::string out, err;
};

/// The program under `ulimit -d`, in KiB; killed after a minute.
Called heed_within(const TempDir& folder, int kilobytes, const std::string& arguments) {
  const std::string out = folder / "out", err = folder / "err";
  const std::string line = "cd " + folder.path().string() + "; ulimit -d " +
                           std::to_string(kilobytes) + "; timeout -s KILL 60 " +
                           heed_program().string() + " " + arguments + " >" + out + " 2>" + err;
  const int status = std::system(line.c_str());
  return {.code = WEXITSTATUS(status), .out = read_file(out), .err = read_file(err)};
}

}  // namespace

TEST_CASE("json: a copy for which there is no memory throws") {
  const Json json = Json::array({"short", std::string(100'000'000, 'a')});
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit little{.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_DATA, &little);
    try {
      const Json copy = json;
      _exit(1);
    } catch (const std::bad_alloc&) {
      _exit(0);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the program ends with an error where a limit leaves OpenBLAS no room") {
  const TempDir folder;
  std::ofstream(folder / "pairs.tsv") << "ab\tAB\nba\tBA\naab\tAAB\nbba\tBBA\nabb\tABB\nbb\tBB\n";
  const std::string train =
      "train pairs --data pairs.tsv --out run --threads 2 --quiet "
      "--set steps=2 --set embedding=8 --set hidden=16";
  const Called refused = heed_within(folder, 100'000, train);
  INFO(refused.err);
  CHECK(refused.code == 1);
  CHECK(refused.err.find("heed: memory: OpenBLAS needs 134217728 bytes for each of 2 threads") !=
        std::string::npos);
  const Called trained = heed_within(folder, 600'000, train);
  INFO(trained.err);
  CHECK(trained.code == 0);
}

TEST_CASE("the program says how much it asked for when memory runs out") {
  const TempDir folder;
  write_file_atomic(folder / "text", std::string(60'000'000, 'a'));
  const Called called = heed_within(folder, 40'000, "train lm --data text");
  INFO(called.err);
  CHECK(called.code == 1);
  CHECK(called.err.starts_with("heed: memory: no room for 6000000"));
}

#endif
