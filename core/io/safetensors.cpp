#include "heed/core/io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "heed/core/convert.h"
#include "heed/core/error.h"
#include "heed/core/io/file_reader.h"
#include "heed/core/io/files.h"
#include "heed/core/io/json.h"
#include "heed/core/io/utf8.h"

namespace heed {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors holds little-endian bytes");

constexpr size_t longest_header = 100'000'000, length_bytes = 8;
constexpr std::string_view metadata_key = "__metadata__";

/// A kind of numbers in a file, and what it becomes here.
struct Kind {
  std::string_view name;
  DType dtype;
  size_t bytes;
};
constexpr Kind kinds[] = {{"F32", f32, 4}, {"F64", f64, 8},  {"I64", i64, 8}, {"U8", u8, 1},
                          {"BOOL", u8, 1}, {"BF16", f32, 2}, {"F16", f32, 2}};

/// Where a tensor's numbers are, in bytes after the header.
struct Entry {
  std::string name, path;
  Kind kind;
  Shape shape;
  size_t begin = 0, end = 0;
};

Kind kind_of(const JsonReader& json) {
  const std::string& name = json.as_string();
  for (const Kind& kind : kinds) {
    if (kind.name == name) return kind;
  }
  fail<FileError>(json.path(), ": expected F32, F64, F16, BF16, I64, U8 or BOOL, got ",
                  json.json());
}

size_t read_size(const JsonReader& json) {
  const int64_t size = json.as_int();
  if (size < 0) fail<FileError>(json.path(), ": expected a number of at least 0, got ", size);
  return size_t(size);
}

/// The bytes of a shape's numbers.
size_t count_bytes(const Shape& shape, const Kind& kind, const JsonReader& json) {
  try {
    const auto count = size_t(numel(shape));
    if (count <= std::numeric_limits<int64_t>::max() / sizeof(double)) return count * kind.bytes;
  } catch (const Error&) {
  }
  fail<FileError>(json.path(), ": too many numbers: ", shape);
}

Entry read_entry(const std::string& name, const JsonReader& json) {
  json.allow_only({"dtype", "shape", "data_offsets"});
  Entry entry{.name = name, .path = json.path(), .kind = kind_of(json.at("dtype")), .shape = {}};
  const auto sizes = json.at("shape").elements();
  if (sizes.size() > size_t(max_dims)) {
    fail<FileError>(json.path(), ": expected at most ", max_dims, " dimensions, got ",
                    sizes.size());
  }
  for (const auto& size : sizes) entry.shape.push_back(int64_t(read_size(size)));
  const auto offsets = json.at("data_offsets");
  if (offsets.elements().size() != 2) {
    fail<FileError>(offsets.path(), ": expected [begin, end], got ", offsets.json());
  }
  entry.begin = read_size(offsets.at(0));
  entry.end = read_size(offsets.at(1));
  const size_t bytes = count_bytes(entry.shape, entry.kind, json.at("shape"));
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    fail<FileError>(json.path(), ": expected ", bytes, " bytes for ", entry.shape, " of ",
                    entry.kind.name, ", got ", offsets.json());
  }
  return entry;
}

/// Sorts the tensors by their place; they have to fill the `size` bytes after the header.
void check_places(std::vector<Entry>& entries, size_t size, const std::string& path) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  size_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      fail<FileError>(entry.path, ": expected its numbers at byte ", end, ", behind the last, got ",
                      entry.begin);
    }
    end = entry.end;
  }
  if (end != size) fail<FileError>(path, ": the tensors have ", end, " bytes, the file ", size);
}

/// The header's JSON and where the numbers begin.
std::pair<Json, size_t> parse_header(const FileReader& file) {
  uint64_t length = 0;
  const std::string& path = file.path();
  if (file.size() < length_bytes) {
    fail<FileError>(path, ": not a safetensors file: expected a header, got ", file.size(),
                    " bytes");
  }
  file.read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > longest_header || length > file.size() - length_bytes) {
    fail<FileError>(path, ": not a safetensors file, or cut short: expected a header of at most ",
                    std::min(longest_header, file.size() - length_bytes), " bytes, got ", length);
  }
  std::string header(length, ' ');
  file.read(length_bytes, std::as_writable_bytes(std::span(header)));
  if (!header.starts_with('{')) {
    fail<FileError>(path, ": not a safetensors file: expected a header that begins with {");
  }
  return {parse_json(header, path), length_bytes + length};
}

struct Header {
  size_t data = 0;  // where the numbers begin
  std::vector<Entry> entries = {};
  std::map<std::string, std::string> metadata = {};
};

Header read_header(const FileReader& file) {
  const auto [json, data] = parse_header(file);
  Header header{.data = data};
  for (const auto& [name, entry] : JsonReader(json, file.path()).items()) {
    if (name != metadata_key) {
      header.entries.push_back(read_entry(name, entry));
      continue;
    }
    for (const auto& [key, value] : entry.items()) header.metadata[key] = value.as_string();
  }
  check_places(header.entries, file.size() - data, file.path());
  return header;
}

