// SPDX-License-Identifier: Apache-2.0
#include "edvr/model/video.hpp"

template struct edvr::nn::edvr_net<float>;
template class edvr::video_restorer<float>;
template edvr::tensor<float, 4> edvr::restore_window(edvr::nn::edvr_net<float> const&, edvr::tensor<float, 5> const&,
                                                     edvr::video_options<float> const&);
