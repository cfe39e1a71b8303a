// SPDX-License-Identifier: Apache-2.0
// How element types beyond float and double are tested: on numbers that each of them holds exactly, every op gives what it gives in double.
#pragma once
#include <cmath>
#include <string>

#include "support.hpp"

namespace {
using namespace edvr;
/// Small numbers that T can hold: eighths, integers, integers from 0 on, or 0 and 1.
template <class T, int R>
tensor<double, R> numbers(coord<R> const& s, std::uint64_t seed) {
  auto const x = uniform<double>(s, seed, 0, 1);
  double const low = std::is_unsigned_v<T>   ? 0
                     : std::is_integral_v<T> ? -5
                                             : -16,
               count = std::is_same_v<T, bool> ? 2
                       : std::is_unsigned_v<T> ? 6
                       : std::is_integral_v<T> ? 11
                                               : 33;
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = (std::floor(x.data()[i] * count) + low) / (std::is_integral_v<T> ? 1 : 8);
  return x;
}
template <class T, int R>
tensor<T, R> stored(tensor<double, R> const& x) {
  if constexpr (sixteen_bits<T>)
    return eval<T>(cast<float>(x));
  else
    return eval(cast<T>(x));
}
/// f of tensors of T is f of the same numbers as doubles.
template <class T, class F, class... X>
void agrees(std::string const& op, F const& f, X const&... x) {
  CAPTURE(op);
  auto const want = eval(cast<double>(f(x...)));
  auto const got = eval(cast<double>(f(stored<T>(x)...)));
  double const within = std::is_integral_v<T>                                         ? 0
                        : std::is_same_v<T, double> || std::is_same_v<T, long double> ? tolerance<double>(64)
                        : op == "deform_conv2d" && std::is_same_v<T, bfloat16>
                            ? 0.05
                            : tolerance<float>(64);  // its samples are rounded to 16 bits
  auto const report = testing::compare(got, want, within, within);
  CHECK_MESSAGE(report.within, report.summary());
  proves<T>({op.c_str()});
}
}  // namespace
