// SPDX-License-Identifier: Apache-2.0
// Runs the kernels that opcodes.py wrote, one instruction form each, and compares what they give.
#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "memory.hpp"

extern "C" void __cudaRegisterFunction(void**, char const*, char*, char const*, int, uint3*, uint3*, dim3*, dim3*, int*);

struct row {
  char const* code;
  std::uint64_t in[3];
  std::uint64_t want;
  bool stores;
};
row const cases[] = {
    // CASES
};
row const warps[] = {
    // WARPS
};
int wrong = 0;

std::uint64_t run(std::string const& name, row const& r, unsigned threads, unsigned watched) {
  auto* const stub = new std::string(name);  // its address stands for the kernel
  __cudaRegisterFunction(nullptr, reinterpret_cast<char const*>(stub), nullptr, stub->c_str(), -1, nullptr, nullptr, nullptr, nullptr,
                         nullptr);
  void *m = nullptr, *o = nullptr;
  cudaMallocAsync(&m, 32, nullptr);
  cudaMallocAsync(&o, 8 * 32, nullptr);
  std::uint32_t numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  std::uint64_t out[32] = {};
  cudaMemcpyAsync(m, numbers, 32, cudaMemcpyDefault, nullptr);
  cudaMemcpyAsync(o, out, sizeof out, cudaMemcpyDefault, nullptr);
  void* three_arguments[] = {const_cast<std::uint64_t*>(r.in), &m, &o};
  void* one_argument[] = {&o};
  if (cudaLaunchKernel(stub, dim3(1), dim3(threads), threads == 1 ? three_arguments : one_argument, 0, nullptr) != cudaSuccess)
    std::printf("not launched: %s\n", r.code), ++wrong;
  cudaMemcpyAsync(out, o, sizeof out, cudaMemcpyDefault, nullptr);
  cudaFreeAsync(m, nullptr);
  cudaFreeAsync(o, nullptr);
  return out[watched];
}
void check(std::string const& name, row const& r, unsigned threads, unsigned watched) {
  auto const got = run(name, r, threads, watched);
  if (got == r.want) return;
  std::printf("%s\n  gave 0x%llx, expected 0x%llx\n", r.code, static_cast<unsigned long long>(got),
              static_cast<unsigned long long>(r.want));
  ++wrong;
}
int main() {
  int i = 0;
  for (auto const& r : cases) check("case_" + std::to_string(i++), r, 1, 0);
  i = 0;
  for (auto const& r : warps) check("warp_" + std::to_string(i++), r, 32, 5);
  return wrong != 0;
}
