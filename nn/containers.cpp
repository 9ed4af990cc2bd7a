#include "heed/nn/containers.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"

namespace heed::nn {

Sequential::Sequential(const Sequential& other) : Module(other) {
  for (const auto& step : other.steps_) steps_.push_back(step->clone());
}

Sequential& Sequential::operator=(const Sequential& other) {
  if (this == &other) return *this;
  bool assigned = steps_.size() == other.steps_.size();
  for (size_t i = 0; assigned && i < steps_.size(); ++i)
    assigned = steps_[i]->assign(*other.steps_[i]);
  if (!assigned) return *this = Sequential(other);
  Module::operator=(other);
  return *this;
}

Variable Sequential::operator()(const Variable& x) const {
  Variable y = x;
  for (const auto& step : steps_) y = step->forward(y);
  return y;
}

Module& Sequential::operator[](size_t i) {
  require(i < steps_.size(), "Sequential: there is no layer ", i, " of ", steps_.size());
  return steps_[i]->module();
}

void Sequential::members(MemberVisitor& visit) {
  for (size_t i = 0; i < steps_.size(); ++i) visit(std::to_string(i), steps_[i]->module());
}

Variable Tanh::operator()(const Variable& x) const { return tanh(x); }
Variable ReLU::operator()(const Variable& x) const { return relu(x); }
Variable Sigmoid::operator()(const Variable& x) const { return sigmoid(x); }
Variable GELU::operator()(const Variable& x) const { return gelu(x, form); }
Variable Flatten::operator()(const Variable& x) const { return flatten(x, start_dim, end_dim); }

}  // namespace heed::nn
