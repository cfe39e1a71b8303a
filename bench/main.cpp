// SPDX-License-Identifier: Apache-2.0
// edvr_bench [--threads=N] and Google Benchmark's own options (--benchmark_filter=REGEX, --benchmark_out=FILE --benchmark_out_format=json).
// Every kernel is verified against float64 before it is timed. EDVR_ISA forces an instruction set.
#include <cstdlib>
#include <iostream>
#include <string>

#include "benchmarks.hpp"
#include "edvr/backend/cpu/build_info.hpp"
#include "edvr/bench/bench.hpp"

int main(int count, char** arguments) try {
  benchmark::Initialize(&count, arguments);
  edvr::cpu_executor ex;
  for (int i = 1; i < count; ++i)
    if (std::string const a = arguments[i]; a.starts_with("--threads="))
      ex.threads = std::atoi(a.c_str() + 10);
    else
      return std::cerr << "edvr_bench: " << a << " is not an option; expected --threads=N or --benchmark_...\n", 2;
  if (ex.threads < 0 || ex.threads > 1024) return std::cerr << "edvr_bench: expected 0 (all) to 1024 threads\n", 2;
  benchmark::AddCustomContext("edvr", edvr::build_info(ex));
  benchmark::AddCustomContext("peak_GFLOP/s", edvr::text(edvr::bench::peak_flops(ex) / 1e9));
  benchmark::AddCustomContext("peak_bfloat16_GFLOP/s", edvr::text(edvr::bench::peak_flops<edvr::bfloat16>(ex) / 1e9));
  benchmark::AddCustomContext("copy_GB/s", edvr::text(edvr::bench::copy_rate(ex) / 1e9));
  add_convolutions(ex);
  add_other_ops(ex);
  add_networks(ex);
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
} catch (std::exception const& e) {
  return std::cerr << "edvr_bench: " << e.what() << '\n', 1;
}
