#pragma once

#include <string>

#include "heed/core/tensor.h"

namespace heed::data {

/// The bytes of an IDX file, the format of MNIST and its kin: 0, 0, 8 (unsigned bytes), the number
/// of dimensions, their sizes as four bytes each (the highest first), the elements in row-major
/// order -> (sizes) u8. Throws IoError when the file cannot be read, FileError when it is anything
/// else: compressed, of another type, shorter or longer than its sizes say.
Tensor read_idx(const std::string& path);

}  // namespace heed::data
