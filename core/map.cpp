#include "heed/core/map.h"

#include <cstring>
#include <vector>

#include "heed/core/convert.h"
#include "heed/core/parallel.h"

namespace heed::detail {
namespace {

constexpr int max_operands = 10;
constexpr int64_t grain = 16384;  // elements of one task; a multiple of map_block
constexpr int64_t stage = 512;    // elements gathered at a time when an operand is not contiguous

struct Operand {
  const std::byte* data;
  int64_t element;  // bytes
  Strides strides;  // in bytes, for the plan's shape; 0 where broadcast
};

/// The output's shape with neighbouring dimensions merged where every operand allows it. Operand 0
/// is the output.
struct Plan {
  std::byte* out;
  Shape shape;
  int64_t numel;
  int count = 0;
  std::array<Operand, max_operands> operands;

  int64_t row() const { return shape.back(); }
  bool rows_contiguous() const {
    for (int k = 0; k < count; ++k)
      if (operands[size_t(k)].strides.back() != operands[size_t(k)].element) return false;
    return true;
  }
};

void add_operand(Plan& plan, const Tensor& tensor, const std::byte* data) {
  Operand& operand = plan.operands[size_t(plan.count++)];
  operand.data = data;
  operand.element = size_of(tensor.dtype());
  const int missing = plan.shape.size() - tensor.dim();
  operand.strides = Strides::filled(plan.shape.size(), 0);
  for (int i = 0; i < tensor.dim(); ++i)
    if (tensor.shape()[i] != 1)
      operand.strides[i + missing] = tensor.strides()[i] * operand.element;
}

bool mergeable(const Plan& plan, int i) {
  for (int k = 0; k < plan.count; ++k) {
    const Strides& s = plan.operands[size_t(k)].strides;
    if (s[i] != s[i + 1] * plan.shape[i + 1]) return false;
  }
  return true;
}

void erase_dim(Plan& plan, int i) {
  plan.shape.erase(i);
  for (int k = 0; k < plan.count; ++k) plan.operands[size_t(k)].strides.erase(i);
}

void merge_dims(Plan& plan) {
  for (int i = plan.shape.size() - 1; i >= 0; --i)
    if (plan.shape[i] == 1 && plan.shape.size() > 1) erase_dim(plan, i);
  for (int i = plan.shape.size() - 2; i >= 0; --i)
    if (mergeable(plan, i)) {
      plan.shape[i + 1] *= plan.shape[i];
      erase_dim(plan, i);
    }
}

/// A position in the plan's shape: the index of the row and the place in it.
struct Cursor {
  std::array<int64_t, max_dims> index{};

