// An image as a sequence: an LSTM of 128 units reads a picture of Fashion-MNIST row by row, from
// top to bottom, and names the piece of clothing after the last row.
#include "fashion.h"

using namespace heed;

int main(int count, char** words) {
  return tutorial("rows", count, words, [](Tutorial& t) {
    const data::ImageSets sets = fashion::read(t);
    const auto [mean, deviation] = data::pixel_statistics(sets.train.images);
    models::RowLstm model({.hidden = 128, .mean = mean, .deviation = deviation});
    const show::Series curve =
        fashion::train(t, model, sets, {.epochs = 10, .learning_rate = 3e-3});
    t.write("rows.svg", show::svg({.title = "An LSTM over the rows of Fashion-MNIST",
                                   .x = {.name = "minutes"},
                                   .y = {.name = "right on test images, %"},
                                   .series = {curve}}));
    const double right = curve.points.back().second;
    t.result(right, right >= 88, fixed(right, 2) + " % of the test images");
  });
}
