#include "tests/parity.h"

#include "heed/autograd/engine.h"
#include "heed/core/convert.h"
#include "heed/core/creation.h"
#include "heed/core/io/base64.h"
#include "heed/core/io/files.h"
#include "tests/bars.h"
#include "tests/catch.h"
#include "tests/support.h"

using namespace heed;

namespace {

Dims read_dims(const JsonReader& json) {
  Dims dims;
  for (const JsonReader& size : json.elements()) dims.push_back(size.as_int());
  return dims;
}

/// Unlike a model's tensors, these may hold NaN and infinities.
Tensor read_tensor(const JsonReader& json) {
  const DType dtype = dtype_from_name(json.at("dtype").as_string());
  const Tensor tensor = Tensor::allocate(read_dims(json.at("shape")), dtype);
  auto* bytes = static_cast<std::byte*>(tensor.raw_mutable_data());
  const auto size = size_t(tensor.numel() * size_of(dtype));
  base64_decode(json.at("data").as_string(), {bytes, size}, json.path());
  return tensor;
}

bool is_null(const JsonReader& json) { return json.json().type() == Json::Type::null; }

bool is_constant(const JsonReader& stored, size_t input) {
  if (const auto constants = stored.find("constants"))
    for (const JsonReader& place : constants->elements())
      if (size_t(place.as_int()) == input) return true;
  return false;
}

void check_close(const std::string& what, const Tensor& got, const Tensor& right, const Bar& bar) {
  INFO(what << " of shape " << text(got.shape()) << ", right is " << text(right.shape()));
  REQUIRE(got.shape() == right.shape());
  const bool floating = is_floating(got.dtype()) && is_floating(right.dtype());
  REQUIRE((floating || got.dtype() == right.dtype()));
  const Measure measure = floating ? bar.measure : Measure::exact;
  const double error = error_of(measure, got, right);
  if (error <= bar.limit) return;
  INFO("got\n" << text(got) << "\nright is\n" << text(right));
  CHECK(error <= bar.limit);
}

/// The gradients of the floating outputs for the stored cotangents, zeros where there are none.
std::vector<Tensor> gradients(const JsonReader& cotangents, const Variables& outputs,
                              const Variables& inputs, DType dtype) {
  Variables roots, weights;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad() || is_null(cotangents.at(i))) continue;
    roots.push_back(outputs[i]);
    weights.push_back(to(read_tensor(cotangents.at(i)), dtype));
  }
  Variables found(inputs.size());
  if (!roots.empty()) found = grad(roots, inputs, {.allow_unused = true}, weights);
  std::vector<Tensor> result;
  for (size_t i = 0; i < inputs.size(); ++i)
    result.push_back(found[i].defined() ? found[i].value() : zeros_like(inputs[i].value()));
  return result;
}

void check_gradients(const JsonReader& stored, const Run& run, const Variables& outputs,
                     const Bar& bar) {
  Variables wanted;
  std::vector<std::pair<std::string, JsonReader>> right;
  const auto inputs = stored.at("gradients").elements();
  for (size_t i = 0; i < run.size(); ++i) {
    if (!run[i].requires_grad()) continue;
    wanted.push_back(run[i]);
    right.emplace_back("gradient of input " + std::to_string(i), inputs.at(i));
  }
  for (const auto& [name, parameter] : run.parameters()) {
    wanted.push_back(parameter);
    right.emplace_back("gradient of " + name, stored.at("state_gradients").at(name));
  }
  const auto got = gradients(stored.at("cotangents"), outputs, wanted, run.dtype());
  for (size_t i = 0; i < got.size(); ++i)
    check_close(right[i].first, got[i], read_tensor(right[i].second), bar);
}

