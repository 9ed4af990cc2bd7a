#pragma once

#include <span>
#include <string>
#include <vector>

#include "heed/models/data/pairs.h"

namespace heed::data {

/// Reads the CMU pronouncing dictionary in Festival's form (cmudict-0.4.out, Debian's package
/// festlex-cmu): lines
///     ("abandon" nil (((ax) 0) ((b ae n) 1) ((d ax n) 0)))
/// of a word, its part of speech and its syllables, each with its phones and its stress. Gives the
/// letters of every word that is spelled with A-Z alone, in lower case, and its phones without
/// syllables and stress; the pronunciations of a word that differ then are its right answers.
/// Empty lines, comment lines (from ';') and the header line MNCL are skipped.
/// IoError when the file cannot be read; FileError with the line's number on any other line, and
/// when the file has no such word.
std::vector<Example> read_cmudict(const std::string& path);

/// The dictionary's path: what the environment variable HEED_CMUDICT names, else the first of the
/// candidates that exists, else /usr/share/festival/dicts/cmu/cmudict-0.4.out. IoError, naming
/// every place tried, when there is none; a HEED_CMUDICT that names no file is an IoError at once.
std::string find_cmudict(std::span<const std::string> candidates = {});

}  // namespace heed::data
