#pragma once

#include <string_view>

#include "heed/autograd/variable.h"

namespace heed::nn {

/// What stands between the two products of a feed-forward layer:
///   relu       max(x, 0)                      Vaswani et al. 2017, eq. 2
///   gelu       x Phi(x)                       Hendrycks & Gimpel 2016
///   gelu_tanh  its tanh approximation         the same; GPT-2
///   silu       x sigmoid(x)                   Elfwing et al. 2018
///   swiglu     silu(a) b, where x = [a; b]    Shazeer 2020, "GLU variants improve transformer"
enum class Activation { relu, gelu, gelu_tanh, silu, swiglu };

/// The activation of that name, "gelu_tanh" and so on; throws Error for any other.
Activation activation_from_name(std::string_view name);

/// (..., activation_inputs(kind, N)) -> (..., N)
Variable activate(const Variable& x, Activation kind);

/// How many numbers `activate` reads to give `size` of them: twice as many for swiglu.
int64_t activation_inputs(Activation kind, int64_t size);

}  // namespace heed::nn
