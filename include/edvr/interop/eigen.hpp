// SPDX-License-Identifier: Apache-2.0
// A matrix or vector seen as Eigen sees it, and the other way round. Nothing is copied; the memory's owner must outlive the map.
#pragma once
#include <Eigen/Core>
#include <type_traits>

#include "edvr/core/tensor.hpp"

namespace edvr::inline v1 {

template <class T>
using eigen_map =
    Eigen::Map<Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;

/// A tensor of rank 2, as a map of its elements. Throws shape_error for a negative stride.
template <class T>
eigen_map<T> as_eigen(tensor<T, 2, cpu> const& x) {
  for (int i = 0; i < 2; ++i)
    if (x.strides()[i] < 0)
      throw shape_error(text("as_eigen: strides ", x.strides(), "; expected none below 0 (clone a flipped tensor first)"));
  return {x.data(), x.extent(0), x.extent(1), Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(x.strides()[1], x.strides()[0])};
}
/// A tensor of rank 1, as a column. Throws shape_error for a negative stride.
template <class T>
eigen_map<T> as_eigen(tensor<T, 1, cpu> const& x) {
  if (x.strides()[0] < 0)
    throw shape_error(text("as_eigen: stride ", x.strides()[0], "; expected none below 0 (clone a flipped tensor first)"));
  return {x.data(), x.extent(0), 1, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(x.extent(0), x.strides()[0])};
}
/// A tensor over the elements of an Eigen matrix, map or block that owns or refers to plain memory.
template <class M>
auto from_eigen(M& m) {
  using T = std::remove_reference_t<decltype(m.coeffRef(0, 0))>;
  index_t const down = M::IsRowMajor ? m.outerStride() : m.innerStride(), across = M::IsRowMajor ? m.innerStride() : m.outerStride();
  return borrow<std::remove_const_t<T>>(const_cast<std::remove_const_t<T>*>(m.data()), coord<2>{{m.rows(), m.cols()}},
                                        coord<2>{{down, across}});
}

}  // namespace edvr::v1
