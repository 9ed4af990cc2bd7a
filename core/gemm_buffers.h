#pragma once
// internal

namespace heed::detail {

/// OpenBLAS takes a buffer of 128 MiB (of addresses; few are used) for each thread that computes at
/// once, when it first needs it, and where the system has none it asks again for ever. Where the
/// memory of the process is limited (ulimit -v or -d), this takes the buffers of num_threads()
/// threads, once, or throws MemoryError. Without a limit it does nothing.
void take_gemm_buffers();

}  // namespace heed::detail
