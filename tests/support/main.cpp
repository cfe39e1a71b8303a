// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "proves.hpp"

REGISTER_LISTENER("proofs", 1, proofs::listener);
