// Layers of convolutions and pooling; their numbers are compared with PyTorch's in
// parity_images_test.cpp.
#include <cmath>

#include "heed/autograd/gradcheck.h"
#include "heed/core/creation.h"
#include "heed/core/elementwise.h"
#include "heed/core/random.h"
#include "heed/core/reduce.h"
#include "heed/nn/batch_norm.h"
#include "heed/nn/containers.h"
#include "heed/nn/conv.h"
#include "heed/nn/linear.h"
#include "heed/nn/pooling.h"
#include "tests/catch.h"
#include "tests/patterns.h"
#include "tests/support.h"

using namespace heed;

TEST_CASE("convolutions start with PyTorch's shapes and ranges") {
  manual_seed(1);
  const nn::Conv2d conv({.in_channels = 6, .out_channels = 40, .kernel_size = {3, 5}, .groups = 2});
  CHECK(conv.weight.shape() == Shape{40, 3, 3, 5});
  CHECK(conv.bias->shape() == Shape{40});
  const double bound = 1 / std::sqrt(3.0 * 3 * 5);
  const double largest = max(abs(conv.weight.value())).item();
  CHECK(largest <= bound);
  CHECK(largest > 0.98 * bound);
  CHECK(max(abs(conv.bias->value())).item() <= bound);
  CHECK(nn::Conv1d({.in_channels = 2, .out_channels = 3, .kernel_size = 4}).weight.shape() ==
        Shape{3, 2, 4});
}

TEST_CASE("a small convolutional network: shapes, names, gradients of all parameters") {
  manual_seed(4);
  nn::Sequential net(
      nn::Conv2d(
          {.in_channels = 1, .out_channels = 4, .kernel_size = 3, .padding = 1, .bias = false}),
      nn::BatchNorm2d({.num_features = 4}), nn::ReLU(), nn::MaxPool2d(2),
      nn::Conv2d({.in_channels = 4, .out_channels = 2, .kernel_size = 3}), nn::AvgPool2d(2),
      nn::Flatten(), nn::Linear({.in_features = 2, .out_features = 5}));
  CHECK(parameter_names(net) == std::vector<std::string>{"0.weight", "1.weight", "1.bias",
                                                         "1.running_mean", "1.running_var",
                                                         "1.num_batches_tracked", "4.weight",
                                                         "4.bias", "7.weight", "7.bias"});
  const Variable y = net(Variable(rand({3, 1, 8, 8})));
  CHECK(y.shape() == Shape{3, 5});
  CHECK(nn::Flatten(0, 1)(Variable(rand({3, 2, 4}))).shape() == Shape{6, 4});
  net.to(f64);
  const Variable x = Variable(randn({3, 1, 8, 8}, {.dtype = f64})).requires_grad_();
  std::vector<Variable> inputs = net.parameters();
  inputs.push_back(x);
  const auto result = gradcheck([&](auto) { return std::vector{net(x)}; }, inputs);
  INFO(result.message);
  CHECK(result.ok);
}

TEST_CASE("layers of images refuse nonsense") {
  check_error([] { nn::Conv1d({.out_channels = 1, .kernel_size = 1}); },
              "Conv1d: in_channels must be at least 1, got 0");
  check_error([] { nn::Conv2d({.in_channels = 1, .kernel_size = 1}); }, "Conv2d: out_channels");
  check_error([] { nn::Conv2d({.in_channels = 1, .out_channels = 1}); },
              "Conv2d: expected one kernel_size or 2, got ()");
  const nn::ConvLayerOptions fours{
      .in_channels = 4, .out_channels = 6, .kernel_size = 1, .groups = 4};
  check_error([&] { nn::Conv2d{fours}; },
              "Conv2d: groups must divide 4 in_channels and 6 out_channels, got 4");
  const nn::ConvLayerOptions still{
      .in_channels = 1, .out_channels = 1, .kernel_size = 1, .stride = 0};
  check_error([&] { nn::Conv1d{still}; }, "Conv1d: stride must be at least 1, got (0,)");
  check_error([] { nn::MaxPool2d(0); }, "MaxPool2d: kernel sizes must be at least 1, got (0,)");
  check_error([] { nn::AvgPool1d({2, 2}); }, "AvgPool1d: expected one kernel size or 1");
}
