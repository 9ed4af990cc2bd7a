#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "heed/core/error.h"
#include "heed/core/io/base64.h"
#include "heed/core/io/files.h"
#include "heed/core/io/html.h"
#include "heed/core/io/utf8.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

/// No file may grow beyond this many bytes while it lives: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

/// Replaces the file again and again until the process is killed.
[[noreturn]] void write_forever(const std::string& path) try {
  for (char c = 'a';; c = c == 'z' ? 'a' : char(c + 1))
    write_file_atomic(path, std::string(100'000, c));
} catch (const Error&) {
  _exit(1);
}

size_t count_files(const TempDir& folder) {
  return size_t(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

std::string decoded(std::string_view text, size_t size) {
  std::string bytes(size, '\0');
  base64_decode(text, std::as_writable_bytes(std::span(bytes)), "model.json: x");
  return bytes;
}

std::string encoded(std::string_view bytes) {
  return base64_encode(std::as_bytes(std::span(bytes)));
}

}  // namespace

TEST_CASE("files: what is written is read, and replaces what was there") {
  const TempDir folder;
  const std::string path = folder / "a.bin";
  for (const std::string& bytes : {""s, "x"s, "a\0b\n"s, std::string(3'000'000, 'y')}) {
    write_file_atomic(path, bytes);
    CHECK(read_file(path) == bytes);
  }
  const std::string_view pieces[] = {"one", "", " two"};
  write_file_atomic(path, pieces);
  CHECK(read_file(path) == "one two");
  CHECK(count_files(folder) == 1);
}

TEST_CASE("files: reading refuses what it cannot read") {
  const TempDir folder;
  const std::string path = folder / "a";
  check_error([&] { read_file(path); }, path + ": cannot open: No such file");
  CHECK_THROWS_AS(read_file(path), IoError);
  CHECK_THROWS_AS(read_file(folder.path()), IoError);
  check_error([&] { read_file(folder.path()); }, "folder");
  check_error([&] { read_file(path + "\0b"s); }, "zero byte");
  write_file_atomic(path, "12345");
  CHECK(read_file(path, 5) == "12345");
  CHECK_THROWS_AS(read_file(path, 4), FileError);
  check_error([&] { read_file(path, 4); }, path + ": larger than 4 bytes");
  check_error([] { read_file("/dev/zero", 100'000); }, "/dev/zero: larger than 100000 bytes");
  CHECK(read_file("/dev/null") == "");
  CHECK(read_file("/proc/self/stat").size() > 10);
}

TEST_CASE("files: a failed write leaves the old file and nothing else") {
  const TempDir folder;
  const std::string path = folder / "a.json";
  write_file_atomic(path, "old");
  {
    const FullDisk disk(10'000);
    CHECK_THROWS_AS(write_file_atomic(path, std::string(20'000, 'x')), IoError);
    check_error([&] { write_file_atomic(path, std::string(20'000, 'x')); },
                path + ": cannot write 20000 bytes: ");
    write_file_atomic(path, std::string(10'000, 'x'));
  }
  CHECK(read_file(path) == std::string(10'000, 'x'));
  CHECK(count_files(folder) == 1);
}

TEST_CASE("files: places that cannot be written to are refused") {
  const TempDir folder;
  CHECK_THROWS_AS(write_file_atomic(folder / "no/file", "x"), IoError);
  CHECK_THROWS_AS(write_file_atomic(folder.path(), "x"), IoError);
  CHECK_THROWS_AS(write_file_atomic(folder.path().string() + "/", "x"), IoError);
  CHECK_THROWS_AS(write_file_atomic("", "x"), IoError);
  CHECK_THROWS_AS(write_file_atomic((folder / "a").string() + "\0b"s, "x"), IoError);
  CHECK_THROWS_AS(write_file_atomic("/proc/heed", "x"), IoError);
  CHECK_THROWS_AS(write_file_atomic(folder / std::string(300, 'n'), "x"), IoError);
  write_file_atomic(folder / std::string(250, 'n'), "x");
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  if (geteuid() != 0) CHECK_THROWS_AS(write_file_atomic(folder / "b", "x"), IoError);
  fs::permissions(folder.path(), fs::perms::owner_all);
}

TEST_CASE("files: devices are written to, never replaced") {
  check_error([] { write_file_atomic("/dev/full", "x"); },
              "/dev/full: cannot write 1 bytes: No space");
  CHECK_THROWS_AS(write_file_atomic("/dev/full", "x"), IoError);
  write_file_atomic("/dev/null", "x");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("files: permissions stay, links are followed") {
  const TempDir folder;
  const std::string path = folder / "a", link = folder / "link";
  write_file_atomic(path, "1");
  fs::permissions(path, fs::perms(0604));
  fs::create_symlink("a", link);
  write_file_atomic(link, "2");
  CHECK(fs::is_symlink(link));
  CHECK(read_file(path) == "2");
  CHECK(fs::status(path).permissions() == fs::perms(0604));
}

TEST_CASE("files: writes that signals interrupt and pipes cut short are completed") {
  const TempDir folder;
  const std::string path = folder / "pipe", bytes(3'000'000, 'z');
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  struct sigaction quiet {
  }, before{};
  quiet.sa_handler = [](int) {};  // without SA_RESTART: system calls end with EINTR
  sigaction(SIGUSR1, &quiet, &before);
  std::string got;
  std::thread reader([&, writer = pthread_self()] {
    const int pipe = open(path.c_str(), O_RDONLY);
    std::string buffer(60'000, '\0');
    for (ssize_t count = 1; count > 0; pthread_kill(writer, SIGUSR1)) {
      count = read(pipe, buffer.data(), buffer.size());
      got.append(buffer, 0, size_t(std::max<ssize_t>(count, 0)));
    }
    close(pipe);
  });
  write_file_atomic(path, bytes);
  reader.join();
  sigaction(SIGUSR1, &before, nullptr);
  CHECK(got == bytes);
}

TEST_CASE("files: a process killed at any moment leaves a whole file") {
  const TempDir folder;
  const std::string path = folder / "model.json";
  write_file_atomic(path, std::string(100'000, 'a'));
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) write_forever(path);
    std::this_thread::sleep_for(std::chrono::microseconds(500 + 700 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::string bytes = read_file(path);
    REQUIRE(bytes.size() == 100'000);
    REQUIRE(bytes.find_first_not_of(bytes[0]) == bytes.npos);
  }
  remove_stale_temporaries(path);
  CHECK(count_files(folder) == 1);
}

TEST_CASE("files: only temporary files of processes that are gone are removed") {
  const TempDir folder;
  const std::string kept[] = {"m.json",
                              "m.json.tmp-1-0",
                              "m.json.tmp-x-0",
                              "n.json.tmp-999999999-0",
                              "m.json.tmp-999999999-0.txt",
                              "m.json.tmp-999999999"};
  for (const auto& name : kept) write_file_atomic(folder / name, "x");
  write_file_atomic(folder / "m.json.tmp-999999999-0", "x");
  write_file_atomic(folder / ("m.json.tmp-" + std::to_string(getpid()) + "-12"), "x");
  remove_stale_temporaries(folder / "m.json");
  for (const auto& name : kept) CHECK(fs::exists(folder / name));
  CHECK(count_files(folder) == std::size(kept));
  CHECK_THROWS_AS(remove_stale_temporaries(folder / "none/m.json"), IoError);
}

TEST_CASE("files: lines are in the file as soon as they are written, and whole") {
  const TempDir folder;
  const std::string path = folder / "metrics.jsonl";
  write_file_atomic(path, "old");
  LineWriter lines(path);
  CHECK(read_file(path) == "");
  lines.write("{\"step\":1}");
  CHECK(read_file(path) == "{\"step\":1}\n");
  check_error([&] { lines.write("a\nb"); }, "line end");
  {
    const FullDisk disk(100);
    CHECK_THROWS_AS(lines.write(std::string(200, 'x')), IoError);
  }
  lines.write("2");
  CHECK(read_file(path) == "{\"step\":1}\n2\n");
  check_error([] { LineWriter("/dev/full").write("x"); }, "/dev/full: cannot write 2 bytes");
  CHECK_THROWS_AS(LineWriter(folder / "no/file"), IoError);
}

TEST_CASE("base64: the test vectors of RFC 4648 and every byte") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(encoded(bytes) == text);
    CHECK(decoded(text, std::string_view(bytes).size()) == bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += char(i);
  for (size_t length = 0; length <= all.size(); ++length)
    CHECK(decoded(encoded(all.substr(0, length)), length) == all.substr(0, length));
}

TEST_CASE("base64: anything else is refused") {
  check_error([] { decoded("Zm9v", 4); },
              "model.json: x: base64: expected 8 characters for 4 bytes, got 4");
  check_error([] { decoded("Zg", 1); }, "expected 4 characters");
  check_error([] { decoded("Zm9vZm8=Zm9v", 9); }, "a wrong letter, padding or bit at character 7");
  const std::pair<const char*, size_t> wrong[] = {
      {"Zm 9", 3}, {"Zm9\n", 3}, {"Zm-_", 3}, {"Zg=a", 1}, {"Zg==", 2}, {"Zm8=", 1},
      {"Zm8=", 3}, {"Z===", 1},  {"====", 1}, {"Zh==", 1}, {"Zm9=", 2}, {"Zm\xff=", 2}};
  for (const auto& [text, size] : wrong) {
    INFO(text);
    CHECK_THROWS_AS(decoded(text, size), FileError);
  }
  check_error([] { decoded("Zm9vZ!==", 4); }, "at character 5");
}

TEST_CASE("html: text from users stays text") {
  CHECK(escape_html("<b a='1' c=\"2\">&amp;é</b>") ==
        "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;é&lt;/b&gt;");
  const Json token = Json::array({"</script><img onerror=x>", "a&b\u2028\u2029é"});
  const std::string text = json_for_script(token);
  CHECK(text == R"(["\u003c/script\u003e\u003cimg onerror=x\u003e","a\u0026b\u2028\u2029é"])");
  CHECK(parse_json(text, "page") == token);
}

TEST_CASE("utf8: texts are split into code points") {
  using Words = std::vector<std::string>;
  CHECK(utf8_characters("aé漢😀") == Words{"a", "é", "漢", "😀"});
  CHECK(utf8_characters("") == Words{});
  CHECK(utf8_characters("\0\x7f"s) == Words{"\0"s, "\x7f"});
  CHECK_THROWS_AS(utf8_characters("abc\xff"), FileError);
  check_error([] { utf8_characters("abc\xff"); }, "utf8: byte 3 (0xff) is not valid UTF-8");
  check_error([] { utf8_characters("é\xc3"); }, "byte 2 (0xc3)");
}

TEST_CASE("utf8: exactly the well-formed sequences are valid") {
  for (const auto& text : {""s, "a"s, "\0"s, "\u0080\u07ff\u0800\ud7ff\ue000\uffff"s, "\U00010000"s,
                           "\xf4\x8f\xbf\xbf"s, std::string(100, 'a') + "é" + std::string(7, 'b')})
    CHECK(valid_utf8(text));
  for (const auto& text :
       {"\x80"s, "\xbf"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xf0\x8f\xbf\xbf"s,
        "\xed\xa0\x80"s, "\xed\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s,
        "\xe2\x82"s, "\xe2\x82z"s, "\xf0\x9f\x98"s, "\xc3"s})
    for (const std::string& before : {""s, "0123456789abcdef"s, "é"s}) {
      CHECK_FALSE(valid_utf8(before + text));
      CHECK_FALSE(valid_utf8(before + text + "0123456789abcdef"));
    }
}

TEST_CASE("bytes that are not UTF-8 are replaced one by one") {
  CHECK(repaired_utf8("") == "");
  CHECK(repaired_utf8("aé€😀") == "aé€😀");
  CHECK(repaired_utf8("a\xff\xc3z") == "a\uFFFD\uFFFDz");
  CHECK(repaired_utf8("\xe2\x82") == "\uFFFD\uFFFD");
}

TEST_CASE("utf8: widths in a terminal") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc é") == 5);
  CHECK(display_width("漢字かな") == 8);
  CHECK(display_width("한국") == 4);
  CHECK(display_width("😀") == 2);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("Ａ") == 2);
  CHECK(display_width("a\u200db\xff\xc3") == 4);
}
