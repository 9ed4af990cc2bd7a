#pragma once

#include <string_view>

#include "heed/autograd/attention.h"
#include "heed/core/generator.h"

/// How the scores (B, S) of one query against the keys of its memory become weights (B, S). A mask
/// (B, S) u8 has 1 where a key may be attended; empty: everywhere. A row with every key masked has
/// zero weights and zero gradients.
namespace heed::nn {

///   soft              softmax over all keys                       Bahdanau et al. 2015, eq. 6
///   local_monotonic   softmax over the keys near step t           Luong et al. 2015, local-m
///   local_predictive  softmax over the keys near a place that the query predicts, times a
///                     Gaussian around it                          Luong et al. 2015, local-p
///   reinforce         one key, drawn; trained by REINFORCE        Xu et al. 2015, section 4.1
///   gumbel            one key, drawn; trained through the softened draw   Jang et al. 2017
enum class Alignment { soft, local_monotonic, local_predictive, reinforce, gumbel };

/// The alignment of that name, "soft" and so on; throws Error for any other.
Alignment alignment_from_name(std::string_view name);

/// softmax over the scores.
Variable soft_weights(const Variable& scores, const Tensor& mask = {});

/// context = sum_s weights_s values_s: values (B, S, D) -> (B, D).
Variable weighted_sum(const Variable& weights, const Variable& values);

/// softmax over the scores within window >= 0 of a centre (B): keys s with |s - centre| <= window.
/// Luong et al. 2015, section 3.2.
Variable window_weights(const Variable& scores, const Tensor& centre, double window,
                        const Tensor& mask = {});
/// The same, times exp(-(s - centre)^2 / (2 sigma^2)) with sigma = window / 2, window > 0: the
/// centre has a gradient, and rows sum to less than 1. Eq. 10.
Variable gaussian_weights(const Variable& scores, const Variable& centre, double window,
                          const Tensor& mask = {});

/// One key for each row.
struct HardChoice {
  Variable weights;  ///< (B, S), one-hot
  Variable log_p;    ///< (B), log softmax(scores) at the key that was chosen; 0 where there is none
};

struct DrawOptions {
  bool draw = true;                ///< false: the key with the highest score, nothing at random
  double tau = 1;                  ///< gumbel_softmax: temperature of the softened draw, > 0
  Generator* generator = nullptr;  ///< null: default_generator()
};

/// A key drawn with probability softmax(scores). The weights are constants for autograd: the scores
/// are trained through log_p, by nn::reinforce_loss. Xu et al. 2015, section 4.1.
HardChoice draw_choice(const Variable& scores, const Tensor& mask = {},
                       const DrawOptions& options = {});

/// A key drawn with probability softmax(scores) = argmax(scores + g), g = -log(-log(u)); the
/// gradient is that of softmax((scores + g) / tau) (straight through). One-hot weights.
/// Jang, Gu & Poole 2017, "Categorical reparameterization with Gumbel-softmax", section 2.2.
Variable gumbel_softmax(const Variable& scores, const Tensor& mask = {},
                        const DrawOptions& options = {});

}  // namespace heed::nn
