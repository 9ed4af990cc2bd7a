#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "heed/core/compact.h"
#include "heed/core/io/safetensors.h"
#include "heed/models/gpt.h"
#include "heed/models/transformer.h"
#include "heed/nn/summary.h"
#include "heed/optim/optimizer.h"

/// heed-bench: the workloads of docs/performance.md. torch_bench.py has the same in PyTorch, with
/// the same names of parameters and of the batch's tensors.
namespace heed::bench {

/// What both sides of a comparison start from: a batch and first weights, drawn here with seed 1
/// or read from a file that --export wrote.
class Start {
 public:
  /// file: "" to draw; throws what read_safetensors throws.
  Start(bool dropout, const std::string& file);

  /// A tensor of the batch. Throws FileError when the file lacks it, or has another shape or dtype.
  Tensor integers(const std::string& name, int64_t below, const Shape& shape);
  Tensor normals(const std::string& name, const Shape& shape);
  /// Gives the module the file's weights, or leaves it as it is; either way they are exported.
  void weights(nn::Module& module);
  /// p, or 0 where two sides that draw different numbers are compared.
  double dropout(double p) const { return dropout_ ? p : 0; }

  /// "batch.NAME" and "model.NAME", shared with the workload.
  const NamedTensors& tensors() const { return tensors_; }

 private:
  template <class Draw>
  Tensor tensor(const std::string& name, const Shape& shape, DType dtype, const Draw& draw);

  bool dropout_;
  std::string path_;
  NamedTensors file_, tensors_;
};

/// A workload made ready.
struct Run {
  std::function<void()> step;  ///< what is timed
  /// Of the matrix products of a step, two for each multiply-add; a training step makes three
  /// products for one forward. Sums, functions and what is computed anew do not count.
  double flops = 0;
  int64_t items = 0;  ///< tokens, images or products of a step
  int64_t parameters = 0;
  /// The bytes that tensors hold for a recorded result, beyond those between steps.
  std::function<int64_t()> graph_bytes = {};
  /// What must agree with the other side: the losses of n steps, or a result and its gradients.
  std::function<std::vector<double>(int64_t n)> numbers = {};
};

struct Workload {
  std::string id;
  std::string what;
  std::function<Run(Start& start)> make;
};

/// All of them, in the order of docs/performance.md. A family is several with one word in front:
/// "long" is long-512 to long-8192.
std::span<const Workload> workloads();

/// What grows: tokens of a sequence, sequences of a batch, and the width of a layer.
struct Sizes {
  int64_t steps = 1, batch = 1, width = 1;
};

/// The workload whose name gives its sizes: lstm-T64-B64-W128, gpt-T64-B16-W128 and long-512, each
/// size from 1 to 65,536; nothing for another name.
std::optional<Workload> sized_workload(const std::string& id);

/// A training step: the loss, its gradients, clipped to a norm of `clip` (0: not), an update.
struct Training {
  std::shared_ptr<nn::Module> module;
  std::shared_ptr<optim::Optimizer> optimizer;
  double clip = 1;
  std::function<Variable()> loss;
};
Run run_of(Training training, double flops, int64_t items);

/// A step that is a result and its gradients, recorded anew each time.
Run run_of(const std::function<Variable()>& result, std::vector<Variable> leaves, double flops);

/// Of a product (m, k) x (k, n).
constexpr double product(int64_t m, int64_t k, int64_t n) {
  return 2.0 * double(m) * double(k) * double(n);
}
/// Of `batch` causal attentions over T tokens of width C, all heads together: two products, of
/// which T (T + 1) / 2 pairs of tokens count.
constexpr double causal_attention(int64_t batch, int64_t T, int64_t C) {
  return 2 * product(batch * T * (T + 1) / 2, C, 1);
}

// The models that a workload trains and another one generates with.
models::GptConfig babygpt_config();
models::GptConfig gpt2_config();
models::TransformerConfig mt_base_config(double dropout);
constexpr int64_t mt_base_batch = 128, mt_base_tokens = 25;

// small.cpp
Run scalar(Start& start);
Run small_ops(Start& start);
Run mlp(Start& start);
Run square_product(Start& start, int64_t n);
// recurrent.cpp
/// A CharRnn of two layers, 65 tokens.
Run lstm(Start& start, const Sizes& sizes);
Run lstm_lm(Start& start);
Run bilstm_cls(Start& start);
Run seq2seq(Start& start);
Run g2p(Start& start);
// transformer.cpp
Run copy(Start& start);
/// A GPT of 4 layers, 65 tokens, its heads 32 wide.
Run gpt(Start& start, const Sizes& sizes);
Run babygpt(Start& start);
Run mt_base(Start& start);
Run vit(Start& start);
Run gpt2(Start& start);
/// One layer with T tokens, d 256, 4 heads, causal.
Run attention_layer(Start& start, int64_t T);
// generate.cpp
Run generate_baby(Start& start, std::optional<CompactKind> weights = {});
Run generate_gpt2(Start& start, std::optional<CompactKind> weights = {});
Run beam(Start& start);

}  // namespace heed::bench
