#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heed/core/tensor.h"

/// The format of Hugging Face's safetensors: the length of the header as 8 little-endian bytes, the
/// header, JSON {name: {"dtype", "shape", "data_offsets"}, "__metadata__": {text: text}}, the
/// numbers in row-major order.
namespace heed {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

struct Safetensors {
  NamedTensors tensors = {};  ///< in the order of their numbers in the file
  std::map<std::string, std::string> metadata = {};
};

/// A tensor of a file without its numbers.
struct TensorHead {
  std::string name;
  DType dtype;  ///< that it is read as
  Shape shape;
};

/// The tensors of a file in the order of their numbers. Reads the header alone, as strictly as
/// read_safetensors, so that it costs the same however large the tensors are.
std::vector<TensorHead> list_safetensors(const std::string& path);

/// Reads all tensors. F32, F64, I64 and U8 as they are, BOOL as u8, F16 and BF16 as f32. Strict:
/// FileError for a header that is longer than 100 MB or the file, unknown keys or dtypes, shapes
/// that do not fit their bytes, tensors that overlap or leave a gap; nothing is allocated before
/// all of that is checked. Numbers may be NaN or infinite. IoError when it cannot be read.
Safetensors read_safetensors(const std::string& path);

/// Writes tensors, whole or not at all (see write_file_atomic): those with the larger elements
/// first, otherwise in their order, each at a multiple of its element's size; u8 as U8. Error for a
/// name that is empty, there twice, "__metadata__" or not UTF-8. IoError.
void write_safetensors(const std::string& path, std::span<const NamedTensors::value_type> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace heed
