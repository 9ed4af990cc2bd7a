#pragma once

namespace heed {

/// What an op is called and what it computes, for errors and explain(). One constant per op.
struct Op {
  const char* name;
  const char* formula;      ///< "y = tanh(x)"
  const char* derivative;   ///< "dx = dy (1 - y^2)"
  bool broadcasts = false;  ///< may an input be smaller than its gradient, which is then summed?
};

}  // namespace heed
