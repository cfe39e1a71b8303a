// SPDX-License-Identifier: Apache-2.0
// Weight files, tensor files and pictures: needs nlohmann-json, zlib and stb besides (CMake target edvr::io).
#pragma once
#include "edvr/io/image.hpp"
#include "edvr/io/pth.hpp"
#include "edvr/io/safetensors.hpp"
#include "edvr/model/checkpoint.hpp"
