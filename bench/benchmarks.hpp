// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "edvr/backend/cpu/executor.hpp"

void add_convolutions(edvr::cpu_executor const& ex);  // ops/convolutions.cpp
void add_other_ops(edvr::cpu_executor const& ex);     // ops/other.cpp
void add_networks(edvr::cpu_executor const& ex);      // model/networks.cpp
