#pragma once

#include <exception>

/// Tells on stderr what went wrong, and returns the exit code that says it to other programs.
int report(const std::exception_ptr& exception);

/// 128 + n stands for a signal n after which the work was saved.
enum ExitCode { done = 0, failure = 1, usage = 2, bad_file = 3, diverged = 4, io = 5 };
