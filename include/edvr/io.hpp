// SPDX-License-Identifier: Apache-2.0
// Weight files, tensor files and pictures: needs nlohmann-json, zlib and stb besides (CMake target edvr::io).
#pragma once
#include "edvr/io/image.hpp"
#include "edvr/io/npy.hpp"
#include "edvr/io/png.hpp"
#include "edvr/io/pth.hpp"
#include "edvr/io/safetensors.hpp"
#include "edvr/io/tensor_files.hpp"
#include "edvr/io/y4m.hpp"
#include "edvr/model/checkpoint.hpp"
