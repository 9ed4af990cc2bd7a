#include <algorithm>
#include <utility>

#include "bench.h"
#include "heed/core/error.h"
#include "heed/core/generator.h"
#include "heed/core/memory.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/optim/clip.h"

namespace heed::bench {
namespace {

constexpr std::string_view model_prefix = "model.";

/// What tensors hold for a result while it lives, in bytes.
std::function<int64_t()> graph_bytes_of(std::function<Variable()> result) {
  return [result = std::move(result)] {
    const int64_t before = memory_statistics().live_bytes;
    const Variable kept = result();
    return memory_statistics().live_bytes - before;
  };
}

}  // namespace

Start::Start(bool dropout, const std::string& file) : dropout_(dropout), path_(file) {
  manual_seed(1);
  if (!file.empty()) file_ = read_safetensors(file).tensors;
}

template <class Draw>
Tensor Start::tensor(const std::string& name, const Shape& shape, DType dtype, const Draw& draw) {
  const std::string full_name = "batch." + name;
  Tensor found;
  if (path_.empty()) {
    found = draw();
  } else {
    const auto entry = std::ranges::find(file_, full_name, &NamedTensors::value_type::first);
    if (entry == file_.end()) fail<FileError>(path_, ": expected a tensor ", full_name);
    found = entry->second;
    if (found.shape() != shape || found.dtype() != dtype)
      fail<FileError>(path_, ": ", full_name, ": expected ", shape, " of ", dtype, ", got ",
                      found.shape(), " of ", found.dtype());
  }
  tensors_.emplace_back(full_name, found);
  return found;
}

Tensor Start::integers(const std::string& name, int64_t below, const Shape& shape) {
  return tensor(name, shape, i64, [&] { return randint(0, below, shape); });
}

Tensor Start::normals(const std::string& name, const Shape& shape) {
  return tensor(name, shape, f32, [&] { return randn(shape); });
}

void Start::weights(nn::Module& module) {
  if (!path_.empty()) {
    nn::StateDict given;
    for (const auto& [name, tensor] : file_)
      if (name.starts_with(model_prefix))
        given.emplace_back(name.substr(model_prefix.size()), tensor);
    module.load_state_dict(given);
  }
  for (const auto& [name, tensor] : module.state_dict())
    tensors_.emplace_back(std::string(model_prefix) + name, tensor);
}

Run run_of(Training training, double flops, int64_t items) {
  const auto work = std::make_shared<Training>(std::move(training));
  const auto step = [work] {
    work->optimizer->zero_grad();
    const Variable loss = work->loss();
    loss.backward();
    if (work->clip > 0) optim::clip_grad_norm_(work->optimizer->parameters(), work->clip);
    work->optimizer->step();
    return loss;
  };
  Run run{.step = [step] { step(); },
          .flops = flops,
          .items = items,
          .parameters = nn::count_parameters(*work->module).total,
          .graph_bytes = graph_bytes_of(work->loss)};
  run.numbers = [step](int64_t n) {
    std::vector<double> losses;
    for (int64_t i = 0; i < n; ++i) losses.push_back(step().item());
    return losses;
  };
  return run;
}

Run run_of(const std::function<Variable()>& result, std::vector<Variable> leaves, double flops) {
  const auto step = [result, leaves] {
    for (const Variable& leaf : leaves) leaf.zero_grad();
    const Variable value = result();
    value.backward();
    return value;
  };
  Run run{.step = [step] { step(); },
          .flops = flops,
          .items = 1,
          .graph_bytes = graph_bytes_of(result)};
  run.numbers = [step, leaves](int64_t) {
    std::vector<double> numbers{step().item()};
    for (const Variable& leaf : leaves) numbers.push_back(norm(leaf.grad().value()).item());
    return numbers;
  };
  return run;
}

}  // namespace heed::bench
