// How tensors are written, in PyTorch's format (torch/_tensor_str.py): four decimals, or scientific
// where the range asks for it; columns aligned; "..." beyond a thousand elements.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>

#include "heed/core/tensor.h"

namespace heed {
namespace {

constexpr int64_t threshold = 1000;  // elements beyond which the middle is left out
constexpr int64_t edge = 3;          // slices shown at either end then
constexpr int line_width = 80;
constexpr int precision = 4;

std::string number(double value, std::chars_format format, int digits) {
  if (std::isnan(value)) return "nan";
  char buffer[400];  // the largest double has 309 digits before the point
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, format, digits).ptr;
  return std::string(buffer, end);
}

/// A comma, line ends, and the columns up to what follows the bracket.
std::string break_lines(int lines, int indent) {
  std::string out(1, ',');
  return out.append(size_t(lines), '\n').append(size_t(indent + 1), ' ');
}

class Printer {
 public:
  explicit Printer(const Tensor& x) : summarized_(x.numel() > threshold) {
    visit(x, [&](Scalar value) { look(value); });
    const double ratio = smallest_ > 0 ? largest_ / smallest_ : 0;
    scientific_ = ratio > 1000 || largest_ > 1e8 || (smallest_ > 0 && smallest_ < 1e-4);
    visit(x, [&](Scalar value) {
      if (value.is_integral() || (std::isfinite(value.value()) && value.value() != 0))
        width_ = std::max(width_, write(value).size());
    });
  }

  /// The tensor in brackets; lines after the first start `indent` columns in.
  std::string rows(const Tensor& x, int indent) const {
    if (x.dim() == 0) return cell(x);
    if (x.dim() == 1) return row(x, indent);
    std::string out = "[";
    const std::string gap = break_lines(x.dim() - 1, indent);
    for_slices(x.size(0), [&](int64_t i) {
      if (i != 0) out += gap;
      out += i < 0 ? "..." : rows(x[i], indent + 1);
    });
    return out + "]";
  }

 private:
  /// fn(i) for the slices shown, fn(-1) for those left out.
  template <class F>
  void for_slices(int64_t size, const F& fn) const {
    const bool cut = summarized_ && size > 2 * edge;
    for (int64_t i = 0; i < (cut ? edge : size); ++i) fn(i);
    if (!cut) return;
    fn(-1);
    for (int64_t i = size - edge; i < size; ++i) fn(i);
  }

  /// fn(number) for the elements shown.
  template <class F>
  void visit(const Tensor& x, const F& fn) const {
    if (x.dim() == 0) return fn(scalar(x));
    for_slices(x.size(0), [&](int64_t i) {
      if (i >= 0) visit(x[i], fn);
    });
  }

  static Scalar scalar(const Tensor& x) {
    return is_floating(x.dtype()) ? Scalar(x.item()) : Scalar(x.item<int64_t>());
  }

  void look(Scalar value) {
    const double size = std::abs(value.value());
    if (value.is_integral() || size == 0 || !std::isfinite(size)) return;
    largest_ = std::max(largest_, size);
    smallest_ = smallest_ == 0 ? size : std::min(smallest_, size);
    whole_ = whole_ && size == std::floor(size);
  }

  std::string write(Scalar value) const {
    if (value.is_integral()) return std::to_string(value.to<int64_t>());
    if (scientific_) return number(value.value(), std::chars_format::scientific, precision);
    if (!whole_) return number(value.value(), std::chars_format::fixed, precision);
    const std::string digits = number(value.value(), std::chars_format::fixed, 0);
    return std::isfinite(value.value()) ? digits + "." : digits;
  }

  std::string cell(const Tensor& x) const {
    const std::string out = write(scalar(x));
    return out.size() < width_ ? std::string(width_ - out.size(), ' ') + out : out;
  }

  std::string row(const Tensor& x, int indent) const {
    const int64_t per_line = std::max<int64_t>(1, (line_width - indent) / (int64_t(width_) + 2));
    std::string out = "[";
    int64_t written = 0;
    for_slices(x.size(0), [&](int64_t i) {
      if (written > 0) out += written % per_line == 0 ? break_lines(1, indent) : ", ";
      out += i < 0 ? " ..." : cell(x[i]);
      ++written;
    });
    return out + "]";
  }

  bool summarized_;
  bool scientific_ = false;
  bool whole_ = true;                  // are all finite numbers whole?
  double largest_ = 0, smallest_ = 0;  // magnitudes of the finite numbers other than 0
  size_t width_ = 1;
};

}  // namespace

std::string text(const Tensor& tensor) {
  if (!tensor.defined()) return "tensor(undefined)";
  const std::string_view start = "tensor(";
  std::string out(start);
  if (tensor.numel() == 0)
    out += tensor.dim() == 1 ? "[]" : "[], size=" + text(tensor.shape());
  else
    out += Printer(tensor).rows(tensor, int(start.size()));
  if (tensor.dtype() == f32) return out + ")";
  const std::string dtype = std::string("dtype=") + dtype_name(tensor.dtype());
  const size_t line = out.size() - (out.rfind('\n') + 1);  // of the last line
  const bool fits = line + dtype.size() + 4 <= size_t(line_width);
  return out + (fits ? ", " : ",\n" + std::string(start.size(), ' ')) + dtype + ")";
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << text(tensor); }

}  // namespace heed
