// SPDX-License-Identifier: Apache-2.0
#include "edvr/model/video.hpp"

template struct edvr::nn::edvr_net<edvr::bfloat16>;
template class edvr::video_restorer<edvr::bfloat16>;
template edvr::tensor<float, 4> edvr::restore_window(edvr::nn::edvr_net<edvr::bfloat16> const&, edvr::tensor<float, 5> const&,
                                                     edvr::video_options<float> const&);
