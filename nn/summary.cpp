#include "heed/nn/summary.h"

#include <algorithm>
#include <array>

namespace heed::nn {
namespace {

using Row = std::array<std::string, 4>;

/// 1234567 -> "1,234,567"
std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int i = int(digits.size()) - 3; i > 0; i -= 3) digits.insert(size_t(i), ",");
  return digits;
}

Row row_of(const Member& member) {
  if (const Module* module = member.as<Module>())
    return {member.name.empty() ? "(model)" : member.name, type_name(*module), "", ""};
  if (const Buffer* buffer = member.as<Buffer>())
    return {member.name, "buffer", text(buffer->shape()), ""};
  const Parameter& parameter = *member.as<Parameter>();
  if (!member.tied_to.empty())
    return {member.name, "= " + member.tied_to, text(parameter.shape()), ""};
  const char* kind = parameter.requires_grad() ? "parameter" : "frozen";
  if (parameter.compact()) kind = compact_name(parameter.compact()->kind);
  return {member.name, kind, text(parameter.shape()), grouped(parameter.numel())};
}

std::string table(const std::vector<Row>& rows) {
  std::array<size_t, 4> widths{};
  for (const Row& row : rows)
    for (size_t i = 0; i < 4; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < 4; ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      line += i == 3 ? padding + row[i] : row[i] + padding + "  ";
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

}  // namespace

ParameterCounts count_parameters(Module& module) {
  ParameterCounts counts;
  for (const Member& member : list_members(module)) {
    const Parameter* parameter = member.as<Parameter>();
    if (!parameter || !member.tied_to.empty()) continue;
    counts.total += parameter->numel();
    counts.trainable += parameter->requires_grad() ? parameter->numel() : 0;
    counts.bytes += parameter->compact() ? parameter->compact()->bytes()
                                         : parameter->numel() * size_of(parameter->dtype());
  }
  return counts;
}

std::string summary(Module& module) {
  std::vector<Row> rows{{"name", "type", "shape", "parameters"}};
  for (const Member& member : list_members(module)) rows.push_back(row_of(member));
  const auto [total, trainable, bytes] = count_parameters(module);
  return table(rows) + grouped(total) + " parameters, " + grouped(trainable) + " trainable, " +
         grouped(bytes) + " bytes\n";
}

}  // namespace heed::nn
