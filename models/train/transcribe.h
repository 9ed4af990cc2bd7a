#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/models/model_file.h"
#include "heed/models/show/attention_map.h"

namespace heed::models {

/// What a model wrote for one source, and where it looked.
struct Transcript {
  std::vector<std::string> source;  ///< the tokenizer's pieces
  std::vector<std::string> target;
  std::string text = {};             ///< of the target
  double log_probability = 0;        ///< of the target and its end
  std::vector<double> weights = {};  ///< (T, S), row after row; empty unless asked for
  Tensor sensitivity = {};           ///< (T, S), see show/sensitivity.h; empty unless asked for
};

struct TranscribeOptions {
  int64_t max_length = 100;  ///< longest target
  int64_t batch_size = 256;
  int64_t beam = 1;  ///< beams of beam_search; 1: greedy
  bool weights = false;
  bool sensitivity = false;
};

/// Writes a target for every source, greedily or by beam search, without changing the model; in the
/// order of the sources, decoded in batches of similar lengths. Unknown tokens are read as <unk>.
/// Error: a source without tokens.
std::vector<Transcript> transcribe(const StoredModel& model, std::span<const std::string> sources,
                                   TranscribeOptions options = {});

/// The weights of a transcript as a map to draw.
show::AttentionMap attention_map(const Transcript& transcript, std::string title);

/// The numbers of a floating tensor, row after row.
std::vector<double> numbers(const Tensor& tensor);

}  // namespace heed::models
