#pragma once

#include "heed/autograd/variable.h"
#include "heed/core/generator.h"

/// First numbers of parameters, written in place: `nn::init::xavier_uniform_(layer.weight)`.
/// A weight is (fan_out, fan_in), or (fan_out, fan_in, k...) where every further size multiplies
/// both fans. Random numbers come from the default generator unless another is given.
namespace heed::nn::init {

void uniform_(const Variable& x, double low = 0, double high = 1, Generator* generator = nullptr);
void normal_(const Variable& x, double mean = 0, double std = 1, Generator* generator = nullptr);
void constant_(const Variable& x, double value);
void zeros_(const Variable& x);
void ones_(const Variable& x);

struct XavierOptions {
  double gain = 1;
  Generator* generator = nullptr;
};

/// Uniform in [-a, a] with a = gain sqrt(6 / (fan_in + fan_out)).
/// Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
/// networks", eq. 16.
void xavier_uniform_(const Variable& weight, XavierOptions options = {});
/// Normal with standard deviation gain sqrt(2 / (fan_in + fan_out)); eq. 12 of the same paper.
void xavier_normal_(const Variable& weight, XavierOptions options = {});

enum class Fan { in, out };

struct KaimingOptions {
  double a = 0;        ///< negative slope of the leaky ReLU that follows; 0 for ReLU
  Fan mode = Fan::in;  ///< keeps the variance of values (in) or of gradients (out)
  Generator* generator = nullptr;
};

/// Uniform in [-b, b] with b = sqrt(6 / ((1 + a^2) fan)).
/// He et al. 2015, "Delving deep into rectifiers: surpassing human-level performance on ImageNet
/// classification", eq. 14.
void kaiming_uniform_(const Variable& weight, KaimingOptions options = {});
/// Normal with standard deviation sqrt(2 / ((1 + a^2) fan)).
void kaiming_normal_(const Variable& weight, KaimingOptions options = {});

/// A random matrix with orthonormal rows or columns (whichever are fewer), times gain; sizes after
/// the first count as columns. Time grows with rows x columns x min(rows, columns).
/// Saxe, McClelland & Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in deep
/// linear neural networks".
void orthogonal_(const Variable& weight, XavierOptions options = {});

}  // namespace heed::nn::init
