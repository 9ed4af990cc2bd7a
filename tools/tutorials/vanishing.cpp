// How far back does a gradient reach? A network reads 100 random vectors, and the gradient of its
// last state is taken with respect to each of them: its length, against the distance between the
// vector and the end. What comes back through a recurrent layer is multiplied by a matrix at every
// step; attention has one step to everywhere.
// Hochreiter 1991; Bengio, Simard & Frasconi 1994, "Learning long-term dependencies with gradient
// descent is difficult"; Pascanu, Mikolov & Bengio 2013, eq. 5.
#include <cmath>
#include <cstdio>

#include "chrono.h"
#include "heed/heed.h"
#include "tutorial.h"

using namespace heed;

namespace {

constexpr int64_t T = 100, B = 64, H = 64;
using Network = std::function<Variable(const Variable&)>;  // (B, T, H) -> (B, H)

Network recurrent(RecurrentKind kind, bool remembers) {
  nn::Recurrent layer(kind, {.input_size = H, .hidden_size = H});
  if (remembers) remember(layer, T);
  layer.to(f64);
  return [layer](const Variable& x) { return layer(x).h_n[0]; };
}

/// The last vector asks all of them; each is a key and a value.
Network attention() {
  nn::Linear query({.in_features = H, .out_features = H}), key = query, value = query;
  for (nn::Linear* layer : {&query, &key, &value}) {
    nn::init::xavier_uniform_(layer->weight);
    layer->to(f64);
  }
  return [=](const Variable& x) {
    const auto one_head = [](const Variable& y) { return unsqueeze(y, 1); };  // (B, 1, T, H)
    const Variable last = narrow(x, 1, T - 1, 1);
    return reshape(
        scaled_dot_product_attention(one_head(query(last)), one_head(key(x)), one_head(value(x))),
        {B, H});
  };
}

/// The mean over a batch of |d (v . last state) / d x_t|, v a random direction, by distance.
show::Series gradient_norms(const char* name, const Network& network) {
  Variable x = randn({B, T, H}, {.dtype = f64});
  x.requires_grad_();
  const Variable direction = randn({B, H}, {.dtype = f64}) / std::sqrt(double(H));
  sum(network(x) * direction).backward();
  const Tensor norms = mean(norm(x.grad().value(), 2, {2}), {0});  // (T)
  show::Series series{.name = name};
  for (int64_t distance = 0; distance < T; ++distance)
    series.points.emplace_back(distance, norms.at({T - 1 - distance}));
  return series;
}

}  // namespace

int main(int count, char** words) {
  return tutorial("vanishing", count, words, [](Tutorial& t) {
    const std::vector<show::Series> all = {
        gradient_norms("RNN", recurrent(RecurrentKind::rnn_tanh, false)),
        gradient_norms("GRU", recurrent(RecurrentKind::gru, false)),
        gradient_norms("LSTM", recurrent(RecurrentKind::lstm, false)),
        gradient_norms("GRU, gates open", recurrent(RecurrentKind::gru, true)),
        gradient_norms("LSTM, gates open", recurrent(RecurrentKind::lstm, true)),
        gradient_norms("attention", attention())};
    const auto at = [&](size_t network, size_t distance) {
      return all[network].points[distance].second;
    };
    t.say("distance             1        10        50        99   factor a step");
    for (size_t i = 0; i < all.size(); ++i) {
      std::string row = all[i].name + std::string(17 - all[i].name.size(), ' ');
      for (const size_t distance : {1, 10, 50, 99}) {
        char number[16];
        std::snprintf(number, sizeof number, "  %8.1e", at(i, distance));
        row += number;
      }
      t.say(row, "   ", fixed(std::pow(at(i, 99) / at(i, 1), 1 / 98.0), 3));
    }
    t.write("vanishing.svg",
            show::svg({.title = "Length of the gradient, by distance",
                       .x = {.name = "steps back"},
                       .y = {.name = "|gradient|", .scale = show::Scale::logarithmic},
                       .series = all}));
    const double factor = std::pow(at(0, 99) / at(0, 1), 1 / 98.0);
    const bool as_expected =
        factor < 0.7 && at(4, 99) > 1e3 * at(2, 99) && at(5, 99) > 0.1 * at(5, 1);
    t.result(factor, as_expected, "an RNN keeps " + fixed(factor, 2) + " of a gradient a step");
  });
}
