// SPDX-License-Identifier: Apache-2.0
// What makes a struct a module: parameters(visit) names its tensors and submodules as a PyTorch state dict does.
#pragma once
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "edvr/ops/views.hpp"

namespace edvr::inline v1::nn {

namespace detail {
template <class M>
inline constexpr bool is_list = false;
template <class M>
inline constexpr bool is_list<std::vector<M>> = true;
}  // namespace detail

/// Zeros that take no memory, so that a module can say which shapes it wants before anybody has weights for it.
template <class T, class S = cpu, int R>
tensor<T, R, S> unset(coord<R> const& extents) {
  coord<R> one{};
  for (int i = 0; i < R; ++i) one[i] = 1;
  return broadcast_to(zeros<T, S>(one), extents);
}

/// Calls f(key, tensor&) for every parameter of m, depth first, with its full key ("feature_extraction.0.conv1.weight").
template <class M, class F>
void for_each_parameter(M& m, F const& f, std::string const& prefix = "") {
  m.parameters([&](std::string const& name, auto& part) {
    using part_type = std::remove_cvref_t<decltype(part)>;
    std::string const key = prefix + name;
    if constexpr (edvr::detail::is_tensor<part_type>)
      f(key, part);
    else if constexpr (detail::is_list<part_type>)
      for (std::size_t i = 0; i < part.size(); ++i) for_each_parameter(part[i], f, text(key, '.', i, '.'));
    else
      for_each_parameter(part, f, key + ".");
  });
}
/// Number of weights and biases. By value: a module is a set of handles.
template <class M>
index_t parameter_count(M m) {
  index_t n = 0;
  for_each_parameter(m, [&](std::string const&, auto const& t) { n += t.size(); });
  return n;
}

}  // namespace edvr::inline v1::nn
