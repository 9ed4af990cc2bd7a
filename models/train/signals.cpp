#include "heed/models/train/signals.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace heed::models {
namespace {

// A signal handler can reach nothing but a global.
volatile std::sig_atomic_t caught_signal = 0;
const char* volatile first_message = "";

void note(int signal) {
  const bool first = caught_signal == 0;
  caught_signal = signal;
  if (!first) return;
  const char* message = first_message;
  const int before = errno;
  [[maybe_unused]] const auto told = write(STDERR_FILENO, message, std::strlen(message));
  errno = before;
}

}  // namespace

SignalWatch::SignalWatch(const char* message) {
  caught_signal = 0;
  first_message = message;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART | int(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &interrupt_before_);
  sigaction(SIGTERM, &action, &terminate_before_);
}

SignalWatch::~SignalWatch() {
  sigaction(SIGINT, &interrupt_before_, nullptr);
  sigaction(SIGTERM, &terminate_before_, nullptr);
  caught_signal = 0;
}

int SignalWatch::caught() const { return caught_signal; }

void leave_if_signalled() {
  if (caught_signal != 0) throw Interrupted("interrupted by a signal");
}

}  // namespace heed::models
