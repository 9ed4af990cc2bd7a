#include "heed/core/dtype.h"

#include <ostream>

namespace heed {

const char* dtype_name(DType dtype) {
  constexpr const char* names[] = {"f32", "f64", "i64", "u8"};
  return names[int(dtype)];
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << dtype_name(dtype); }

DType dtype_from_name(std::string_view name) {
  for (DType dtype : {f32, f64, i64, u8})
    if (name == dtype_name(dtype)) return dtype;
  fail("dtype: expected f32, f64, i64 or u8, got \"", name, "\"");
}

}  // namespace heed
