// Parts of a tensor along one dimension, and tensors joined along one.
#include <algorithm>

#include "heed/autograd/record.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"

namespace heed {
namespace {

/// Where the slices of a part lay: start, start + step, ... along dim of a tensor of that shape.
struct Place {
  Shape shape;
  int64_t dim, start, step;
};

/// The adjoint of slice: zeros with the slices of x put back in their place.
Variable place(const Variable& x, const Place& at) {
  static constexpr Op op{"place", "y = zeros with x at its slices", "dx = slices of dy"};
  const int64_t count = x.size(at.dim);
  Tensor y = zeros(at.shape, {.dtype = x.dtype()});
  const auto part = [at, count](const auto& whole) {
    return slice(whole, at.dim, at.start, at.start + (count - 1) * at.step + 1, at.step);
  };
  if (count > 0) part(y).copy_(x.value());
  return record(op, std::move(y), input(x, [part, count, at](const Variable& g) {
                  return count > 0 ? part(g) : narrow(g, at.dim, 0, 0);
                }));
}

/// A number counted from the end when negative.
int64_t from_start(int64_t i, int64_t size) { return i < 0 ? i + size : i; }

/// The gradient of a piece, or zeros when none arrived.
std::vector<Variable> pieces_or_zeros(std::span<const Variable> gradients,
                                      std::span<const Shape> shapes, DType dtype) {
  std::vector<Variable> pieces(gradients.begin(), gradients.end());
  for (size_t i = 0; i < pieces.size(); ++i)
    if (!pieces[i].defined())
      pieces[i] = Variable(expand(zeros(Shape{}, {.dtype = dtype}), shapes[i]));
  return pieces;
}

/// Pieces of x as the outputs of one op; joined(pieces) puts their gradients together again.
template <class Join>
std::vector<Variable> pieces(const Call& call, const Variable& x, std::vector<Tensor> values,
                             Join joined) {
  if (values.empty()) return {};
  std::vector<Shape> shapes;
  for (const Tensor& value : values) shapes.push_back(value.shape());
  return record_joint(
      call, values, std::span(&x, 1),
      [joined, dtype = x.dtype(), shapes = std::move(shapes)](Gradients& gradients) {
        gradients.inputs[0] = joined(pieces_or_zeros(gradients.outputs, shapes, dtype));
      });
}

std::vector<Variable> split_pieces(const Variable& x, std::vector<Tensor> values, int64_t dim) {
  static constexpr Op op{"split", "y1, y2, ... = parts of x", "dx = dy1, dy2, ... joined"};
  return pieces({op, {"dim", double(dim)}}, x, std::move(values),
                [dim](const std::vector<Variable>& parts) { return cat(parts, dim); });
}

std::vector<Tensor> values_of(std::span<const Variable> variables) {
  std::vector<Tensor> values;
  for (const Variable& variable : variables) values.push_back(variable.value());
  return values;
}

}  // namespace

Variable narrow(const Variable& x, int64_t dim, int64_t start, int64_t length) {
  static constexpr Op op{"narrow", "y = slices of x", "dx = zeros with dy at its slices"};
  Tensor y = narrow(x.value(), dim, start, length);
  const Place at{x.shape(), dim, from_start(start, x.size(dim)), 1};
  return record({op, {"dim", double(dim)}, {"start", double(start)}}, std::move(y),
                input(x, [at](const Variable& g) { return place(g, at); }));
}

Variable select(const Variable& x, int64_t dim, int64_t index) {
  static constexpr Op op{"select", "y = one slice of x", "dx = zeros with dy at its slice"};
  Tensor y = select(x.value(), dim, index);
  const Place at{x.shape(), from_start(dim, x.dim()), from_start(index, x.size(dim)), 1};
  return record({op, {"dim", double(dim)}, {"index", double(index)}}, std::move(y),
                input(x, [at](const Variable& g) { return place(unsqueeze(g, at.dim), at); }));
}

Variable Variable::operator[](int64_t index) const { return select(*this, 0, index); }

Variable slice(const Variable& x, int64_t dim, int64_t start, int64_t end, int64_t step) {
  static constexpr Op op{"slice", "y = x[start:end:step]", "dx = zeros with dy at its slices"};
  Tensor y = slice(x.value(), dim, start, end, step);
  const int64_t first = std::max<int64_t>(0, from_start(start, x.size(dim)));
  const Place at{x.shape(), dim, first, y.size(dim) > 1 ? step : 1};
  return record({op, {"dim", double(dim)}, {"start", double(start)}}, std::move(y),
                input(x, [at](const Variable& g) { return place(g, at); }));
}

std::vector<Variable> split(const Variable& x, int64_t size, int64_t dim) {
  return split_pieces(x, split(x.value(), size, dim), dim);
}

std::vector<Variable> split(const Variable& x, std::span<const int64_t> sizes, int64_t dim) {
  return split_pieces(x, split(x.value(), sizes, dim), dim);
}

std::vector<Variable> chunk(const Variable& x, int64_t chunks, int64_t dim) {
  return split_pieces(x, chunk(x.value(), chunks, dim), dim);
}

std::vector<Variable> unbind(const Variable& x, int64_t dim) {
  static constexpr Op op{"unbind", "y1, y2, ... = all slices of x", "dx = dy1, dy2, ... stacked"};
  return pieces({op, {"dim", double(dim)}}, x, unbind(x.value(), dim),
                [dim = from_start(dim, x.dim())](const std::vector<Variable>& slices) {
                  return stack(slices, dim);
                });
}

Variable cat(std::span<const Variable> variables, int64_t dim) {
  static constexpr Op op{"cat", "y = x1, x2, ... joined", "dx1, dx2, ... = parts of dy"};
  const Tensor y = cat(values_of(variables), dim);
  std::vector<int64_t> starts, sizes;
  int64_t start = 0;
  for (const Variable& x : variables) {
    starts.push_back(start);
    sizes.push_back(x.size(dim));
    start += sizes.back();
  }
  return record_joint({op, {"dim", double(dim)}}, std::span(&y, 1), variables,
                      [dim, starts, sizes](Gradients& gradients) {
                        for (size_t i = 0; i < starts.size(); ++i)
                          if (gradients.needed[i])
                            gradients.inputs[i] =
                                narrow(gradients.outputs[0], dim, starts[i], sizes[i]);
                      })[0];
}

Variable stack(std::span<const Variable> variables, int64_t dim) {
  static constexpr Op op{"stack", "y = x1, x2, ... side by side", "dx1, dx2, ... = slices of dy"};
  const Tensor y = stack(values_of(variables), dim);
  return record_joint({op, {"dim", double(dim)}}, std::span(&y, 1), variables,
                      [dim](Gradients& gradients) {
                        for (size_t i = 0; i < gradients.inputs.size(); ++i)
                          if (gradients.needed[i])
                            gradients.inputs[i] = select(gradients.outputs[0], dim, int64_t(i));
                      })[0];
}

Variable pad(const Variable& x, std::span<const int64_t> pads, Scalar value) {
  static constexpr Op op{"pad", "y = x with a border", "dx = dy without it"};
  std::vector<int64_t> back(pads.begin(), pads.end());
  for (int64_t& n : back) n = -n;
  return record({op, {"value", value.value()}}, pad(x.value(), pads, value),
                input(x, [back](const Variable& g) { return pad(g, back); }));
}

}  // namespace heed
