#include "heed/models/row_lstm.h"

#include "heed/autograd/shape.h"
#include "heed/models/fields.h"
#include "heed/models/images.h"

namespace heed::models {
namespace {

RowLstmConfig checked(RowLstmConfig config) {
  check_fields(list_fields(config), "RowLstm");
  return config;
}

}  // namespace

RowLstm::RowLstm(RowLstmConfig given)
    : settings(checked(std::move(given))),
      lstm({.input_size = settings.channels * settings.width,
            .hidden_size = settings.hidden,
            .num_layers = settings.layers,
            .dropout = settings.dropout}),
      dropout({settings.dropout}),
      output({settings.hidden, settings.classes}) {}

void RowLstm::members(nn::MemberVisitor& visit) {
  visit("lstm", lstm);
  visit("dropout", dropout);
  visit("output", output);
}

Json RowLstm::config() const { return fields_to_json(settings); }

Variable RowLstm::forward(const Tensor& images, nn::AttentionMaps*) const {
  const Tensor pixels = detail::normalized_pixels(
      "RowLstm", images, {settings.channels, settings.height, settings.width}, settings.mean,
      settings.deviation, output.bias->dtype());
  const Tensor rows = flatten(permute(pixels, {0, 2, 1, 3}), 2);  // (B, H, C W)
  return output(dropout(select(lstm(rows).h_n, 0, -1)));          // (B, classes)
}

}  // namespace heed::models
