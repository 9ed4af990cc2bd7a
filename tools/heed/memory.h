#pragma once

#include <cstddef>
#include <new>

/// What operator new throws in this program: it knows how much was asked for.
struct OutOfMemory : std::bad_alloc {
  explicit OutOfMemory(size_t asked) : bytes(asked) {}
  const char* what() const noexcept override { return "out of memory"; }
  size_t bytes;
};

/// OpenBLAS starts threads when it is loaded, which heed does not use. Each takes 128 MiB of
/// addresses, and where a limit (ulimit -v or -d) leaves less it asks for ever, so that the program
/// would never end. Under such a limit, this starts the program again with one OpenBLAS thread.
void keep_blas_threads_away(char** words);
