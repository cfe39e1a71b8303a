// SPDX-License-Identifier: Apache-2.0
// The networks are compiled once (networks_*.cpp), not in every file that runs them.
#pragma once
#include "edvr/model/video.hpp"

extern template struct edvr::nn::edvr_net<float>;
extern template struct edvr::nn::edvr_net<double>;
extern template struct edvr::nn::edvr_net<edvr::bfloat16>;
extern template struct edvr::nn::edvr_net<edvr::float16>;
extern template class edvr::video_restorer<float>;
extern template class edvr::video_restorer<double>;
extern template class edvr::video_restorer<edvr::bfloat16>;
extern template class edvr::video_restorer<edvr::float16>;
extern template edvr::tensor<float, 4> edvr::restore_window(edvr::nn::edvr_net<float> const&, edvr::tensor<float, 5> const&,
                                                            edvr::video_options<float> const&);
extern template edvr::tensor<double, 4> edvr::restore_window(edvr::nn::edvr_net<double> const&, edvr::tensor<double, 5> const&,
                                                             edvr::video_options<double> const&);
extern template edvr::tensor<float, 4> edvr::restore_window(edvr::nn::edvr_net<edvr::bfloat16> const&, edvr::tensor<float, 5> const&,
                                                            edvr::video_options<float> const&);
extern template edvr::tensor<float, 4> edvr::restore_window(edvr::nn::edvr_net<edvr::float16> const&, edvr::tensor<float, 5> const&,
                                                            edvr::video_options<float> const&);
