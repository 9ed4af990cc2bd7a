#pragma once

#include "heed/nn/module.h"

namespace heed::nn {

/// Stores the weights of all Linear and Embedding layers in the module as compact matrices, and
/// gives the memory of their numbers back: for a model that is only used, a language model before
/// all, whose every token reads every weight. In place, as torchao's
/// quantize_(model, Int8WeightOnlyConfig()). The in_proj of MultiheadAttention, recurrent and
/// convolutional weights stay as they are.
///
///     nn::compact_(*stored.model, CompactKind::int8);
///
/// There is no way back: state_dict, load_state_dict, to, unfreeze and recorded calls throw.
/// Throws Error, before anything is changed, for weights that are not f32 or compact already.
void compact_(Module& module, CompactKind kind);

}  // namespace heed::nn