void check_case(const std::string& family, const JsonReader& stored, const Program& program,
                DType dtype) {
  const BarRow& bars = bars_of(dtype, stored.at("op").as_string(), family);
  Run run(stored, dtype);
  const Variables outputs = program(run);
  INFO("attributes that the program does not read: " << Json::array(run.unread()).dump());
  CHECK(run.unread().empty());
  const auto right = stored.at("outputs").elements();
  REQUIRE(outputs.size() == right.size());
  for (size_t i = 0; i < right.size(); ++i)
    check_close("output " + std::to_string(i), outputs[i].value(), read_tensor(right[i]),
                bars.value);
  if (stored.find("gradients")) check_gradients(stored, run, outputs, bars.gradient);
  if (const auto after = stored.find("state_after"))
    for (const auto& [name, parameter] : run.parameters())
      check_close(name, parameter.value(), read_tensor(after->at(name)), bars.value);
}

}  // namespace

Run::Run(const JsonReader& stored, DType dtype) : stored_(stored), dtype_(dtype) {
  for (const JsonReader& json : stored.at("inputs").elements()) {
    const Tensor value = read_tensor(json);
    const bool floating = is_floating(value.dtype());
    inputs_.push_back(Variable(floating ? to(value, dtype) : value));
    if (floating && !is_constant(stored, inputs_.size() - 1)) inputs_.back().requires_grad_();
  }
}

std::optional<JsonReader> Run::attribute(std::string_view key) const {
  asked_.emplace(key);
  const auto attributes = stored_.find("attributes");
  return attributes ? attributes->find(key) : std::nullopt;
}

bool Run::flag(std::string_view key, bool value) const {
  const auto found = attribute(key);
  return found ? found->as_bool() : value;
}
int64_t Run::integer(std::string_view key, int64_t value) const {
  const auto found = attribute(key);
  return found ? found->as_int() : value;
}
int64_t Run::integer(std::string_view key) const {
  asked_.emplace(key);
  return stored_.at("attributes").at(key).as_int();
}
std::optional<double> Run::number(std::string_view key) const {
  const auto found = attribute(key);
  return found ? std::optional(found->as_double()) : std::nullopt;
}
std::vector<double> Run::numbers(std::string_view key) const {
  std::vector<double> list;
  if (const auto found = attribute(key))
    for (const JsonReader& number : found->elements()) list.push_back(number.as_double());
  return list;
}
std::string Run::word(std::string_view key, std::string_view value) const {
  const auto found = attribute(key);
  return found ? found->as_string() : std::string(value);
}
Dims Run::dims(std::string_view key) const {
  const auto found = attribute(key);
  return found ? read_dims(*found) : Dims();
}

std::vector<std::string> Run::unread() const {
  std::vector<std::string> keys;
  if (const auto attributes = stored_.find("attributes"))
    for (const auto& [key, value] : attributes->items())
      if (!asked_.contains(key)) keys.push_back(key);
  return keys;
}

void Run::load(nn::Module& module) {
  module.to(dtype_);
  nn::StateDict state;
  if (const auto stored = stored_.find("state"))
    for (const auto& [name, json] : stored->items())
      state.emplace_back(name, to(read_tensor(json), dtype_));
  module.load_state_dict(state);
  parameters_ = module.named_parameters();
}

Json parity_cases(const std::string& family) {
  const std::string path = test_data("data/parity/" + family + ".json");
  return parse_json(read_file(path), path);
}

void check_parity(const std::string& family, const Programs& programs) {
  const Json file = parity_cases(family);
  std::set<std::string> used;
  for (const JsonReader& stored : JsonReader(file, family).at("cases").elements()) {
    const std::string& op = stored.at("op").as_string();
    const auto attributes = stored.find("attributes");
    INFO(op << " " << (attributes ? attributes->json().dump() : "") << " at " << stored.path());
    const auto program = programs.find(op);
    REQUIRE(program != programs.end());
    used.insert(op);
    for (const DType dtype : {f64, f32}) {
      INFO("in " << dtype_name(dtype));
      check_case(family, stored, program->second, dtype);
    }
  }
  for (const auto& [op, program] : programs) {
    INFO("a program without a case: " << op);
    CHECK(used.contains(op));
  }
}
