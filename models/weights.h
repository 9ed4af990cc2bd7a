#pragma once

#include <string>
#include <vector>

#include "heed/nn/module.h"

/// Weights of models from elsewhere, and for elsewhere: safetensors files (core/io/safetensors.h)
/// whose names are mapped to those of a module.
namespace heed::models {

/// One line of a name map. `from` is a name, where * stands for any text without a dot and ** for
/// any text; each * and ** of `to` is replaced by what the one in the same place stood for. An
/// empty `to` drops the entry. Matrices that are stored (in, out) are transposed.
struct NameRule {
  std::string from;
  std::string to;
  bool transpose = false;
};

/// For each name the first rule whose `from` matches applies; other names stay as they are.
using NameMap = std::vector<NameRule>;

/// The state under the names of the map. Throws Error when a rule's `to` has more stars than its
/// `from`, or a tensor to be transposed is no matrix.
nn::StateDict renamed(const nn::StateDict& state, const NameMap& map);

/// Copies the weights of a safetensors file into a module, as load_state_dict does: strict, all
/// names (after the map) have to match; else the names that the file lacks, and those that the
/// module lacks, are only reported. Shapes always have to match. Throws FileError that lists all
/// that is wrong, and then has changed nothing; what read_safetensors throws.
nn::LoadReport load_weights(nn::Module& module, const std::string& path, const NameMap& map = {},
                            bool strict = true);

/// Writes the parameters and buffers of a module as safetensors. Tied ones are stored once; their
/// other names stand in the metadata, {name: name that is stored}, as Hugging Face's libraries
/// write it. Throws what write_safetensors throws.
void save_weights(const std::string& path, nn::Module& module);

/// Names of Hugging Face's BERT checkpoints as Bert has them: without the prefix "bert." and the
/// heads (cls, classifier, qa_outputs); old ones have gammas and betas. Some have no pooler
/// (BertForMaskedLM, BertForTokenClassification, BertForQuestionAnswering): load them with
/// strict = false, and `missing` names pooler.dense.weight and pooler.dense.bias alone.
NameMap bert_names();

/// Names of Hugging Face's GPT-2 as Gpt has them, whose products of (in, out) matrices ("Conv1D")
/// are transposed.
NameMap gpt2_names();

}  // namespace heed::models
