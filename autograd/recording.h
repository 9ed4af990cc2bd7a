#pragma once

#include <span>

#include "heed/autograd/variable.h"

namespace heed {

/// A number that an op was called with (a dimension, an exponent), as a Trace sees it.
struct Attribute {
  const char* name = nullptr;
  double value = 0;
};

/// The one seam to look into a computation: while a TraceScope is alive, its Trace is told every op
/// of this thread as it is computed, and every step of backward.
class Trace {
 public:
  virtual ~Trace() = default;
  /// An op was computed; whether it was recorded shows in outputs[i].requires_grad().
  virtual void computed(const Op&, std::span<const Attribute>, std::span<const Variable> inputs,
                        std::span<const Variable> outputs) = 0;
  /// A node's rule ran. gradients.inputs holds what goes to each of its edges.
  virtual void differentiated(const Node&, const Gradients&) {}
};

namespace detail {
struct Recording {
  bool enabled;
  Trace* trace;
};
[[gnu::tls_model("initial-exec")]] inline thread_local constinit Recording recording_state{true,
                                                                                           nullptr};
}  // namespace detail

/// Are operations of this thread recorded at the moment?
inline bool recording() { return detail::recording_state.enabled; }

/// While alive, operations of this thread are computed but not recorded.
class NoGrad {
 public:
  explicit NoGrad(bool record = false) : before_(detail::recording_state.enabled) {
    detail::recording_state.enabled = record;
  }
  ~NoGrad() { detail::recording_state.enabled = before_; }
  NoGrad(const NoGrad&) = delete;

 private:
  bool before_;
};

/// While alive, this thread's operations are shown to a Trace.
class TraceScope {
 public:
  explicit TraceScope(Trace& trace) : before_(detail::recording_state.trace) {
    detail::recording_state.trace = &trace;
  }
  ~TraceScope() { detail::recording_state.trace = before_; }
  TraceScope(const TraceScope&) = delete;

 private:
  Trace* before_;
};

}  // namespace heed
