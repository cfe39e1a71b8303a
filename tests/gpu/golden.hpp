// SPDX-License-Identifier: Apache-2.0
// Published networks with their outputs, read by the host's compiler: weight files are none of a CUDA compiler's business.
#pragma once
#include <string>
#include <vector>

#include "edvr/model/video.hpp"

/// One output of a golden case: a window, or a clip, and what the network must make of it.
template <class T>
struct golden_network {
  std::string name;
  edvr::nn::edvr_net<T> net;
  edvr::tensor<T, 5> window;
  edvr::tensor<T, 4> clip;  // (t, 3, h, w), instead of a window
  edvr::temporal_padding padding{};
  bool ensemble = false;
  edvr::pad_mode spatial = edvr::pad_mode::reflect;
  edvr::tensor<T, 4> expected;
};
template <class T>
std::vector<golden_network<T>> golden_networks();
extern template std::vector<golden_network<float>> golden_networks();
extern template std::vector<golden_network<double>> golden_networks();
