// SPDX-License-Identifier: Apache-2.0
// Golden files: safetensors whose metadata say, in JSON with an "op", what each case is. tests/golden/README.md describes the layout.
#pragma once
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "edvr/io/json.hpp"
#include "edvr/io/safetensors.hpp"

namespace edvr::inline v1::testing {

/// One case: attributes, and its tensors without the case's name in front. Counts which of them were looked at.
class golden_case {
 public:
  std::string name;
  json attributes;

  std::string op() const { return attributes.at("op").get<std::string>(); }
  bool has(std::string const& tensor) const { return tensors_.count(tensor) > 0; }
  /// Throws io_error if the case has no such tensor.
  any_tensor const& get(std::string const& tensor) const {
    auto const found = tensors_.find(tensor);
    if (found == tensors_.end()) throw io_error(text("case ", name, ": tensor ", tensor, " is missing"));
    used_.insert(tensor);
    return found->second;
  }
  template <class T, int R>
  tensor<T, R> get(std::string const& tensor) const {
    return get(tensor).template to<T, R>();
  }
  tensor_map const& tensors() const { return tensors_; }
  /// Names of tensors that nothing has asked for.
  std::vector<std::string> unused() const {
    std::vector<std::string> names;
    for (auto const& [key, t] : tensors_)
      if (!used_.count(key)) names.push_back(key);
    return names;
  }
  void add(std::string const& tensor, any_tensor value) { tensors_.emplace(tensor, std::move(value)); }

 private:
  tensor_map tensors_;
  mutable std::set<std::string> used_;
};

/// The cases of a golden file; none if its metadata name no op. Throws io_error for metadata that are not what they should be.
inline std::vector<golden_case> golden_cases(std::string const& who, tensor_file const& file) {
  std::vector<golden_case> cases;
  for (auto const& [name, value] : file.metadata) {
    if (!value.starts_with("{")) continue;
    golden_case c;
    c.name = name;
    c.attributes = parse_json(text(who, ": metadata ", name), value.data(), value.data() + value.size());
    if (!c.attributes.contains("op")) continue;
    if (!c.attributes["op"].is_string()) throw io_error(text(who, ": metadata ", name, ": op is not a string"));
    bool const whole_file = name == "case";
    for (auto const& [key, t] : file.tensors)
      if (whole_file || key.starts_with(name + "/")) c.add(whole_file ? key : key.substr(name.size() + 1), t);
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace edvr::inline v1::testing
