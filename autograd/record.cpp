#include "heed/autograd/record.h"

namespace heed {

void Saved::fail_changed() const {
  const char* maker = variable_.node() ? variable_.node()->op.name : "a constant";
  const std::string name = variable_.name().empty() ? "" : " \"" + variable_.name() + "\"";
  fail("a value of shape ", variable_.shape(), " made by '", maker, "'", name,
       " was saved for backward at version ", version_, " but is at version ",
       variable_.value().version(),
       ": it was changed in place after it was used. Change a clone, or change it later.");
}

void detail::trace_computed(const Op& op, std::span<const Attribute> attributes,
                            std::span<const Variable> inputs, std::span<const Variable> outputs) {
  size_t count = 0;
  while (count < attributes.size() && attributes[count].name) ++count;
  recording_state.trace->computed(op, attributes.first(count), inputs, outputs);
}

}  // namespace heed
