#include "heed/nn/init.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/core/shape.h"

namespace heed::nn::init {
namespace {

struct Fans {
  double in, out;
};

Fans fans_of(const Variable& weight, const char* op) {
  require(weight.dim() >= 2, op, ": a weight needs at least 2 dimensions, got ", weight.shape());
  int64_t kernel = 1;
  for (int i = 2; i < weight.dim(); ++i) kernel *= weight.shape()[i];
  return {double(weight.size(1) * kernel), double(weight.size(0) * kernel)};
}

double kaiming_std(const Variable& weight, const KaimingOptions& options, const char* op) {
  const Fans fans = fans_of(weight, op);
  const double fan = options.mode == Fan::in ? fans.in : fans.out;
  return std::sqrt(2 / ((1 + options.a * options.a) * fan));
}

double dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// Gram and Schmidt, twice for each row: orthonormal to rounding. rows <= columns.
void orthonormalize(std::vector<double>& matrix, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) {
    double* row = matrix.data() + r * columns;
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t k = 0; k < r; ++k) {
        const double* other = matrix.data() + k * columns;
        const double share = dot(row, other, columns);
        for (int64_t i = 0; i < columns; ++i) row[i] -= share * other[i];
      }
    const double norm = std::sqrt(dot(row, row, columns));
    for (int64_t i = 0; norm > 0 && i < columns; ++i) row[i] /= norm;  // NoDraws gives zeros
  }
}

}  // namespace

void uniform_(const Variable& x, double low, double high, Generator* generator) {
  heed::uniform_(x.value(), low, high, generator);
}

void normal_(const Variable& x, double mean, double std, Generator* generator) {
  heed::normal_(x.value(), mean, std, generator);
}

void constant_(const Variable& x, double value) { x.value().fill_(value); }
void zeros_(const Variable& x) { constant_(x, 0); }
void ones_(const Variable& x) { constant_(x, 1); }

void xavier_uniform_(const Variable& weight, XavierOptions options) {
  const Fans fans = fans_of(weight, "xavier_uniform_");
  const double bound = options.gain * std::sqrt(6 / (fans.in + fans.out));
  uniform_(weight, -bound, bound, options.generator);
}

void xavier_normal_(const Variable& weight, XavierOptions options) {
  const Fans fans = fans_of(weight, "xavier_normal_");
  normal_(weight, 0, options.gain * std::sqrt(2 / (fans.in + fans.out)), options.generator);
}

void kaiming_uniform_(const Variable& weight, KaimingOptions options) {
  const double bound = std::sqrt(3.0) * kaiming_std(weight, options, "kaiming_uniform_");
  uniform_(weight, -bound, bound, options.generator);
}

void kaiming_normal_(const Variable& weight, KaimingOptions options) {
  normal_(weight, 0, kaiming_std(weight, options, "kaiming_normal_"), options.generator);
}

void orthogonal_(const Variable& weight, XavierOptions options) {
  require(weight.dim() >= 2, "orthogonal_: a weight needs at least 2 dimensions, got ",
          weight.shape());
  const int64_t rows = weight.size(0), columns = weight.numel() / std::max<int64_t>(rows, 1);
  const int64_t fewer = std::min(rows, columns), more = std::max(rows, columns);
  const Tensor random = randn({fewer, more}, {.dtype = f64, .generator = options.generator});
  std::vector<double> matrix(random.data<double>(), random.data<double>() + random.numel());
  orthonormalize(matrix, fewer, more);
  for (double& value : matrix) value *= options.gain;
  Tensor result = from_values(matrix, {fewer, more});
  if (rows > columns) result = transpose(result, 0, 1);
  weight.value().copy_(reshape(result, weight.shape()));
}

}  // namespace heed::nn::init
