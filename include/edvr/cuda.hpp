// SPDX-License-Identifier: Apache-2.0
// Everything of edvr/edvr.hpp on device tensors too. For a CUDA compiler with cuBLAS (CMake target edvr::cuda), or for Thrust's OpenMP
// system (docs/cuda.md). What of it has never run on hardware is said there.
#pragma once
#include "edvr/backend/gpu/event.hpp"
#include "edvr/backend/gpu/executor.hpp"
#include "edvr/edvr.hpp"
