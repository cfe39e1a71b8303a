// SPDX-License-Identifier: Apache-2.0
#include "edvr/model/video.hpp"

template struct edvr::nn::edvr_net<double>;
template class edvr::video_restorer<double>;
template edvr::tensor<double, 4> edvr::restore_window(edvr::nn::edvr_net<double> const&, edvr::tensor<double, 5> const&,
                                                      edvr::video_options<double> const&);
