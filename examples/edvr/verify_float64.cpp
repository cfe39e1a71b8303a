// SPDX-License-Identifier: Apache-2.0
#include "verify_cases.hpp"

template class program::case_runner<double>;
