#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

#include "heed/core/dims.h"
#include "heed/core/dtype.h"
#include "heed/core/refcount.h"
#include "heed/core/scalar.h"
#include "heed/core/storage.h"

namespace heed {

namespace detail {

/// What a Tensor points to. Shape and strides never change after construction.
struct TensorImpl {
  std::atomic<uint32_t> references{0};
  DType dtype;
  bool contiguous;
  int64_t offset;  // in elements, from the start of the storage
  int64_t numel;
  Ref<Storage> storage;
  Shape shape;
  Strides strides;

  std::byte* data() const { return storage->data() + offset * size_of(dtype); }
  static void destroy(TensorImpl* impl) noexcept;
};

/// Do strides walk the elements in row-major order without gaps? (Sizes of 1 have any stride.)
bool is_contiguous(const Shape& shape, const Strides& strides);

[[noreturn]] void fail_empty_tensor();

}  // namespace detail

/// An array of numbers: a shared block, a shape, strides and an offset into the block.
///
/// A Tensor is a handle, one pointer wide: copies and views share their numbers. It knows nothing
/// of graphs (see Variable). Ops never change their arguments; what writes is named with a trailing
/// underscore or is mutable_data(), and every write raises the version that views share.
/// Concurrent reads are safe; a write concurrent with anything else is not.
class Tensor {
 public:
  /// No tensor at all; most ops refuse it.
  Tensor() = default;

  bool defined() const { return bool(impl_); }
  const Shape& shape() const { return impl().shape; }
  const Strides& strides() const { return impl().strides; }  ///< in elements
  DType dtype() const { return impl().dtype; }
  int dim() const { return shape().size(); }
  int64_t size(int64_t dim) const;  ///< negative dimensions count from the end
  int64_t numel() const { return impl().numel; }
  bool is_contiguous() const { return impl().contiguous; }
  /// Counts writes to the numbers.
  uint32_t version() const { return impl().storage->version.load(std::memory_order_relaxed); }

  /// The first element. T must match the dtype; neighbours lie at strides().
  template <class T>
  const T* data() const {
    return static_cast<const T*>(raw_data(dtype_of<T>));
  }
  /// The same for writing. Counts as one write.
  template <class T>
  T* mutable_data() const {
    return static_cast<T*>(raw_mutable_data(dtype_of<T>));
  }

  /// The number of a one-element tensor, converted to T.
  template <class T = double>
  T item() const {
    return item_scalar().to<T>();
  }
  /// The element at an index, one number per dimension (for tests and printing: slow).
  double at(std::initializer_list<int64_t> index) const;

  /// x[i]: the i-th slice along the first dimension, a view: (N, ...) -> (...).
  Tensor operator[](int64_t index) const;

  /// Writes value everywhere.
  void fill_(Scalar value) const;
  /// Writes the values of a tensor that broadcasts to this shape, converting the dtype.
  void copy_(const Tensor& source) const;

  // For kernels and shape ops.
  const void* raw_data() const { return impl().data(); }
  const void* raw_data(DType expected) const;
  void* raw_mutable_data() const {
    impl().storage->count_write();
    return impl().data();
  }
  void* raw_mutable_data(DType expected) const;
  /// A view of the same block.
  Tensor view_as(const Shape& shape, const Strides& strides, int64_t offset_elements) const;
  /// Do two handles share their numbers?
  bool shares_storage(const Tensor& other) const;
  /// Is this the only handle to its numbers? Then an op may reuse them.
  bool is_unique() const;
  /// Does it have all numbers of its block? A part keeps the rest in memory.
  bool is_whole() const;

  static Tensor allocate(const Shape& shape, DType dtype);

 private:
  explicit Tensor(detail::Ref<detail::TensorImpl> impl) : impl_(std::move(impl)) {}
  const detail::TensorImpl& impl() const {
    if (!impl_) [[unlikely]]
      detail::fail_empty_tensor();
    return *impl_;
  }
  Scalar item_scalar() const;

  detail::Ref<detail::TensorImpl> impl_;
};

/// The values, rows abbreviated beyond a thousand elements, as PyTorch prints them.
std::string text(const Tensor& tensor);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace heed
