#include "heed/core/io/safetensors.h"

#include <cmath>
#include <fstream>
#include <limits>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/io/files.h"
#include "heed/core/io/json.h"
#include "heed/core/memory.h"
#include "heed/core/shape.h"
#include "tests/catch.h"
#include "tests/support.h"
#include "tests/values.h"

using namespace heed;

namespace {

std::string stored(std::string_view name) {
  return test_data("data/hugging_face/" + std::string(name)).string();
}

const Tensor& find(const Safetensors& file, std::string_view name) {
  for (const auto& [key, tensor] : file.tensors) {
    if (key == name) return tensor;
  }
  throw std::runtime_error("no tensor " + std::string(name));
}

/// A file of a header and some bytes.
std::string made(const TempDir& folder, std::string_view header, size_t bytes) {
  const uint64_t length = header.size();
  const std::string path = folder / "x.safetensors";
  std::ofstream(path, std::ios::binary)
      << std::string_view(reinterpret_cast<const char*>(&length), 8) << header
      << std::string(bytes, '\0');
  return path;
}

void check_refused(std::string_view header, size_t bytes, std::string_view part) {
  const TempDir folder;
  const std::string path = made(folder, header, bytes);
  INFO(header);
  check_error([&] { read_safetensors(path); }, part);
  check_error([&] { list_safetensors(path); }, part);
  CHECK_THROWS_AS(read_safetensors(path), FileError);
}

std::string entry(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return R"({"dtype":")" + std::string(dtype) + R"(","shape":)" + std::string(shape) +
         R"(,"data_offsets":)" + std::string(offsets) + "}";
}

}  // namespace

TEST_CASE("safetensors: a file of the Python library, every dtype") {
  const Safetensors file = read_safetensors(stored("dtypes.safetensors"));
  CHECK(file.tensors.size() == 9);
  CHECK(file.metadata ==
        std::map<std::string, std::string>{{"made by", "safetensors"}, {"ü", "\"x\"\n"}});
  CHECK(equal(find(file, "f32"), tensor({{1.5, -2.0}, {3e38, 1e-40}})));
  CHECK(equal(find(file, "f64"), tensor({1.0 / 3, -1e300}, {.dtype = f64})));
  CHECK(equal(find(file, "i64"), tensor({{INT64_MIN, INT64_MAX, int64_t{7}}})));
  CHECK(equal(find(file, "u8"), tensor({0, 255, 3}, {.dtype = u8})));
  CHECK(equal(find(file, "bool"), tensor({1, 0, 1}, {.dtype = u8})));
  CHECK(find(file, "number").item() == 2.5);
  CHECK(find(file, "none").shape() == Shape{0, 3});
  const std::string path = stored("cases.json");
  const Json json = parse_json(read_file(path), path);
  for (const char* name : {"f16", "bf16"}) {
    const Tensor& half = find(file, name);
    REQUIRE(half.dtype() == f32);
    const auto wanted = JsonReader(json, path).at("dtypes").at(name).elements();
    for (size_t i = 0; i < wanted.size(); ++i) {
      CHECK(half.data<float>()[i] == float(wanted[i].as_double()));
    }
    CHECK(std::signbit(half.data<float>()[1]));
    CHECK(half.data<float>()[8] == std::numeric_limits<float>::infinity());
  }
}

TEST_CASE("safetensors: what is written reads back, and is what the Python library writes") {
  const TempDir folder;
  const std::string path = folder / "x.safetensors";
  const Safetensors given = read_safetensors(stored("bert.safetensors"));
  write_safetensors(path, given.tensors, given.metadata);
  CHECK(read_file(path) == read_file(stored("bert.safetensors")));  // byte for byte

  write_safetensors(path, NamedTensors{{"bytes", tensor({1, 2, 3}, {.dtype = u8})},
                                       {"odd", full({3}, NAN)},
                                       {"matrix", transpose(reshape(arange(6.0), {2, 3}), 0, 1)},
                                       {"ids", tensor({1, -2})},
                                       {"number", tensor(2.5, {.dtype = f64})},
                                       {"none", zeros({2, 0})}});
  const Safetensors read = read_safetensors(path);
  CHECK(read.metadata.empty());
  std::string order;
  for (const auto& [name, tensor] : read.tensors) order += name + " ";
  CHECK(order == "ids number odd matrix none bytes ");
  CHECK(equal(find(read, "matrix"), tensor({{0.0, 3.0}, {1.0, 4.0}, {2.0, 5.0}})));
  CHECK(equal(find(read, "ids"), tensor({1, -2})));
  CHECK(std::isnan(find(read, "odd").at({2})));
  write_safetensors(path, {});
  CHECK(read_safetensors(path).tensors.empty());
  CHECK(read_file(path).size() % 8 == 0);
}

