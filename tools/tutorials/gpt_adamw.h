#pragma once

#include "heed/heed.h"

namespace heed {

/// AdamW as minGPT and nanoGPT set it up: weight decay 0.1 on matrices, none on biases and norms.
inline optim::AdamW gpt_adamw(nn::Module& model, double lr, double beta2) {
  optim::ParameterGroup<optim::AdamWOptions> matrices, vectors;
  matrices.options = {.lr = lr, .betas = {0.9, beta2}, .weight_decay = 0.1};
  vectors.options = {.lr = lr, .betas = {0.9, beta2}, .weight_decay = 0};
  for (const NamedVariable& parameter : model.named_parameters())
    (parameter.variable.dim() >= 2 ? matrices : vectors).parameters.push_back(parameter);
  return optim::AdamW({matrices, vectors});
}

}  // namespace heed
