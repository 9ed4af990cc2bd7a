#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "heed/autograd/fused.h"
#include "heed/autograd/gradcheck.h"

/// Runs ops with or without their fused kernels until the end of the scope.
class FusedScope {
 public:
  explicit FusedScope(bool fused) : before_(heed::fused()) { heed::set_fused(fused); }
  ~FusedScope() { heed::set_fused(before_); }
  FusedScope(const FusedScope&) = delete;

 private:
  bool before_;
};

/// Where the numbers of an input lie: low to high, at least `away` from zero (from kinks there).
struct Range {
  double low = -2, high = 2, away = 0;
};
inline constexpr Range positive{0.3, 3};
inline constexpr Range not_zero{-2, 2, 0.1};

/// One row of the table of differentiable ops: a function that takes Tensors and Variables alike,
/// the shapes of its inputs (several cases of them), and where their numbers lie.
struct Row {
  using Shapes = std::vector<heed::Shape>;

  template <class F>
  Row(const char* name, std::vector<Shapes> cases, F function, std::vector<Range> ranges = {{}})
      : name(name), cases(std::move(cases)), ranges(std::move(ranges)) {
    variables = [function](std::span<const heed::Variable> x) {
      return list<heed::Variable>(function(x));
    };
    tensors = [function](std::span<const heed::Tensor> x) {
      return list<heed::Tensor>(function(x));
    };
  }
  /// The range of an input: the last one given holds for all that follow.
  const Range& range(size_t input) const { return ranges[std::min(input, ranges.size() - 1)]; }

  std::string name;
  std::vector<Shapes> cases;
  std::vector<Range> ranges;
  heed::VariableFunction variables;
  std::function<std::vector<heed::Tensor>(std::span<const heed::Tensor>)> tensors;

 private:
  template <class T, class Result>
  static std::vector<T> list(Result result) {
    if constexpr (std::convertible_to<Result, T>)
      return {std::move(result)};
    else
      return result;
  }
};

/// Everything that is asked of a differentiable op:
///   the value is that of the op of Tensors; nothing is recorded for constants;
///   first and second derivative agree with differences to 1e-6 (gradcheck);
///   the gradient is the same when it is recorded, without fused kernels, for inputs in another
///   memory order, for one input alone; it adds up for one Variable given twice; f32 is close to
///   f64; a changed input gives an error or changes nothing.
void check_rows(std::initializer_list<Row> rows);
