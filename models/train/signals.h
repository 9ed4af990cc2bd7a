#pragma once

#include <csignal>

namespace heed::models {

/// While alive, SIGINT and SIGTERM are only noted, so that training can finish its step and save.
/// A second signal ends the process as usual. One object at a time in a process.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The signal that came, or 0.
  int caught() const;

 private:
  struct sigaction interrupt_before_ {};
  struct sigaction terminate_before_ {};
};

}  // namespace heed::models
