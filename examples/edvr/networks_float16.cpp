// SPDX-License-Identifier: Apache-2.0
#include "edvr/model/video.hpp"

template struct edvr::nn::edvr_net<edvr::float16>;
template class edvr::video_restorer<edvr::float16>;
template edvr::tensor<float, 4> edvr::restore_window(edvr::nn::edvr_net<edvr::float16> const&, edvr::tensor<float, 5> const&,
                                                     edvr::video_options<float> const&);
