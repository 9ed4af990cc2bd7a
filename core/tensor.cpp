#include "heed/core/tensor.h"

#include <algorithm>
#include <limits>
#include <new>

#include "heed/core/pool.h"

namespace heed {
namespace detail {

void TensorImpl::destroy(TensorImpl* impl) noexcept {
  impl->~TensorImpl();
  pool_free(impl, sizeof(TensorImpl));
}

bool is_contiguous(const Shape& shape, const Strides& strides) {
  if (std::ranges::find(shape, 0) != shape.end()) return true;  // there is nothing to walk
  int64_t expected = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

void fail_empty_tensor() {
  fail("tensor: this Tensor is empty (it was never assigned; grad() is empty until backward())");
}

template <class... Fields>
static Ref<TensorImpl> new_impl(Fields&&... fields) {
  void* place = pool_allocate(sizeof(TensorImpl));
  return Ref<TensorImpl>(new (place) TensorImpl{{0}, std::forward<Fields>(fields)...});
}

}  // namespace detail

Tensor Tensor::allocate(const Shape& shape, DType dtype) {
  const int64_t elements = heed::numel(shape);
  auto storage = detail::Storage::allocate(shape, elements, dtype);
  return Tensor(detail::new_impl(dtype, true, int64_t{0}, elements, std::move(storage), shape,
                                 contiguous_strides(shape)));
}

Tensor Tensor::view_as(const Shape& shape, const Strides& strides, int64_t offset) const {
  return Tensor(detail::new_impl(dtype(), detail::is_contiguous(shape, strides),
                                 impl().offset + offset, heed::numel(shape), impl().storage, shape,
                                 strides));
}

int64_t Tensor::size(int64_t dim) const { return shape()[normalize_dim(dim, shape(), "size")]; }

const void* Tensor::raw_data(DType expected) const {
  require(dtype() == expected, "data: expected dtype ", expected, ", the tensor has ", dtype());
  return raw_data();
}

void* Tensor::raw_mutable_data(DType expected) const {
  require(dtype() == expected, "data: expected dtype ", expected, ", the tensor has ", dtype());
  return raw_mutable_data();
}

bool Tensor::shares_storage(const Tensor& other) const {
  return impl().storage == other.impl().storage;
}

bool Tensor::is_unique() const { return impl_ && impl_.unique() && impl_->storage.unique(); }
bool Tensor::is_whole() const {
  return size_t(numel() * size_of(dtype())) == impl().storage->bytes;
}

Tensor Tensor::operator[](int64_t index) const {
  require(dim() > 0, "[]: a 0-dim tensor has no slices");
  const int64_t n = shape()[0], i = index < 0 ? index + n : index;
  require(i >= 0 && i < n, "[]: index ", index, " is out of range for shape ", shape());
  Shape rest = shape();
  Strides rest_strides = strides();
  rest.erase(0);
  rest_strides.erase(0);
  return view_as(rest, rest_strides, i * strides()[0]);
}

Scalar Tensor::item_scalar() const {
  require(numel() == 1, "item: expected a tensor of one element, got shape ", shape());
  return dispatch_all(dtype(), [&](auto t) {
    using T = decltype(t);
    const T x = *data<T>();
    // 0 / 0 has its sign bit set on x86, and would be written as -nan
    return Scalar(x == x ? x : std::numeric_limits<T>::quiet_NaN());
  });
}

double Tensor::at(std::initializer_list<int64_t> index) const {
  require(int(index.size()) == dim(), "at: expected ", dim(), " indices, got ", index.size());
  Tensor x = *this;
  for (int64_t i : index) x = x[i];
  return x.item();
}

}  // namespace heed
