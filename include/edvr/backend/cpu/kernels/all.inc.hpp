// SPDX-License-Identifier: Apache-2.0
// Every kernel of one instruction set: included once for each inside its namespace and target region (isa.hpp).
#include "edvr/backend/cpu/kernels/elements.inc.hpp"
#include "edvr/backend/cpu/kernels/gemm.inc.hpp"
#include "edvr/backend/cpu/kernels/winograd.inc.hpp"
#include "edvr/backend/cpu/kernels/deform.inc.hpp"
#include "edvr/backend/cpu/kernels/peak.inc.hpp"

template <class T>
inline constexpr operand_kernels<T> kernels_of = {gemm_panels<T>, dot_products<T>, winograd_input<T>, deform_samples<T>,
                                                  multiply_add_rounds<T>};
