// Four of heed-bench's workloads over libtorch, PyTorch from C++: libtorch_bench WORKLOAD
// [--threads N] [--seconds S] [--since MS] [--weights FILE --losses N] prints a line of JSON.
// compare.sh builds it with the headers and libraries of PyTorch's pip package; nothing else does.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <sstream>

namespace {

namespace nn = torch::nn;
namespace F = torch::nn::functional;
using torch::Tensor;
using Named = std::map<std::string, Tensor>;

double now_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(since).count();
}

/// A safetensors file as heed-bench --export writes it: F32 and I64.
Named read_safetensors(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  uint64_t length = 0;
  file.read(reinterpret_cast<char*>(&length), sizeof length);
  std::string header(length, ' ');
  file.read(header.data(), std::streamsize(length));
  std::string data(std::istreambuf_iterator<char>(file), {});
  TORCH_CHECK(file.good() || file.eof(), path, ": cannot be read");
  static const std::regex entry(
      R"re("([^"]+)":\{"dtype":"(\w+)","shape":\[([\d,]*)\],"data_offsets":\[(\d+),(\d+)\]\})re");
  Named tensors;
  for (std::sregex_iterator at(header.begin(), header.end(), entry), end; at != end; ++at) {
    std::vector<int64_t> shape;
    std::istringstream sizes((*at)[3].str());
    for (std::string size; std::getline(sizes, size, ',');) shape.push_back(std::stoll(size));
    const auto dtype = (*at)[2] == "F32" ? torch::kFloat32 : torch::kInt64;
    char* numbers = data.data() + std::stoull((*at)[4]);
    tensors[(*at)[1]] = torch::from_blob(numbers, shape, dtype).clone();
  }
  return tensors;
}

/// The batch and the first weights: drawn, or those of the file.
struct Start {
  Named file;
  Tensor integers(const std::string& name, int64_t below, std::vector<int64_t> shape) const {
    return file.empty() ? torch::randint(below, shape, torch::kInt64) : file.at("batch." + name);
  }
  Tensor normals(const std::string& name, std::vector<int64_t> shape) const {
    return file.empty() ? torch::randn(shape) : file.at("batch." + name);
  }
  void weights(nn::Module& module) const {
    const torch::NoGradGuard no_grad;
    for (auto& entry : module.named_parameters())
      if (!file.empty()) entry.value().copy_(file.at("model." + entry.key()));
  }
};

struct Run {
  std::function<Tensor()> step;
  std::vector<Tensor> leaves = {};  // whose gradients are compared, where nothing is trained
};

Run differentiation(std::function<Tensor()> result, std::vector<Tensor> leaves) {
  const auto step = [result, leaves] {
    for (const Tensor& leaf : leaves) leaf.mutable_grad() = Tensor();
    const Tensor value = result();
    value.backward();
    return value;
  };
  return {step, leaves};
}

Run training(nn::Module& module, double clip, std::function<Tensor()> loss) {
  const auto adam = std::make_shared<torch::optim::Adam>(module.parameters());
  return {[=, parameters = module.parameters()] {
    adam->zero_grad();
    const Tensor value = loss();
    value.backward();
    if (clip > 0) nn::utils::clip_grad_norm_(parameters, clip);
    adam->step();
    return value;
  }};
}

Run scalar(const Start&) {
  const Tensor a = torch::tensor(-4.0f, torch::requires_grad());
  const Tensor b = torch::tensor(2.0f, torch::requires_grad());
  return differentiation(
      [=] {
        Tensor c = a + b;
        Tensor d = a * b + b.pow(3);
        c = c + (c + 1);
        c = c + (1 + c + (-a));
        d = d + (d * 2 + (b + a).relu());
        d = d + (3 * d + (b - a).relu());
        const Tensor f = (c - d).pow(2);
        return f / 2 + 10 / f;
      },
      {a, b});
}

Run small_ops(const Start& start) {
  const Tensor x = start.normals("x", {16, 16}).requires_grad_();
  const Tensor w = start.normals("w", {16, 16}).requires_grad_();
  return differentiation(
      [=] {
        Tensor y = x;
        for (int i = 0; i < 20; ++i) y = torch::tanh(y.matmul(w) + x) * 0.5;
        return y.sum();
      },
      {x, w});
}

Run mlp(const Start& start) {
  nn::Sequential net(nn::Linear(784, 256), nn::ReLU(), nn::Linear(256, 128), nn::ReLU(),
                     nn::Linear(128, 10));
  start.weights(*net);
  const Tensor images = start.normals("images", {64, 784});
  const Tensor labels = start.integers("labels", 10, {64});
  return training(*net, 0,
                  [=]() mutable { return F::cross_entropy(net->forward(images), labels); });
}

struct Attention : nn::Module {
  explicit Attention(int64_t size)
      : query(register_module("query", nn::Linear(nn::LinearOptions(size, size).bias(false)))),
        key(register_module("key", nn::Linear(nn::LinearOptions(size, size).bias(false)))),
        v(register_parameter("v", torch::rand({size}) / std::sqrt(double(size)))) {}
  Tensor forward(const Tensor& state, const Tensor& keys, const Tensor& values) {
    const Tensor scores = torch::tanh(query(state).unsqueeze(1) + keys).matmul(v);
    return torch::bmm(torch::softmax(scores, 1).unsqueeze(1), values).squeeze(1);
  }
  nn::Linear query, key;
  Tensor v;
};

/// The quickstart's model: both directions of the encoder at once, the decoder step by step.
struct Bahdanau : nn::Module {
  static constexpr int64_t E = 128, H = 256, sources = 30, targets = 44;
  Bahdanau() {
    register_module("source_embedding", source_embedding);
    register_module("target_embedding", target_embedding);
    register_module("encoder", encoder);
    register_module("initial", initial);
    register_module("attention", attention);
    register_module("decoder", decoder);
    register_module("output", output);
  }
  Tensor forward(const Tensor& source, const Tensor& target) {
    const auto [values, ends] = encoder(source_embedding(source));
    const Tensor h_n = std::get<0>(ends), keys = attention->key(values);
    Tensor h = torch::tanh(initial(torch::cat({h_n[0], h_n[1]}, 1))), c = torch::zeros_like(h);
    std::vector<Tensor> states;
    for (const Tensor& y : target_embedding(target).unbind(1)) {
      const Tensor context = attention->forward(h, keys, values);
      std::tie(h, c) = decoder(torch::cat({y, context}, 1), std::make_tuple(h, c));
      states.push_back(torch::cat({h, context}, 1));
    }
    return output(torch::stack(states, 1));
  }
  nn::Embedding source_embedding{sources, E}, target_embedding{targets, E};
  nn::LSTM encoder{nn::LSTMOptions(E, H / 2).batch_first(true).bidirectional(true)};
  nn::Linear initial{H, H};
  std::shared_ptr<Attention> attention = std::make_shared<Attention>(H);
  nn::LSTMCell decoder{E + H, H};
  nn::Linear output{2 * H, targets};
};

Run g2p(const Start& start) {
  const auto model = std::make_shared<Bahdanau>();
  start.weights(*model);
  const Tensor source = start.integers("source", Bahdanau::sources, {128, 9});
  const Tensor target = start.integers("target", Bahdanau::targets, {128, 9});
  const Tensor wanted = start.integers("wanted", Bahdanau::targets, {128, 9});
  return training(*model, 1, [=] {
    return F::cross_entropy(model->forward(source, target).flatten(0, 1), wanted.flatten());
  });
}

double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

void print_numbers(const Run& run, int64_t n) {
  std::vector<double> numbers;
  for (int64_t i = 0; i < (run.leaves.empty() ? n : 1); ++i)
    numbers.push_back(run.step().item<double>());
  for (const Tensor& leaf : run.leaves)
    numbers.push_back(leaf.grad().to(torch::kFloat64).norm().item<double>());
  for (size_t i = 0; i < numbers.size(); ++i) std::printf("%s%.9g", i ? "," : "[", numbers[i]);
  std::printf("]\n");
}

double step_ms(const Run& run) {
  const double start = now_ms();
  run.step();
  return now_ms() - start;
}

void measure(const Run& run, const std::string& workload, double seconds, double began_ms) {
  const double first = step_ms(run), start_up = now_ms() - began_ms;
  for (int i = 0; i < 3; ++i) run.step();
  std::vector<double> times;
  for (double sum = 0; times.size() < 20'000 && (sum < seconds * 1e3 || times.size() < 3);
       sum += times.back())
    times.push_back(step_ms(run));
  std::sort(times.begin(), times.end());
  std::printf(
      "{\"workload\": \"%s\", \"threads\": %d, \"median_ms\": %.4f, \"min_ms\": %.4f, "
      "\"steps\": %zu, \"first_ms\": %.4f, \"start_ms\": %.4f, \"rss_mb\": %.1f}\n",
      workload.c_str(), torch::get_num_threads(), times[times.size() / 2], times[0], times.size(),
      first, start_up, peak_memory_mb());
}

}  // namespace

int main(int count, char** words) {
  const double began = now_ms() - 1e3 * double(std::clock()) / CLOCKS_PER_SEC;
  const std::map<std::string, Run (*)(const Start&)> workloads = {
      {"scalar", scalar}, {"small-ops", small_ops}, {"mlp", mlp}, {"g2p", g2p}};
  std::map<std::string, std::string> flags;
  for (int i = 2; i + 1 < count; i += 2) flags[words[i]] = words[i + 1];
  const auto found = workloads.find(count > 1 ? words[1] : "");
  if (found == workloads.end()) {
    std::fprintf(stderr, "libtorch_bench: expected scalar, small-ops, mlp or g2p\n");
    return 2;
  }
  const auto number = [&](const char* flag, double otherwise) {
    return flags.count(flag) ? std::stod(flags[flag]) : otherwise;
  };
  torch::set_num_threads(int(number("--threads", 2)));
  torch::manual_seed(1);
  Start start;
  if (flags.count("--weights")) start.file = read_safetensors(flags["--weights"]);
  const Run run = found->second(start);
  if (flags.count("--losses"))
    print_numbers(run, int64_t(number("--losses", 1)));
  else
    measure(run, found->first, number("--seconds", 5), number("--since", began));
}
