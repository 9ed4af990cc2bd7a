#include "heed/models/show/sensitivity.h"

#include <string_view>

#include "heed/autograd/engine.h"
#include "heed/autograd/recording.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/reduce.h"

namespace heed::show {
namespace {

/// Finds the embeddings (1, S, E) of the source: the first that a model looks up.
class FirstEmbeddings : public Trace {
 public:
  explicit FirstEmbeddings(int64_t steps) : steps_(steps) {}
  void computed(const Op& op, std::span<const Attribute>, std::span<const Variable>,
                std::span<const Variable> outputs) override {
    const Variable& y = outputs[0];
    if (found.defined() || std::string_view(op.name) != "embedding") return;
    if (y.dim() == 3 && y.size(0) == 1 && y.size(1) == steps_) found = y;
  }
  Variable found;

 private:
  int64_t steps_;
};

void check_tokens(const Tensor& tokens, int64_t least) {
  require(tokens.dim() == 1 && tokens.dtype() == i64 && tokens.size(0) >= least,
          "sensitivity: expected at least ", least, " tokens (steps) of i64, got ", tokens.shape(),
          " of ", tokens.dtype());
}

/// The norms (T, S) for target (T), from a forward pass to logits (1, T, V).
template <class Forward>
Tensor norms(int64_t steps, const Tensor& target, Forward forward) {
  const NoGrad recorded(true);
  FirstEmbeddings trace(steps);
  Variable logits;
  {
    const TraceScope scope(trace);
    logits = select(forward(), 0, 0);  // (T, V)
  }
  const Variable& x = trace.found;
  require(x.defined() && x.requires_grad(), "sensitivity: the model looks up no embeddings (1, ",
          steps, ", size) with a gradient");
  std::vector<Tensor> rows;
  for (int64_t t = 0; t < target.size(0); ++t) {
    const Variable logit = logits[t][target[t].item<int64_t>()];
    const Variable g =
        grad(logit, {x}, {.retain_graph = true, .allow_unused = true})[0];  // (1, S, E)
    rows.push_back(g.defined() ? norm(g.value()[0], 2, {1}) : zeros({steps}, {.dtype = x.dtype()}));
  }
  return stack(rows, 0);
}

}  // namespace

Tensor sensitivity(const models::Seq2Seq& model, const Tensor& source, const Tensor& target,
                   int64_t bos) {
  check_tokens(source, 1);
  check_tokens(target, 1);
  const Tensor first = full({1}, bos, {.dtype = i64});
  const Tensor read = cat({first, narrow(target, 0, 0, target.size(0) - 1)}, 0);
  return norms(source.size(0), target,
               [&] { return model.forward(unsqueeze(source, 0), {}, unsqueeze(read, 0)); });
}

Tensor sensitivity(const models::LanguageModel& model, const Tensor& tokens) {
  check_tokens(tokens, 2);
  const int64_t steps = tokens.size(0) - 1;
  return norms(steps, narrow(tokens, 0, 1, steps),
               [&] { return model.forward(unsqueeze(narrow(tokens, 0, 0, steps), 0)); });
}

AttentionMap sensitivity_map(std::vector<std::string> source, std::vector<std::string> target,
                             const Tensor& sensitivity, std::string title) {
  const Tensor rows = to(sensitivity, f64), total = sum(rows, {1}, true);
  const Tensor shares = contiguous(rows / where(total > 0, total, 1.0));
  const double* first = shares.data<double>();
  AttentionMap map{
      std::move(source), std::move(target), {first, first + shares.numel()}, std::move(title)};
  validate(map);
  return map;
}

}  // namespace heed::show
