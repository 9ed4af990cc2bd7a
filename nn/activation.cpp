#include "heed/nn/activation.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"

namespace heed::nn {

Activation activation_from_name(std::string_view name) {
  constexpr std::string_view names[] = {"relu", "gelu", "gelu_tanh", "silu", "swiglu"};
  for (size_t i = 0; i < std::size(names); ++i)
    if (name == names[i]) return Activation(i);
  fail("activation: expected relu, gelu, gelu_tanh, silu or swiglu, got \"", name, "\"");
}

Variable activate(const Variable& x, Activation kind) {
  switch (kind) {
    case Activation::relu:
      return relu(x);
    case Activation::gelu:
      return gelu(x);
    case Activation::gelu_tanh:
      return gelu(x, GeluForm::tanh);
    case Activation::silu:
      return silu(x);
    case Activation::swiglu:
      break;
  }
  require(x.dim() >= 1 && x.size(-1) % 2 == 0,
          "swiglu: expected x (..., 2 N), its gate before its values, got ", x.shape());
  const auto halves = chunk(x, 2, -1);  // (..., N) each
  return silu(halves[0]) * halves[1];
}

int64_t activation_inputs(Activation kind, int64_t size) {
  return kind == Activation::swiglu ? 2 * size : size;
}

}  // namespace heed::nn
