#pragma once

#include "heed/core/io/json.h"
#include "heed/core/tensor.h"

namespace heed::models {

/// How a tensor's numbers are written: base64 of the exact little-endian bytes, or decimals in the
/// shortest exact form. Both come back bit for bit.
enum class Numbers { base64, decimal };

/// {"dtype": "f32", "shape": [2, 3], "data": "base64..." or [0.1, ...]}, rows one after the other.
/// Decimals are finite: Json writes no others.
Json tensor_to_json(const Tensor& tensor, Numbers numbers);

/// The tensor again. Sizes are checked before memory is taken. Throws FileError for anything that
/// tensor_to_json would not write; NaN and infinity in base64 come back as they are.
Tensor tensor_from_json(const JsonReader& json);

}  // namespace heed::models
