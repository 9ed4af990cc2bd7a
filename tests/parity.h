#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "heed/autograd/reduce.h"
#include "heed/core/io/json.h"
#include "heed/nn/module.h"

/// Stored results of PyTorch, made by tools/parity/make_cases.py: tests/data/parity/<family>.json.

using Variables = std::vector<heed::Variable>;

/// One stored case, as the program sees it that computes it in one dtype. Floating inputs and
/// parameters are leaves of that dtype.
class Run {
 public:
  Run(const heed::JsonReader& stored, heed::DType dtype);

  heed::DType dtype() const { return dtype_; }
  size_t size() const { return inputs_.size(); }
  const Variables& inputs() const { return inputs_; }
  const heed::Variable& operator[](size_t i) const { return inputs_.at(i); }
  /// The number of input i; an empty tensor when there are fewer inputs.
  heed::Tensor tensor(size_t i) const { return i < size() ? inputs_[i].value() : heed::Tensor(); }

  // Attributes: what is not stored has the value given here.
  bool flag(std::string_view key, bool value = false) const;
  int64_t integer(std::string_view key, int64_t value) const;
  int64_t integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  double number(std::string_view key, double value) const { return number(key).value_or(value); }
  std::vector<double> numbers(std::string_view key) const;
  std::string word(std::string_view key, std::string_view value = "") const;
  heed::Dims dims(std::string_view key) const;
  /// Attributes that nobody asked for.
  std::vector<std::string> unread() const;

  /// Converts the module and loads the stored parameters, names and all; their gradients and later
  /// values are compared too.
  void load(heed::nn::Module& module);
  const std::vector<heed::NamedVariable>& parameters() const { return parameters_; }

 private:
  std::optional<heed::JsonReader> attribute(std::string_view key) const;

  heed::JsonReader stored_;
  heed::DType dtype_;
  Variables inputs_;
  std::vector<heed::NamedVariable> parameters_;
  mutable std::set<std::string> asked_;
};

/// What heed calls for an op of the stored cases: a function of a Run that returns a Variable, a
/// Tensor, values with their places, or a list.
class Program {
 public:
  template <class F>
  Program(F function)  // NOLINT: a lambda is a program
      : run_([function](Run& run) { return list(function(run)); }) {}
  Variables operator()(Run& run) const { return run_(run); }

 private:
  static Variables list(const heed::Variable& y) { return {y}; }
  static Variables list(const heed::PickedVariable& y) { return {y.values, y.indices}; }
  static Variables list(Variables y) { return y; }

  std::function<Variables(Run&)> run_;
};

/// Op name -> program.
using Programs = std::map<std::string, Program>;

/// Computes every case of a family in f64 and in f32 and compares values, gradients and parameters
/// with PyTorch's, within the bars of tests/bars.h. Each op needs a program, each program a case.
void check_parity(const std::string& family, const Programs& programs);

/// The stored file of a family.
heed::Json parity_cases(const std::string& family);
