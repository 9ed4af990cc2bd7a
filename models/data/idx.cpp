#include "heed/models/data/idx.h"

#include <algorithm>
#include <string_view>

#include "heed/core/io/files.h"

namespace heed::data {
namespace {

constexpr size_t most_bytes = size_t{1} << 34;

template <class... Parts>
void expect(bool condition, const Parts&... parts) {
  if (!condition) fail<FileError>(parts...);
}

/// The number of four bytes, the highest first.
int64_t word(std::string_view bytes, size_t at) {
  int64_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | uint8_t(bytes[i]);
  return value;
}

/// The sizes in the header, checked against each other and the bytes that follow them.
Shape read_sizes(const std::string& path, std::string_view bytes) {
  expect(!bytes.starts_with("\x1f\x8b"), path, ": the file is compressed; unpack it: gunzip ",
         path);
  expect(bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0, path,
         ": expected an IDX file, which starts with two zeros");
  expect(bytes[2] == 8, path, ": expected unsigned bytes (type 8), got type ",
         int(uint8_t(bytes[2])));
  const size_t count = uint8_t(bytes[3]), header = 4 + 4 * count;
  expect(count >= 1 && count <= max_dims, path, ": expected 1 to ", max_dims, " dimensions, got ",
         count);
  expect(bytes.size() >= header, path, ": expected a header of ", header, " bytes, got ",
         bytes.size());
  Shape sizes;
  size_t bound = 1;
  for (size_t i = 0; i < count; ++i) {
    sizes.push_back(word(bytes, 4 + 4 * i));
    const size_t size = std::max<size_t>(1, size_t(sizes.back()));
    expect(bound <= most_bytes / size, path, ": sizes ", sizes, " are too large");
    bound *= size;
  }
  const size_t elements = size_t(numel(sizes));
  expect(bytes.size() == header + elements, path, ": expected ", header + elements,
         " bytes for sizes ", sizes, ", got ", bytes.size());
  return sizes;
}

}  // namespace

Tensor read_idx(const std::string& path) {
  const std::string bytes = read_file(path, most_bytes);
  const Shape sizes = read_sizes(path, bytes);
  const Tensor tensor = Tensor::allocate(sizes, u8);
  std::copy(bytes.end() - tensor.numel(), bytes.end(), tensor.mutable_data<uint8_t>());
  return tensor;
}

}  // namespace heed::data