TEST_CASE("safetensors: names, dtypes and shapes come from the header alone") {
  const Safetensors file = read_safetensors(stored("dtypes.safetensors"));
  const auto heads = list_safetensors(stored("dtypes.safetensors"));
  REQUIRE(heads.size() == file.tensors.size());
  for (size_t i = 0; i < heads.size(); ++i) {
    CHECK(heads[i].name == file.tensors[i].first);
    CHECK(heads[i].dtype == file.tensors[i].second.dtype());
    CHECK(heads[i].shape == file.tensors[i].second.shape());
  }
  const TempDir folder;
  const std::string path =
      made(folder, R"({"a":)" + entry("F32", "[4,1073741824]", "[0,17179869184]") + "}", 0);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + (uint64_t{1} << 34));
  const int64_t before = memory_statistics().allocations;
  CHECK(list_safetensors(path)[0].shape == Shape{4, 1 << 30});  // 16 GB, of which none is read
  CHECK(memory_statistics().allocations == before);
}

TEST_CASE("safetensors: headers that do not fit are refused") {
  const std::string two = R"({"a":)" + entry("F32", "[2]", "[0,8]");
  check_refused(two + "}", 7, "the tensors have 8 bytes, the file 7");
  check_refused(two + "}", 9, "the tensors have 8 bytes, the file 9");
  check_refused(two + R"(,"b":)" + entry("F32", "[1]", "[4,8]") + "}", 8,
                "x.safetensors: b: expected its numbers at byte 8, behind the last, got 4");
  check_refused(two + R"(,"b":)" + entry("F32", "[1]", "[12,16]") + "}", 16, "at byte 8");
  check_refused(two + R"(,"a":)" + entry("F32", "[2]", "[8,16]") + "}", 16, "a");
  check_refused(R"({"a":)" + entry("F32", "[3]", "[0,8]") + "}", 8, "expected 12 bytes for (3,)");
  check_refused(R"({"a":)" + entry("F32", "[2]", "[8,0]") + "}", 8, "expected 8 bytes");
  check_refused(R"({"a":)" + entry("F32", "[2]", "[-8,0]") + "}", 8, "at least 0, got -8");
  check_refused(R"({"a":)" + entry("F32", "[2]", "[0]") + "}", 8, "expected [begin, end]");
  check_refused(R"({"a":)" + entry("F8", "[2]", "[0,8]") + "}", 8, "a.dtype: expected F32, F64");
  check_refused(R"({"a":)" + entry("F32", "[-1]", "[0,8]") + "}", 8, "at least 0, got -1");
  check_refused(R"({"a":)" + entry("F32", "[4611686018427387904,4]", "[0,0]") + "}", 0,
                "too many numbers");
  check_refused(R"({"a":)" + entry("F64", "[2305843009213693952]", "[0,0]") + "}", 0,
                "too many numbers");
  check_refused(R"({"a":)" + entry("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]") + "}",
                4, "dimensions, got 18");
  check_refused(R"({"a":{"dtype":"F32","shape":[2]}})", 8, "\"data_offsets\" is missing");
  check_refused(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", 8, "keys: x");
  check_refused(R"({"__metadata__":{"a":1}})", 0, "__metadata__.a: expected a string");
  check_refused(" {}", 0, "expected a header that begins with {");
  check_refused("{", 0, "x.safetensors:1:");
  check_refused("[]", 0, "begins with {");
}

TEST_CASE("safetensors: files that are too short, or no files") {
  const TempDir folder;
  const std::string path = folder / "x.safetensors";
  const auto refused = [&](std::string_view bytes, std::string_view part) {
    std::ofstream(path, std::ios::binary) << bytes;
    check_error([&] { read_safetensors(path); }, part);
    CHECK_THROWS_AS(read_safetensors(path), FileError);
  };
  refused("", "not a safetensors file: expected a header, got 0 bytes");
  refused("1234567", "expected a header, got 7 bytes");
  refused(std::string("\x09\0\0\0\0\0\0\0{}", 10), "header of at most 2 bytes, got 9");
  refused("step,loss\n1,0.5\n", "not a safetensors file, or cut short: expected a header of at");
  refused("\xff\xff\xff\xff\xff\xff\xff\xff{}", "got 18446744073709551615");
  const std::string truth = made(folder, R"({"a":)" + entry("BOOL", "[1]", "[0,1]") + "}", 0);
  std::ofstream(truth, std::ios::binary | std::ios::app) << '\x02';
  check_error([&] { read_safetensors(truth); }, "a: expected truth values, 0 or 1, got 2");
  CHECK_THROWS_AS(read_safetensors(folder / "none"), IoError);
  CHECK_THROWS_AS(read_safetensors(folder.path()), IoError);
  CHECK_THROWS_AS(read_safetensors("/dev/null"), FileError);
}

TEST_CASE("safetensors: names that cannot be written") {
  const TempDir folder;
  const std::string path = folder / "x.safetensors";
  const auto refused = [&](const NamedTensors& tensors, std::string_view part) {
    check_error([&] { write_safetensors(path, tensors); }, part);
    CHECK_FALSE(std::filesystem::exists(path));
  };
  const Tensor one = ones({1});
  refused({{"", one}}, "a name is empty");
  refused({{"__metadata__", one}}, "\"__metadata__\"");
  refused({{"a", one}, {"a", one}}, "there twice: \"a\"");
  refused({{"\xff", one}}, "not UTF-8");
  refused({{"a", Tensor()}}, "\"a\" is an empty Tensor");
}
