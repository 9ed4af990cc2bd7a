#pragma once

#include <csignal>
#include <stdexcept>

namespace heed::models {

/// While alive, SIGINT and SIGTERM are only noted, so that training can finish its step and save.
/// A second signal ends the process as usual. One object at a time in a process.
class SignalWatch {
 public:
  /// The first signal writes the message, which must outlive the watch, to stderr.
  explicit SignalWatch(const char* message = "");
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The signal that came, or 0.
  int caught() const;

 private:
  struct sigaction interrupt_before_ {};
  struct sigaction terminate_before_ {};
};

/// Long work that is not training was left because of a signal.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Interrupted when a watch has caught a signal. What measures and decodes asks it between
/// two batches or steps: nothing of such work is worth saving.
void leave_if_signalled();

}  // namespace heed::models
