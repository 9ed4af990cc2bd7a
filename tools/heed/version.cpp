#include "version.h"

#include <dlfcn.h>

#include "heed/core/parallel.h"
#include "heed/core/simd.h"

using namespace heed;

namespace {

#ifdef HEED_VERSION
constexpr const char* heed_version = HEED_VERSION;
#else
constexpr const char* heed_version = "unknown";
#endif

#ifdef NDEBUG
constexpr const char* build_type = "release";
#else
constexpr const char* build_type = "debug";
#endif

/// What a function without arguments of a loaded library says. The libraries behind libheed are
/// not linked to the program, and a static build may not have the function: then "unknown".
std::string ask(const char* function) {
  using Function = const char* (*)();
  const auto ask = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, function));
  const char* answer = ask ? ask() : nullptr;
  return answer ? answer : "unknown";
}

std::string compiler() {
#if defined(__clang__)
  return std::string("clang ") + __clang_version__;
#else
  return std::string("gcc ") + __VERSION__;
#endif
}

std::string without_end(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.pop_back();
  return text;
}

}  // namespace

Json machine() {
  return Json::object()
      .set("heed", heed_version)
      .set("build", build_type)
      .set("compiler", compiler())
      .set("instruction_set", simd::isa_name())
      .set("threads", num_threads())
      .set("blas", without_end(ask("openblas_get_config")))
      .set("blas_core", ask("openblas_get_corename"))
      .set("tbb", ask("TBB_runtime_version"));
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
