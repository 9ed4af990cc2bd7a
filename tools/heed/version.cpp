#include "version.h"

#include "heed/core/gemm.h"
#include "heed/core/parallel.h"
#include "heed/core/simd.h"

using namespace heed;

namespace {

#ifdef NDEBUG
constexpr const char* build_type = "release";
#else
constexpr const char* build_type = "debug";
#endif

std::string compiler() {
#if defined(__clang__)
  return std::string("clang ") + __clang_version__;
#else
  return std::string("gcc ") + __VERSION__;
#endif
}

}  // namespace

Json machine() {
  return Json::object()
      .set("heed", HEED_VERSION)
      .set("build", build_type)
      .set("compiler", compiler())
      .set("instruction_set", simd::isa_name())
      .set("threads", num_threads())
      .set("blas", blas_description())
      .set("thread_library", thread_library());
}

std::string version_text() {
  const Json facts = machine();
  std::string text;
  for (const auto& [name, value] : facts.items()) {
    std::string line = name;
    line.resize(17, ' ');
    const bool is_text = value.type() == Json::Type::string;
    text += line + (is_text ? value.as_string() : value.dump()) + "\n";
  }
  return text;
}
