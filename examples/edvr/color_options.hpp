// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "edvr/io/y4m.hpp"

namespace program {

/// How a y4m stream's colours are read, where the options say more than its header.
struct color_options {
  std::string matrix = "auto", range = "auto";
  edvr::color_matrix matrix_for(edvr::index_t height) const {
    return matrix == "bt601" ? edvr::color_matrix::bt601 : matrix == "bt709" ? edvr::color_matrix::bt709 : edvr::usual_matrix(height);
  }
};

}  // namespace program