  Cursor(const Plan& plan, int64_t position) {
    for (int i = plan.shape.size() - 1; i >= 0; --i) {
      index[size_t(i)] = position % plan.shape[i];
      position /= plan.shape[i];
    }
  }
  int64_t offset(const Plan& plan, const Operand& operand) const {
    int64_t bytes = 0;
    for (int i = 0; i < plan.shape.size(); ++i) bytes += index[size_t(i)] * operand.strides[i];
    return bytes;
  }
  int64_t left_in_row(const Plan& plan) const {
    return plan.row() - index[size_t(plan.shape.size() - 1)];
  }
  void advance(const Plan& plan, int64_t count) {  // count <= left_in_row
    int i = plan.shape.size() - 1;
    index[size_t(i)] += count;
    for (; i > 0 && index[size_t(i)] == plan.shape[i]; --i) {
      index[size_t(i)] = 0;
      ++index[size_t(i - 1)];
    }
  }
};

template <class T>
void gather(std::byte* to, const std::byte* from, int64_t stride, int64_t count) {
  T* out = reinterpret_cast<T*>(to);
  if (stride == 0) return void(std::fill_n(out, count, *reinterpret_cast<const T*>(from)));
  for (int64_t i = 0; i < count; ++i) out[i] = *reinterpret_cast<const T*>(from + i * stride);
}

template <class T>
void scatter(std::byte* to, const std::byte* from, int64_t stride, int64_t count) {
  const T* in = reinterpret_cast<const T*>(from);
  for (int64_t i = 0; i < count; ++i) *reinterpret_cast<T*>(to + i * stride) = in[i];
}

void gather_any(const Operand& o, std::byte* to, const std::byte* from, int64_t count) {
  const int64_t stride = o.strides.back();
  if (stride == o.element) return void(std::memcpy(to, from, size_t(count * o.element)));
  if (o.element == 4) return gather<uint32_t>(to, from, stride, count);
  if (o.element == 8) return gather<uint64_t>(to, from, stride, count);
  gather<uint8_t>(to, from, stride, count);
}

void scatter_any(const Operand& o, std::byte* to, const std::byte* from, int64_t count) {
  const int64_t stride = o.strides.back();
  if (stride == o.element) return void(std::memcpy(to, from, size_t(count * o.element)));
  if (o.element == 4) return scatter<uint32_t>(to, from, stride, count);
  if (o.element == 8) return scatter<uint64_t>(to, from, stride, count);
  scatter<uint8_t>(to, from, stride, count);
}

// Whole rows straight from memory: every operand's innermost stride is one element.
void run_rows(const Plan& plan, int64_t begin, int64_t end, MapLeaf leaf, const void* f) {
  std::array<const std::byte*, max_operands> in;
  Cursor cursor(plan, begin * plan.row());
  for (int64_t row = begin; row < end; ++row) {
    for (int k = 1; k < plan.count; ++k) {
      const Operand& o = plan.operands[size_t(k)];
      in[size_t(k - 1)] = o.data + cursor.offset(plan, o);
    }
    leaf(f, plan.out + cursor.offset(plan, plan.operands[0]), in.data(), plan.row());
    cursor.advance(plan, plan.row());
  }
}

/// How the staged loop comes by an operand's elements.
enum class Way {
  direct,    // they lie without gaps in the plan's order: no stage
  repeated,  // every row is the same one: staged once for a task
  moved,     // gathered (the output: scattered) stage by stage
};

Way way_of(const Plan& plan, const Operand& operand) {
  const int last = plan.shape.size() - 1;
  bool dense = operand.strides[last] == operand.element, same = plan.row() <= stage;
  for (int i = 0; i < last; ++i) {
    dense = dense && operand.strides[i] == operand.strides[i + 1] * plan.shape[i + 1];
    same = same && operand.strides[i] == 0;
  }
  return dense ? Way::direct : same ? Way::repeated : Way::moved;
}

/// Elements of one stage: whole rows, so that a repeated row keeps its place, and whole blocks of
/// the leaf, where that is possible.
int64_t stage_elements(int64_t row) {
  if (row > stage) return stage;
  const int64_t unit = row * map_block <= stage ? row * map_block : row;
  return stage / unit * unit;
}

// Any strides: what does not lie densely is gathered into small contiguous stages, the output
// scattered from one.
void run_staged(const Plan& plan, int64_t begin, int64_t end, MapLeaf leaf, const void* f) {
  alignas(64) std::array<std::byte, max_operands * stage * 8> stages;
  std::array<const std::byte*, max_operands> place;
  std::array<Way, max_operands> ways;
  for (int k = 0; k < plan.count; ++k) {
    place[size_t(k)] = stages.data() + k * stage * 8;
    ways[size_t(k)] = way_of(plan, plan.operands[size_t(k)]);
  }
  const int64_t step = stage_elements(plan.row());
  for (int64_t at = begin; at < end; at += step) {
    const int64_t count = std::min(step, end - at);
    const auto each_piece = [&](const Operand& o, auto&& move) {
      Cursor cursor(plan, at);
      for (int64_t done = 0; done < count;) {
        const int64_t piece = std::min(count - done, cursor.left_in_row(plan));
        move(cursor.offset(plan, o), done * o.element, piece);
        cursor.advance(plan, piece);
        done += piece;
      }
    };
    for (int k = 0; k < plan.count; ++k) {
      const Operand& o = plan.operands[size_t(k)];
      const Way way = ways[size_t(k)];
      if (way == Way::direct) place[size_t(k)] = o.data + at * o.element;
      if (k == 0 || way == Way::direct || (way == Way::repeated && at > begin)) continue;
      each_piece(o, [&](int64_t from, int64_t done, int64_t piece) {
        gather_any(o, stages.data() + k * stage * 8 + done, o.data + from, piece);
      });
    }
    if (ways[0] == Way::direct) {
      leaf(f, plan.out + at * plan.operands[0].element, &place[1], count);
      continue;
    }
    leaf(f, stages.data(), &place[1], count);
    each_piece(plan.operands[0], [&](int64_t to, int64_t done, int64_t piece) {
      scatter_any(plan.operands[0], plan.out + to, stages.data() + done, piece);
    });
  }
}

void run_plan(Plan& plan, MapLeaf leaf, const void* f) {
  merge_dims(plan);
  if (plan.rows_contiguous() && (plan.row() >= 64 || plan.row() == plan.numel)) {
    const int64_t rows = plan.numel / plan.row();
    parallel_for(0, rows, std::max<int64_t>(1, grain / plan.row()),
                 [&](int64_t b, int64_t e) { run_rows(plan, b, e, leaf, f); });
  } else {
    parallel_for(0, plan.numel, grain,
                 [&](int64_t b, int64_t e) { run_staged(plan, b, e, leaf, f); });
  }
}

// Everything contiguous and of one shape: no plan needed. elements: bytes of one, output first.
void run_flat(std::byte* out, const std::byte* const* in, const int64_t* elements, int inputs,
              int64_t numel, MapLeaf leaf, const void* f) {
  if (numel <= grain) return leaf(f, out, in, numel);
  parallel_for(0, numel, grain, [&](int64_t b, int64_t e) {
    std::array<const std::byte*, max_operands> moved;
    for (int k = 0; k < inputs; ++k) moved[size_t(k)] = in[k] + b * elements[k + 1];
    leaf(f, out + b * elements[0], moved.data(), e - b);
  });
}

}  // namespace

Tensor map_output(std::span<const Tensor* const> inputs, DType dtype, const char* op) {
  const Shape& first = inputs[0]->shape();
  const auto differs = [&](const Tensor* input) { return input->shape() != first; };
  if (std::ranges::none_of(inputs.subspan(1), differs)) return Tensor::allocate(first, dtype);
  Shape shape = first;
  for (const Tensor* input : inputs.subspan(1)) shape = broadcast_shapes(shape, input->shape(), op);
  return Tensor::allocate(shape, dtype);
}

void pad_block(std::byte* block, const std::byte* from, int64_t count, int64_t element_bytes) {
  const auto pad = [&]<class T>(T) {
    const T* values = reinterpret_cast<const T*>(from);
    T* out = reinterpret_cast<T*>(block);
    // Stored whole: a wide load of what several narrow stores wrote waits for them.
    simd::run([out, last = values[count - 1]] { std::fill_n(out, map_block, last); });
    for (int64_t i = 0; i + 1 < count; ++i) out[i] = values[i];
  };
  if (element_bytes == 4) return pad(uint32_t{});
  if (element_bytes == 8) return pad(uint64_t{});
  pad(uint8_t{});
}

/// Does x lie along another dimension than its last one? Then gathering its rows misses the caches,
/// and a copy by tiles is far cheaper.
bool transposed(const Tensor& x) {
  constexpr int64_t large = 16384;  // smaller ones stay in the caches
  if (x.numel() <= large || x.shape().back() == 1 || x.strides().back() <= 1) return false;
  for (int i = 0; i < x.dim(); ++i)
    if (x.strides()[i] == 1 && x.shape()[i] > 1) return true;
  return false;
}

void map_run(const Tensor& out, std::span<const Tensor* const> inputs, MapLeaf leaf,
             const void* f) {
  const int64_t n = out.numel();
  if (n == 0) return;
  const int count = int(inputs.size());
  require(count < max_operands, "map: at most ", max_operands - 1, " inputs");
  std::array<const std::byte*, max_operands> in;
  std::array<int64_t, max_operands> elements;
  elements[0] = size_of(out.dtype());
  bool flat = out.is_contiguous();
  for (int k = 0; k < count; ++k) {
    const Tensor& input = *inputs[size_t(k)];
    in[size_t(k)] = static_cast<const std::byte*>(input.raw_data());
    elements[size_t(k + 1)] = size_of(input.dtype());
    flat = flat && input.is_contiguous() && input.shape() == out.shape();
  }
  for (int k = 0; !flat && k < count && out.is_contiguous(); ++k) {
    if (!transposed(*inputs[size_t(k)])) continue;
    const Tensor dense = clone(*inputs[size_t(k)]);
    std::array<const Tensor*, max_operands> list;
    std::copy(inputs.begin(), inputs.end(), list.begin());
    list[size_t(k)] = &dense;
    return map_run(out, {list.data(), size_t(count)}, leaf, f);
  }
  std::byte* to = static_cast<std::byte*>(out.raw_mutable_data());
  if (flat) return run_flat(to, in.data(), elements.data(), count, n, leaf, f);
  Plan plan;
  plan.out = to;
  plan.shape = out.dim() == 0 ? Shape{1} : out.shape();
  plan.numel = n;
  add_operand(plan, out, to);
  for (int k = 0; k < count; ++k) add_operand(plan, *inputs[size_t(k)], in[size_t(k)]);
  run_plan(plan, leaf, f);
}

}  // namespace heed::detail
