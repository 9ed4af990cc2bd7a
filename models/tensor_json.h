#pragma once

#include "heed/core/io/json.h"
#include "heed/core/tensor.h"

namespace heed::models {

/// How a tensor's numbers are written: base64 of the exact little-endian bytes, or decimals in the
/// shortest exact form. Both come back bit for bit.
enum class Numbers { base64, decimal };

/// {"dtype": "f32", "shape": [2, 3], "data": "base64..." or [0.1, ...]}, rows one after the other.
/// Throws Error "<name>: nan at index (0, 2)" for the first number that is NaN or infinite.
Json tensor_to_json(const Tensor& tensor, Numbers numbers, std::string_view name);

/// The tensor again. Sizes are checked before memory is taken. Throws FileError for anything that
/// tensor_to_json would not write.
Tensor tensor_from_json(const JsonReader& json);

}  // namespace heed::models
