#include "heed/models/data/images.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "heed/core/convert.h"
#include "heed/core/elementwise.h"
#include "heed/core/index.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/data/idx.h"

namespace heed::data {

LabelledImages read_images(const std::string& images_path, const std::string& labels_path) {
  const Tensor images = read_idx(images_path), labels = read_idx(labels_path);
  if (images.dim() != 3 || images.numel() == 0)
    fail<FileError>(images_path, ": expected images (N, H, W), got ", images.shape());
  if (labels.shape() != Shape{images.size(0)})
    fail<FileError>(labels_path, ": expected ", images.size(0), " labels for ", images_path,
                    ", got ", labels.shape());
  return {images, to(labels, i64)};
}

ImageSets read_image_folder(const std::string& folder) {
  const auto read = [&](const std::string& part) {
    return read_images(folder + "/" + part + "-images-idx3-ubyte",
                       folder + "/" + part + "-labels-idx1-ubyte");
  };
  ImageSets sets{read("train"), read("t10k"), 0};
  for (int i = 1; i < 3; ++i)
    if (sets.train.images.size(i) != sets.test.images.size(i))
      fail<FileError>(folder, ": images for training are ", sets.train.images.shape(),
                      ", images for testing ", sets.test.images.shape());
  sets.classes =
      1 + std::max(max(sets.train.labels).item<int64_t>(), max(sets.test.labels).item<int64_t>());
  return sets;
}

Tensor image_batch(const Tensor& images, const Tensor& places) {
  const Tensor pixels = to(index_select(images, 0, places), f32);
  return unsqueeze(mul(pixels, 1.0 / 255), 1);
}

PixelStatistics pixel_statistics(const Tensor& images) {
  require(images.dtype() == u8 && images.numel() > 0,
          "pixel_statistics: expected images (N, H, W) of u8, got ", images.shape(), " of ",
          images.dtype());
  const Tensor pixels = contiguous(images);
  const uint8_t* values = pixels.data<uint8_t>();
  std::array<int64_t, 256> counts{};
  for (int64_t i = 0; i < pixels.numel(); ++i) ++counts[values[i]];
  double sum = 0, squares = 0;
  for (size_t value = 0; value < counts.size(); ++value) {
    const double part = double(value) / 255, share = double(counts[value]) / double(pixels.numel());
    sum += share * part;
    squares += share * part * part;
  }
  return {sum, std::sqrt(std::max(0.0, squares - sum * sum))};
}

namespace {

/// to = from moved by (down, right), flipped before that or not; black where nothing came from.
void move_plane(const float* from, float* to, int64_t height, int64_t width, int64_t down,
                int64_t right, bool flip) {
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const int64_t row = y - down, place = x - right, column = flip ? width - 1 - place : place;
      const bool inside = row >= 0 && row < height && column >= 0 && column < width;
      to[y * width + x] = inside ? from[row * width + column] : 0;
    }
}

}  // namespace

Tensor augment(const Tensor& given, const AugmentOptions& options) {
  require(given.dim() == 4 && options.shift >= 0, "augment: expected images (B, C, H, W), got ",
          given.shape(), ", shift ", options.shift);
  Generator& random = options.generator ? *options.generator : default_generator();
  const Tensor images = contiguous(given), moved = Tensor::allocate(images.shape(), f32);
  const int64_t channels = images.size(1), height = images.size(2), width = images.size(3);
  const float* from = images.data<float>();
  float* to = moved.mutable_data<float>();
  for (int64_t i = 0; i < images.size(0); ++i) {
    const int64_t range = 2 * options.shift + 1;
    const int64_t down = random.integer(range) - options.shift;
    const int64_t right = random.integer(range) - options.shift;
    const bool flip = options.flip && random.integer(2) == 1;
    for (int64_t c = i * channels; c < (i + 1) * channels; ++c)
      move_plane(from + c * height * width, to + c * height * width, height, width, down, right,
                 flip);
  }
  return moved;
}

}  // namespace heed::data
