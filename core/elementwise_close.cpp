#include <cmath>

#include "heed/core/convert.h"
#include "heed/core/elementwise.h"
#include "heed/core/map.h"

namespace heed {

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol) {
  const Tensor x = to(a, f64), y = to(b, f64);
  const Tensor close = detail::map<uint8_t, double, double>(
      "allclose",
      [rtol, atol](double p, double q) {
        const bool finite = p - p == 0 && q - q == 0;
        return p == q || (finite && std::abs(p - q) <= atol + rtol * std::abs(q));
      },
      x, y);
  const uint8_t* values = close.data<uint8_t>();
  for (int64_t i = 0; i < close.numel(); ++i)
    if (!values[i]) return false;
  return true;
}

bool equal(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const Tensor same = eq(a, b);
  const uint8_t* values = same.data<uint8_t>();
  for (int64_t i = 0; i < same.numel(); ++i)
    if (!values[i]) return false;
  return true;
}

}  // namespace heed
