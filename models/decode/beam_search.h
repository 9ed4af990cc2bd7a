#pragma once

#include "heed/models/decode/decoder.h"

namespace heed::models {

struct BeamOptions {
  int64_t beam_size = 5;     ///< K >= 1
  int64_t n_best = 1;        ///< how many hypotheses to return, in [1, K]
  double alpha = 0.6;        ///< length normalisation, >= 0; 0: none
  int64_t max_length = 100;  ///< as in DecodeOptions, like all that follow
  int64_t bos = data::bos_id;
  int64_t eos = data::eos_id;
  bool maps = true;
};

/// Keeps the K best beginnings of each sentence in every step. A hypothesis that ends leaves the
/// beam with its place, so K = 1 is greedy decoding. Ranked by
///   score = log_probability / ((5 + length) / 6)^alpha,   length with <eos>;
/// hypotheses that did not end within max_length come after those that did. A sentence is left
/// early only when nothing in its beam can still enter its n best.
/// source (B, S) i64, lengths (B) i64 -> for each row its n best, best first (fewer than n where
/// fewer exist). Nothing is recorded; call model.eval() first, or dropout takes part.
/// Sutskever et al. 2014, section 3.2; Wu et al. 2016, "Google's neural machine translation
/// system", eq. 14.
std::vector<std::vector<Hypothesis>> beam_search(const Seq2Seq& model, const Tensor& source,
                                                 const Tensor& lengths,
                                                 const BeamOptions& options = {});

}  // namespace heed::models