/// IEEE 754 binary16 as f32: 1 sign, 5 exponent and 10 fraction bits.
float from_half(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16, exponent = half >> 10 & 31;
  const uint32_t fraction = half & 0x3ff;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13);
  if (exponent > 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float tiny = float(fraction) * 0x1p-24f;  // subnormal
  return sign ? -tiny : tiny;
}

/// Two-byte numbers, which lie in the second half of the tensor's own room, become f32.
template <class F>
void widen(float* numbers, int64_t count, const F& convert) {
  const auto* raw = reinterpret_cast<const std::byte*>(numbers) + count * 2;
  for (int64_t i = 0; i < count; ++i) {
    uint16_t bits = 0;
    std::memcpy(&bits, raw + i * 2, sizeof bits);
    numbers[i] = convert(bits);
  }
}

Tensor read_numbers(const FileReader& file, size_t data, const Entry& entry) {
  const Tensor tensor = Tensor::allocate(entry.shape, entry.kind.dtype);
  const size_t bytes = entry.end - entry.begin;
  const size_t room = size_t(tensor.numel() * size_of(tensor.dtype()));
  auto* target = static_cast<std::byte*>(tensor.raw_mutable_data()) + (room - bytes);
  file.read(data + entry.begin, {target, bytes});
  if (entry.kind.name == "F16") widen(tensor.mutable_data<float>(), tensor.numel(), from_half);
  if (entry.kind.name == "BF16") {
    widen(tensor.mutable_data<float>(), tensor.numel(),
          [](uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); });
  }
  const auto* truth = reinterpret_cast<const uint8_t*>(target);
  if (entry.kind.name == "BOOL" &&
      std::any_of(truth, truth + bytes, [](uint8_t value) { return value > 1; })) {
    fail<FileError>(entry.path, ": expected truth values, 0 or 1, got ",
                    int64_t(*std::max_element(truth, truth + bytes)));
  }
  return tensor;
}

std::string_view name_of(DType dtype) {
  return std::find_if(std::begin(kinds), std::end(kinds),
                      [&](const Kind& kind) { return kind.dtype == dtype; })
      ->name;
}

void check_names(std::span<const NamedTensors::value_type> tensors, const std::string& path) {
  std::set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    require(!name.empty() && name != metadata_key && valid_utf8(name) && names.insert(name).second,
            "write_safetensors: ", path, ": a name is empty, ", metadata_key,
            ", not UTF-8 or there twice: \"", name, "\"");
    require(tensor.defined(), "write_safetensors: ", path, ": \"", name, "\" is an empty Tensor");
  }
}

/// The header with its length, padded with blanks so that the numbers begin at a multiple of 8.
std::string header_of(const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata) {
  Json json = Json::object();
  if (!metadata.empty()) {
    Json texts = Json::object();
    for (const auto& [key, value] : metadata) texts.set(key, value);
    json.set(metadata_key, std::move(texts));
  }
  Json entries = std::move(json);
  int64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    const int64_t begin = end;
    end += tensor.numel() * size_of(tensor.dtype());
    entries.set(name, Json::object()
                          .set("dtype", name_of(tensor.dtype()))
                          .set("shape", Json::array(tensor.shape()))
                          .set("data_offsets", Json::array({begin, end})));
  }
  std::string header = entries.dump();
  header.resize((header.size() + 7) / 8 * 8, ' ');
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), length_bytes) + header;
}

}  // namespace

std::vector<TensorHead> list_safetensors(const std::string& path) {
  const Header header = read_header(FileReader(path));
  std::vector<TensorHead> tensors;
  for (const Entry& entry : header.entries) {
    tensors.push_back({entry.name, entry.kind.dtype, entry.shape});
  }
  return tensors;
}

Safetensors read_safetensors(const std::string& path) {
  const FileReader file(path);
  Header header = read_header(file);
  Safetensors result{.metadata = std::move(header.metadata)};
  for (const Entry& entry : header.entries) {
    result.tensors.emplace_back(entry.name, read_numbers(file, header.data, entry));
  }
  return result;
}

void write_safetensors(const std::string& path, std::span<const NamedTensors::value_type> tensors,
                       const std::map<std::string, std::string>& metadata) {
  check_names(tensors, path);
  NamedTensors sorted;
  for (const auto& [name, tensor] : tensors) sorted.emplace_back(name, contiguous(tensor));
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return size_of(a.second.dtype()) > size_of(b.second.dtype());
  });
  const std::string header = header_of(sorted, metadata);
  std::vector<std::string_view> pieces{header};
  for (const auto& [name, tensor] : sorted) {
    pieces.emplace_back(static_cast<const char*>(tensor.raw_data()),
                        size_t(tensor.numel() * size_of(tensor.dtype())));
  }
  write_file_atomic(path, pieces);
}

}  // namespace heed
