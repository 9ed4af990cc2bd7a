// IDX files and images.
#include "heed/models/data/images.h"

#include <cmath>

#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/io/files.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/data/idx.h"
#include "tests/kernels.h"
#include "tests/support.h"

using namespace heed;
using namespace heed::data;

namespace {

/// An IDX file of unsigned bytes with these sizes.
std::string idx(std::initializer_list<uint32_t> sizes, std::string_view elements) {
  std::string bytes{'\0', '\0', '\b', char(sizes.size())};
  for (const uint32_t size : sizes)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += char(size >> shift & 255);
  return bytes.append(elements);
}

std::string write(const TempDir& folder, std::string_view name, std::string_view bytes) {
  const std::string path = folder / name;
  write_file_atomic(path, bytes);
  return path;
}

}  // namespace

TEST_CASE("IDX files hold bytes of any sizes") {
  const TempDir folder;
  const Tensor x = read_idx(write(folder, "a", idx({2, 3}, "\x01\x02\x03\x04\xff\x06")));
  CHECK(x.dtype() == u8);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(values(x) == Values{1, 2, 3, 4, 255, 6});
  CHECK(read_idx(write(folder, "b", idx({0, 3}, ""))).shape() == Shape{0, 3});
}

TEST_CASE("what is no IDX file is refused with the reason") {
  const TempDir folder;
  const auto error_of = [&](std::string bytes, std::string_view part) {
    const std::string path = write(folder, "x", bytes);
    check_error([&] { read_idx(path); }, part);
    CHECK_THROWS_AS(read_idx(path), FileError);
  };
  error_of("", "x: expected an IDX file, which starts with two zeros");
  error_of("PNG.....", "x: expected an IDX file");
  error_of("\x1f\x8b\x08...", "x: the file is compressed; unpack it: gunzip ");
  error_of(std::string("\0\0\x0d\x01\0\0\0\0", 8),
           "x: expected unsigned bytes (type 8), got type 13");
  error_of(std::string("\0\0\x08\0", 4), "x: expected 1 to 8 dimensions, got 0");
  error_of(std::string("\0\0\x08\xff", 4), "x: expected 1 to 8 dimensions, got 255");
  error_of(std::string("\0\0\x08\x02\0\0", 6), "x: expected a header of 12 bytes, got 6");
  error_of(idx({2, 3}, "12345"), "x: expected 18 bytes for sizes (2, 3), got 17");
  error_of(idx({2, 3}, "1234567"), "x: expected 18 bytes for sizes (2, 3), got 19");
  const uint32_t huge = 0xffffffff;
  error_of(idx({huge, huge, huge, huge}, ""), "x: sizes (4294967295, 4294967295) are too large");
  error_of(idx({0, huge, huge, huge}, ""), "are too large");
  CHECK_THROWS_AS(read_idx(folder / "missing"), IoError);
}

TEST_CASE("a folder of images for training and testing") {
  const TempDir folder;
  const auto fill = [&](uint32_t width) {
    write(folder, "train-images-idx3-ubyte", idx({2, 1, 2}, std::string("\0\xff\x33\x66", 4)));
    write(folder, "train-labels-idx1-ubyte", idx({2}, "\x02\x01"));
    write(folder, "t10k-images-idx3-ubyte", idx({1, 1, width}, std::string(width, 'x')));
    write(folder, "t10k-labels-idx1-ubyte", idx({1}, "\x04"));
  };
  fill(2);
  const ImageSets sets = read_image_folder(folder.path());
  CHECK(sets.train.images.shape() == Shape{2, 1, 2});
  CHECK(values(sets.train.labels) == Values{2, 1});
  CHECK(sets.test.labels.dtype() == i64);
  CHECK(sets.classes == 5);
  const Tensor batch = image_batch(sets.train.images, tensor({1, 0, 1}));
  CHECK(batch.shape() == Shape{3, 1, 1, 2});
  CHECK(distance(values(batch), Values{0.2, 0.4, 0, 1, 0.2, 0.4}) < 1e-7);
  const PixelStatistics statistics = pixel_statistics(sets.train.images);
  CHECK(statistics.mean == Approx(0.4));
  CHECK(statistics.deviation == Approx(std::sqrt((0.16 + 0.36 + 0.04) / 4)));

  fill(3);
  check_error([&] { read_image_folder(folder.path()); },
              "images for training are (2, 1, 2), images for testing (1, 1, 3)");
  write(folder, "train-labels-idx1-ubyte", idx({3}, "\x02\x01\x01"));
  check_error([&] { read_image_folder(folder.path()); }, "labels-idx1-ubyte: expected 2 labels");
  write(folder, "train-images-idx3-ubyte", idx({4}, "1234"));
  check_error([&] { read_image_folder(folder.path()); }, "expected images (N, H, W), got (4,)");
}

TEST_CASE("augmented images are moved and turned, and nothing else") {
  const Tensor x = rand({20, 2, 5, 4});
  Generator random(1);
  CHECK(equal(augment(x, {.generator = &random}), x));
  const Tensor turned = augment(x, {.flip = true, .generator = &random});
  int64_t flips = 0;
  for (int64_t i = 0; i < 20; ++i) {
    const bool same = equal(turned[i], x[i]);
    CHECK((same || equal(turned[i], flip(x[i], {2}))));
    flips += !same;
  }
  CHECK((flips > 2 && flips < 18));
  const Tensor moved = augment(x, {.shift = 1, .generator = &random});
  const Tensor wide = pad(x, {1, 1, 1, 1});
  for (int64_t i = 0; i < 20; ++i) {
    int64_t places = 0;
    for (int64_t down = 0; down < 3; ++down)
      for (int64_t right = 0; right < 3; ++right)
        places += equal(narrow(narrow(wide[i], 1, down, 5), 2, right, 4), moved[i]);
    CHECK(places == 1);
  }
  Generator first(7), second(7);
  CHECK(equal(augment(x, {.shift = 2, .flip = true, .generator = &first}),
              augment(x, {.shift = 2, .flip = true, .generator = &second})));
  check_error([&] { augment(x[0], {}); }, "augment: expected images (B, C, H, W), got (2, 5, 4)");
}
