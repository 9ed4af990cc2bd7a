#include "heed/models/tensor_json.h"

#include <bit>
#include <utility>

#include "heed/core/convert.h"
#include "heed/core/io/base64.h"

namespace heed::models {
namespace {

static_assert(std::endian::native == std::endian::little, "model files hold little-endian bytes");

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.raw_data()),
          size_t(tensor.numel() * size_of(tensor.dtype()))};
}

template <class T>
T read_number(const JsonReader& json) {
  if constexpr (std::is_floating_point_v<T>) {
    return T(json.as_double());
  } else {
    const int64_t number = json.as_int();
    if (std::in_range<T>(number)) return T(number);
    fail<FileError>(json.path(), ": ", number, " does not fit ", dtype_of<T>);
  }
}

void read_decimals(const JsonReader& data, const Tensor& tensor) {
  const auto elements = data.elements();
  dispatch_all(tensor.dtype(), [&](auto t) {
    auto* values = tensor.mutable_data<decltype(t)>();
    for (size_t i = 0; i < elements.size(); ++i) values[i] = read_number<decltype(t)>(elements[i]);
  });
}

Shape read_shape(const JsonReader& json) {
  const auto sizes = json.elements();
  if (sizes.size() > size_t(max_dims)) {
    fail<FileError>(json.path(), ": expected at most ", max_dims, " sizes, got ", sizes.size());
  }
  Shape shape;
  for (const auto& size : sizes) shape.push_back(size.as_int());
  return shape;
}

/// Error as FileError with its place in the file.
template <class F>
auto at_path(const JsonReader& json, const F& fn) {
  try {
    return fn();
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    fail<FileError>(json.path(), ": ", error.what());
  }
}

/// Is `data` as long as `count` elements of a dtype have to be?
void check_length(const JsonReader& data, int64_t count, DType dtype) {
  if (data.json().type() == Json::Type::array) {
    const auto length = int64_t(data.json().elements().size());
    if (length == count) return;
    fail<FileError>(data.path(), ": expected ", count, " numbers, got ", length);
  }
  const int64_t wanted = (count * size_of(dtype) + 2) / 3 * 4;
  const auto length = int64_t(data.as_string().size());
  if (length == wanted) return;
  fail<FileError>(data.path(), ": expected ", wanted, " base64 letters for ", count, " numbers of ",
                  dtype, ", got ", length);
}

}  // namespace

Json tensor_to_json(const Tensor& tensor, Numbers numbers) {
  const Tensor rows = contiguous(tensor);
  Json json = Json::object();
  json.set("dtype", dtype_name(rows.dtype())).set("shape", Json::array(rows.shape()));
  if (numbers == Numbers::base64) return json.set("data", base64_encode(bytes_of(rows)));
  return dispatch_all(rows.dtype(), [&](auto t) {
    using T = decltype(t);
    return json.set("data", Json::array(std::span(rows.data<T>(), size_t(rows.numel()))));
  });
}

Tensor tensor_from_json(const JsonReader& json) {
  json.allow_only({"dtype", "shape", "data"});
  const auto dtype_field = json.at("dtype"), shape_field = json.at("shape"), data = json.at("data");
  const DType dtype =
      at_path(dtype_field, [&] { return dtype_from_name(dtype_field.as_string()); });
  const Shape shape = read_shape(shape_field);
  const int64_t count = at_path(shape_field, [&] { return numel(shape); });
  check_length(data, count, dtype);
  const Tensor tensor = Tensor::allocate(shape, dtype);
  if (data.json().type() == Json::Type::array) {
    read_decimals(data, tensor);
  } else {
    auto* bytes = static_cast<std::byte*>(tensor.raw_mutable_data());
    base64_decode(data.as_string(), {bytes, bytes_of(tensor).size()}, data.path());
  }
  return tensor;
}

}  // namespace heed::models
