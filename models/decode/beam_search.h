#pragma once

#include "heed/models/decode/steps.h"

namespace heed::models {

struct BeamOptions {
  int64_t beam_size = 5;     ///< K >= 1
  int64_t n_best = 1;        ///< how many hypotheses to return, in [1, K]
  double alpha = 0.6;        ///< length normalisation, >= 0; 0: none
  double coverage = 0;       ///< coverage penalty, >= 0; 0: none, else steps must give weights
  double patience = 1;       ///< how many hypotheses may end, in units of K; >= 1
  int64_t max_length = 100;  ///< as in DecodeOptions, like all that follow
  int64_t bos = data::bos_id;
  int64_t eos = data::eos_id;
  bool maps = true;
  Tensor prefix = {};
  std::vector<int64_t> never = {};
};

/// Keeps the K best beginnings of each sequence in every step, by log-probability. Those that end
/// are set aside and take no place from the others; a sequence is left when patience K of them have
/// ended, or earlier when nothing in its beam can still enter its n best. K = 1 is greedy decoding.
/// Hypotheses are ranked by
///   score = log_probability / ((5 + length) / 6)^alpha
///           + coverage sum over source tokens j of log min(sum over steps t of weights[t, j], 1)
/// with the step of <eos> in length and sum; those that did not end within max_length come after
/// those that did. For each row its n best, best first (fewer than n where fewer exist: none where
/// a prefix has probability 0). Nothing is recorded; call model.eval() first, or dropout takes
/// part. Sutskever et al. 2014, section 3.2; Wu et al. 2016, "Google's neural machine translation
/// system", eq. 14; Kasai et al. 2022, "A call for clarity in beam search: how it works and when it
/// stops", where 1 is the usual patience.
std::vector<std::vector<Hypothesis>> beam_search(const Decoder& decoder,
                                                 const BeamOptions& options = {});

/// The same for source (B, S) i64, lengths (B) i64.
std::vector<std::vector<Hypothesis>> beam_search(const Seq2Seq& model, const Tensor& source,
                                                 const Tensor& lengths,
                                                 const BeamOptions& options = {});

}  // namespace heed::models
