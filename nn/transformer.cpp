#include "heed/nn/transformer.h"

#include "heed/nn/init.h"

namespace heed::nn {

Transformer::Transformer(TransformerOptions options)
    : encoder({options.layer, options.num_encoder_layers, true}),
      decoder({options.layer, options.num_decoder_layers, true}) {
  for (const Variable& parameter : parameters())
    if (parameter.dim() > 1) init::xavier_uniform_(parameter);
}

void Transformer::members(MemberVisitor& visit) {
  visit("encoder", encoder);
  visit("decoder", decoder);
}

Variable Transformer::operator()(const Variable& src, const Variable& tgt,
                                 const TransformerMasks& masks) const {
  return decoder(tgt, encoder(src, masks.source), masks.target);
}

}  // namespace heed::nn
