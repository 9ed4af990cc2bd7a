#include "heed/models/train/signals.h"

namespace heed::models {
namespace {

// A signal handler can reach nothing but a global.
volatile std::sig_atomic_t caught_signal = 0;

void note(int signal) { caught_signal = signal; }

}  // namespace

SignalWatch::SignalWatch() {
  caught_signal = 0;
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
}

int SignalWatch::caught() const { return caught_signal; }

}  // namespace heed::models
