#pragma once

#include <cstdint>
#include <string_view>

#include "bench.h"
#include "heed/core/io/json.h"

namespace heed::bench {

/// Milliseconds since some moment, the clock that CLOCK_MONOTONIC is.
double now_ms();

/// Runs steps for at least so many seconds (and at least three) after a first one and up to three
/// that do not count. `began_ms` is when the process began, by now_ms.
Json measured(const Workload& workload, const Run& run, double seconds, double began_ms);

/// When this process began: its time on the CPU before now, for who was not told.
double process_began_ms();

/// The same for people.
std::string in_words(const Json& measured);

}  // namespace heed::bench
