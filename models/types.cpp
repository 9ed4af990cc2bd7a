#include "heed/models/types.h"

#include "heed/core/error.h"
#include "heed/models/attention_forecaster.h"
#include "heed/models/bahdanau.h"
#include "heed/models/bert.h"
#include "heed/models/char_rnn.h"
#include "heed/models/cho.h"
#include "heed/models/gpt.h"
#include "heed/models/lstm_forecaster.h"
#include "heed/models/luong.h"
#include "heed/models/pointer.h"
#include "heed/models/row_lstm.h"
#include "heed/models/sutskever.h"
#include "heed/models/text_classifier.h"
#include "heed/models/transformer.h"
#include "heed/models/vit.h"

namespace heed::models {
namespace {

std::string names(const std::vector<ModelType>& table) {
  std::string names;
  for (const auto& type : table) names += (names.empty() ? "" : ", ") + type.name;
  return names;
}

}  // namespace

std::vector<ModelType> types() {
  return {
      model_type<Bahdanau, BahdanauConfig>(
          "bahdanau", "recurrent encoder and decoder with attention (Bahdanau et al. 2015)"),
      model_type<Cho, ChoConfig>(
          "cho", "GRUs, the source as one vector shown at every step (Cho et al. 2014)"),
      model_type<Luong, LuongConfig>(
          "luong", "deep LSTMs with attention after each step (Luong et al. 2015)"),
      model_type<Sutskever, SutskeverConfig>(
          "sutskever", "deep LSTMs, the source as the first state (Sutskever et al. 2014)"),
      model_type<Transformer, TransformerConfig>(
          "transformer", "encoder and decoder of attention alone (Vaswani et al. 2017)"),
      model_type<Gpt, GptConfig>("gpt", "a stack of causal self-attention (Radford et al. 2019)"),
      model_type<CharRnn, CharRnnConfig>("char_rnn", "recurrent language model (Karpathy 2015)"),
      model_type<Bert, BertConfig>(
          "bert", "a stack of self-attention in both directions (Devlin et al. 2019)"),
      model_type<BertForPreTraining, BertConfig>(
          "bert_for_pretraining", "bert with the heads for masked tokens and the next sentence"),
      model_type<Vit, VitConfig>("vit", "an image's patches, self-attention (Dosovitskiy 2021)"),
      model_type<RowLstm, RowLstmConfig>("row_lstm", "an LSTM over the rows of an image"),
      model_type<TextClassifier, TextClassifierConfig>(
          "text_classifier", "both directions of a text, attention over it (Yang et al. 2016)"),
      model_type<LstmForecaster, LstmForecasterConfig>("lstm_forecaster",
                                                       "an LSTM reads the past of a series"),
      model_type<AttentionForecaster, AttentionForecasterConfig>(
          "attention_forecaster", "a query for each value to come looks at the past"),
      model_type<Pointer, PointerConfig>(
          "pointer", "writes places of its input (Vinyals, Fortunato & Jaitly 2015)"),
  };
}

std::vector<ModelType> types_of(std::string_view kind) {
  auto table = types();
  std::erase_if(table, [&](const ModelType& type) { return type.kind != kind; });
  return table;
}

const ModelType& find_type(const std::vector<ModelType>& table, std::string_view name) {
  for (const auto& type : table) {
    if (type.name == name) return type;
  }
  fail("unknown type \"", name, "\"; there are ", names(table));
}

template <class Kind>
Kind& as(Model& model) {
  if (auto* found = dynamic_cast<Kind*>(&model)) return *found;
  constexpr auto kind = kind_name<Kind>();
  fail("expected a ", kind, " (", names(types_of(kind)), "), got a ", model.type());
}
template Seq2Seq& as<Seq2Seq>(Model&);
template LanguageModel& as<LanguageModel>(Model&);
template Classifier& as<Classifier>(Model&);
template Forecaster& as<Forecaster>(Model&);

}  // namespace heed::models
