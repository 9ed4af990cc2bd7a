#include "heed/models/data/windows.h"

#include "heed/core/creation.h"
#include "heed/core/error.h"
#include "heed/models/data/shuffle.h"

namespace heed::data {

Windows windows_at(const TokenSource& text, std::span<const int64_t> begins, int64_t length) {
  std::vector<int64_t> in, out, window(size_t(length + 1));
  for (const int64_t begin : begins) {
    text.read(begin, window);
    in.insert(in.end(), window.begin(), window.end() - 1);
    out.insert(out.end(), window.begin() + 1, window.end());
  }
  const Shape shape{int64_t(begins.size()), length};
  return {from_values(in, shape), from_values(out, shape)};
}

RandomWindows::RandomWindows(const TokenSource& text, int64_t rows, int64_t length, uint64_t seed)
    : text_(text), rows_(rows), length_(length), seed_(seed) {
  require(rows >= 1 && length >= 1, "RandomWindows: expected rows and length of at least 1, got ",
          rows, " and ", length);
  require(text.size() > length, "RandomWindows: the text to learn from has ", text.size(),
          " tokens, and a window ", length, " and one more");
}

Windows RandomWindows::next() {
  Generator random = stream(seed_, Stream::windows, uint64_t(taken_++));
  std::vector<int64_t> begins;
  for (int64_t row = 0; row < rows_; ++row)
    begins.push_back(random.integer(text_.size() - length_));
  return windows_at(text_, begins, length_);
}

void RandomWindows::set_state(int64_t taken) {
  require(taken >= 0, "RandomWindows: expected a state of at least 0, got ", taken);
  taken_ = taken;
}

}  // namespace heed::data
