#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "heed/models/sentence_encoder.h"

/// Reads sentences, and tells how like each is to the first one: the cosine of their vectors.
class Likeness {
 public:
  Likeness(heed::models::SentenceEncoder encoder, bool json)
      : encoder_(std::move(encoder)), json_(json) {}

  void operator()(std::span<const std::string> texts);

 private:
  void tell(const std::string& text, const heed::Tensor& vector) const;

  heed::models::SentenceEncoder encoder_;
  bool json_;
  heed::Tensor first_;  // (C)
};
