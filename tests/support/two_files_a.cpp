// SPDX-License-Identifier: Apache-2.0
#include "edvr/edvr.hpp"
#include "edvr/io.hpp"
double from_b();
int main() { return edvr::eval(edvr::sum(edvr::ones<double>({2, 3}))).item() + from_b() == 12 ? 0 : 1; }
