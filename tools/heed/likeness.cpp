#include "likeness.h"

#include "heed/core/elementwise.h"
#include "heed/core/reduce.h"
#include "heed/core/shape.h"
#include "heed/models/show/text.h"
#include "output.h"

using namespace heed;

void Likeness::operator()(std::span<const std::string> texts) {
  const Tensor vectors = encoder_.embed(texts);  // (N, C)
  for (size_t i = 0; i < texts.size(); ++i) {
    const Tensor vector = select(vectors, 0, int64_t(i));
    if (!first_.defined()) first_ = vector;
    tell(texts[i], vector);
  }
  flush_output();
}

void Likeness::tell(const std::string& text, const Tensor& vector) const {
  const double cosine = sum(vector * first_).item();
  if (!json_) return print(shown(text) + "\t" + show::fixed(cosine, 4) + "\n");
  const std::span numbers(vector.data<float>(), size_t(vector.numel()));
  print_json(Json::object()
                 .set("event", "prediction")
                 .set("source", text)
                 .set("cosine", cosine)
                 .set("vector", Json::array(numbers)));
}
