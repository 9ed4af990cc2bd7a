#include "heed/models/vit.h"

#include "heed/autograd/elementwise.h"
#include "heed/autograd/shape.h"
#include "heed/core/creation.h"
#include "heed/core/random.h"
#include "heed/models/fields.h"
#include "heed/models/images.h"
#include "heed/nn/init.h"

namespace heed::models {
namespace {

VitConfig checked(VitConfig config) {
  check_fields(list_fields(config), "Vit");
  require(config.height % config.patch == 0 && config.width % config.patch == 0,
          "Vit: expected images of a multiple of patch ", config.patch, ", got ", config.height,
          " x ", config.width);
  require(config.hidden % config.heads == 0, "Vit: hidden must be a multiple of heads, got ",
          config.hidden, " and ", config.heads);
  return config;
}

nn::TransformerLayerOptions layer_options(const VitConfig& config) {
  return {.d_model = config.hidden,
          .nhead = config.heads,
          .dim_feedforward = config.feedforward,
          .dropout = config.dropout,
          .activation = nn::Activation::gelu,
          .norm_first = true};
}

int64_t patches(const VitConfig& config) {
  return config.height / config.patch * (config.width / config.patch);
}

}  // namespace

Vit::Vit(VitConfig given)
    : settings(checked(std::move(given))),
      conv_proj({.in_channels = settings.channels,
                 .out_channels = settings.hidden,
                 .kernel_size = settings.patch,
                 .stride = settings.patch}),
      class_token(zeros({1, 1, settings.hidden})),
      pos_embedding(normal({1, patches(settings) + 1, settings.hidden}, 0, 0.02)),
      dropout({settings.dropout}),
      encoder({layer_options(settings), settings.layers, true}),
      head({settings.hidden, settings.classes}) {
  nn::init::zeros_(head.weight);  // section 3.2: D x K and zero
  nn::init::zeros_(*head.bias);
}

void Vit::members(nn::MemberVisitor& visit) {
  visit("conv_proj", conv_proj);
  visit("class_token", class_token);
  visit("pos_embedding", pos_embedding);
  visit("dropout", dropout);
  visit("encoder", encoder);
  visit("head", head);
}

Json Vit::config() const { return fields_to_json(settings); }

/// z_0 = [x_class; x_p^1 E; ...; x_p^N E] + E_pos                eq. 1
/// z_l = an encoder layer of z_{l-1}                              eq. 2 and 3
/// y = LN(z_L^0), and the logits are a linear function of it      eq. 4
Variable Vit::forward(const Tensor& images, nn::AttentionMaps* maps) const {
  const Tensor pixels =
      detail::normalized_pixels("Vit", images, {settings.channels, settings.height, settings.width},
                                settings.mean, settings.deviation, class_token.dtype());
  const Variable patches = transpose(flatten(conv_proj(pixels), 2), 1, 2);    // (B, N, E)
  const Variable first = repeat(class_token, {images.size(0), 1, 1});         // (B, 1, E)
  const Variable tokens = dropout(cat({first, patches}, 1) + pos_embedding);  // (B, N + 1, E)
  return head(select(encoder(tokens, {.maps = maps}), 1, 0));                 // (B, classes)
}

}  // namespace heed::models
