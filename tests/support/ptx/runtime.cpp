// SPDX-License-Identifier: Apache-2.0
// The CUDA runtime's calls that the library and CUB make, for kernels that were translated: one device, memory that only kernels and copies
// may touch, work that is done when the call returns. Each call checks what its documentation says that it checks.
//
// Device memory, in two modes:
//   default          addresses of a range that nobody may touch: host code that dereferences one crashes. Kernels and copies go through
//                    a second mapping of the same pages, after a check against the bounds of live allocations, exact to the byte.
//   -DPTX_MALLOC     plain host memory, for an address sanitizer, which then sees kernels and host code alike.
// PTX_ORDER=n shuffles the order of blocks, PTX_THREADS=n runs n of them at once (for a thread sanitizer), PTX_TRACE=1 names each launch.
#include <cuda_runtime_api.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "machine.hpp"
#include "memory.hpp"

namespace ptx {
namespace {
thread_local char const* running = "no kernel";
long setting(char const* name) {
  char const* const v = std::getenv(name);
  return v ? std::atol(v) : 0;
}
}  // namespace

void fault(char const* what, std::uint64_t address) {
  std::fprintf(stderr, "ptx: %s, address 0x%llx, in %s\n", what, static_cast<unsigned long long>(address), running);
  std::abort();
}
float fma_down(float a, float b, float c) {
  volatile float x = a, y = b, z = c;
  std::fesetround(FE_DOWNWARD);
  volatile float r = std::fma(x, y, z);
  std::fesetround(FE_TONEAREST);
  return r;
}

// ---- memory -----------------------------------------------------------------------------------------------------------------------------

namespace {
class device_memory {
 public:
  static device_memory& instance() {
    static auto* const memory = new device_memory;  // outlives what frees into it at the end
    return *memory;
  }
  void* allocate(std::size_t bytes) {
    std::lock_guard lock(mutex_);
#ifdef PTX_MALLOC
    void* p = nullptr;
    if (posix_memalign(&p, 256, bytes) != 0) return nullptr;
    std::memset(p, 0xff, bytes);
    blocks_[reinterpret_cast<std::uint64_t>(p)] = bytes;
    return p;
#else
    std::size_t const from = (top_ + page - 1) / page * page + page;  // a page between neighbours
    if (bytes > size || from + bytes > size) return nullptr;
    top_ = from + bytes;
    blocks_[base_ + from] = bytes;
    std::memset(alias_ + from, 0xff, bytes);  // NaN, for whoever reads what nobody wrote
    return reinterpret_cast<void*>(base_ + from);
#endif
  }
  bool release(void* p) {
    std::lock_guard lock(mutex_);
    auto const block = blocks_.find(reinterpret_cast<std::uint64_t>(p));
    if (block == blocks_.end()) return false;
#ifdef PTX_MALLOC
    std::free(p);
#else
    madvise(alias_ + (block->first - base_), block->second, MADV_REMOVE);
#endif
    blocks_.erase(block);
    return true;
  }
  /// Where a kernel finds n bytes of one live allocation; null if they are not that.
  unsigned char* find(std::uint64_t address, std::size_t n) {
#ifdef PTX_MALLOC
    (void)n;
    return reinterpret_cast<unsigned char*>(address);  // the sanitizer knows
#else
    thread_local std::uint64_t from = 0, to = 0;  // the block found last, of the generation then
    thread_local std::uint64_t seen = 0;
    if (seen != generation_.load(std::memory_order_acquire) || address < from || address + n > to) {
      std::lock_guard lock(mutex_);
      auto block = blocks_.upper_bound(address);
      if (block == blocks_.begin()) return nullptr;
      --block;
      if (address + n > block->first + block->second) return nullptr;
      from = block->first, to = block->first + block->second, seen = generation_;
    }
    return alias_ + (address - base_);
#endif
  }
  /// Is it an address that only a device has?
  bool owns(void const* p) {
    auto const a = reinterpret_cast<std::uint64_t>(p);
#ifdef PTX_MALLOC
    std::lock_guard lock(mutex_);
    auto block = blocks_.upper_bound(a);
    return block != blocks_.begin() && a < (--block)->first + block->second;
#else
    return a >= base_ && a < base_ + size;
#endif
  }
  void forget_found() { ++generation_; }

 private:
  device_memory() {
#ifndef PTX_MALLOC
    int const file = memfd_create("device", 0);
    if (file < 0 || ftruncate(file, size) != 0) fault("no memory for the device");
    base_ = reinterpret_cast<std::uint64_t>(mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    alias_ = static_cast<unsigned char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0));
    if (alias_ == MAP_FAILED) fault("no addresses for the device's memory");
#endif
  }
  std::mutex mutex_;
  std::map<std::uint64_t, std::size_t> blocks_;  // live ones, by address
  std::atomic<std::uint64_t> generation_{1};
#ifndef PTX_MALLOC
  static constexpr std::size_t page = 4096, size = std::size_t{1} << 38;  // addresses are not given twice
  std::uint64_t base_ = 0;
  unsigned char* alias_ = nullptr;
  std::size_t top_ = 0;
#endif
};
}  // namespace

unsigned char* thread::global(std::uint64_t address, std::size_t n) const {
  if (address % n != 0) fault("misaligned access to device memory", address);
  auto* const p = device_memory::instance().find(address, n);
  if (!p) fault("access outside of every live allocation of the device", address);
  return p;
}
void* device_bytes(void const* p, std::size_t n) {
  return device_memory::instance().owns(p) ? device_memory::instance().find(reinterpret_cast<std::uint64_t>(p), n) : nullptr;
}

// ---- launches ---------------------------------------------------------------------------------------------------------------------------

namespace {
struct program {
  std::map<std::string, kernel> kernels;
  std::map<void const*, std::string> names;  // by the host's stub
  std::map<std::string, long> launched;
  std::mutex mutex;
  static program& instance() {
    static auto* const p = new program;
    return *p;
  }
};

void run_block(kernel const& k, three const& grid, three const& threads, three const& index, std::size_t shared, void** arguments) {
  running = k.name;
  block b{index, threads, grid, std::vector<unsigned char>(shared, 0xff), nullptr, {}};
  auto const n = static_cast<std::uint32_t>(threads.product());
  auto const body = [&](std::uint32_t number) {
    running = k.name;
    thread t{{number % threads.x, number / threads.x % threads.y, number / threads.x / threads.y}, &b, number};
    k.run(arguments, t);
  };
  if (!k.together) {
    for (std::uint32_t i = 0; i < n; ++i) body(i);
    return;
  }
  b.together = std::make_unique<std::barrier<>>(n);
  for (std::uint32_t i = 0; i < n; i += 32) b.warps.push_back(std::make_unique<warp>(static_cast<int>(std::min(32u, n - i))));
  std::vector<std::jthread> all;
  for (std::uint32_t i = 0; i < n; ++i)
    all.emplace_back([&, i] {
      body(i);
      b.together->arrive_and_drop();
      --b.warps[i / 32]->lanes;
      b.warps[i / 32]->together.arrive_and_drop();
    });
}

cudaError_t launch(void const* stub, dim3 g, dim3 t, void** arguments, std::size_t dynamic_shared) {
  auto& p = program::instance();
  kernel k{};
  {
    std::lock_guard lock(p.mutex);
    auto const name = p.names.find(stub);
    if (name == p.names.end()) return cudaErrorInvalidDeviceFunction;
    auto const found = p.kernels.find(name->second);
    if (found == p.kernels.end()) {
      std::fprintf(stderr, "ptx: no translated kernel %s\n", name->second.c_str());
      std::abort();
    }
    k = found->second;
    ++p.launched[name->second];
  }
  three const grid{g.x, g.y, g.z}, threads{t.x, t.y, t.z};
  if (grid.product() == 0 || threads.product() == 0 || threads.product() > k.max_threads || threads.product() > 1024 || g.x > 2147483647u ||
      g.y > 65535 || g.z > 65535)
    return cudaErrorInvalidConfiguration;
  if (k.shared + dynamic_shared > 49152) return cudaErrorInvalidValue;
  if (setting("PTX_TRACE")) std::fprintf(stderr, "ptx: <<<%u, %u>>> %s\n", g.x, t.x, k.name);
  device_memory::instance().forget_found();

  std::uint64_t const blocks = grid.product();
  // A stride without common divisor visits every block once, in another order than the obvious one.
  std::uint64_t stride = static_cast<std::uint64_t>(setting("PTX_ORDER")) * 7919 + 1;
  while (std::gcd(stride, blocks) != 1) ++stride;
  // Blocks are dealt out by chance, once for all: whichever two touch the same
  // cell are likely to be on different threads with nothing between them.
  auto const work = [&](std::uint64_t worker, std::uint64_t workers) {
    for (std::uint64_t i = 0; i < blocks; ++i) {
      std::uint64_t const b = static_cast<std::uint64_t>((static_cast<unsigned __int128>(i) * stride) % blocks);
      if (workers > 1 && (b * 0x9e3779b97f4a7c15u >> 40) % workers != worker) continue;
      run_block(k, grid, threads,
                {static_cast<std::uint32_t>(b % g.x), static_cast<std::uint32_t>(b / g.x % g.y), static_cast<std::uint32_t>(b / g.x / g.y)},
                k.shared + dynamic_shared, arguments);
    }
  };
  if (long const n = setting("PTX_THREADS"); n > 1) {
    std::vector<std::jthread> workers;
    for (long i = 0; i < n; ++i) workers.emplace_back(work, static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(n));
  } else {
    work(0, 1);
  }
  running = "no kernel";
  return cudaSuccess;
}

/// At the end, for scripts: every kernel that was translated, and how often it ran.
struct report {
  ~report() {
    char const* const path = std::getenv("PTX_REPORT");
    if (!path) return;
    if (std::FILE* const f = std::fopen(path, "w")) {
      auto& p = program::instance();
      for (auto const& [name, k] : p.kernels) std::fprintf(f, "%ld %s\n", p.launched.count(name) ? p.launched.at(name) : 0, name.c_str());
      std::fclose(f);
    }
  }
} at_the_end;

thread_local cudaError_t last_error = cudaSuccess;
cudaError_t said(cudaError_t e) {
  if (e != cudaSuccess) last_error = e;
  return e;
}
struct configuration {
  dim3 grid, threads;
  std::size_t shared;
  cudaStream_t stream;
};
thread_local std::vector<configuration> configurations;

std::mutex handles_mutex;
std::set<void const*> handles;  // streams and events that exist
std::map<void const*, std::chrono::steady_clock::time_point> recorded;
void* make_handle() {
  std::lock_guard lock(handles_mutex);
  void* const h = new char;
  handles.insert(h);
  return h;
}
bool exists(void const* h) {
  std::lock_guard lock(handles_mutex);
  return handles.count(h) > 0;
}
bool is_stream(cudaStream_t s) { return s == nullptr || s == cudaStreamLegacy || s == cudaStreamPerThread || exists(s); }
cudaError_t destroy(void* h) {
  std::lock_guard lock(handles_mutex);
  if (handles.erase(h) == 0) return said(cudaErrorInvalidResourceHandle);
  delete static_cast<char*>(h);
  return cudaSuccess;
}
}  // namespace

registration::registration(kernel const* kernels, std::size_t n) {
  auto& p = program::instance();
  for (std::size_t i = 0; i < n; ++i) p.kernels[kernels[i].name] = kernels[i];  // a template's kernels may come from several files
}

}  // namespace ptx

using namespace ptx;
extern "C" {
// ---- what nvcc's host code calls --------------------------------------------------------------------------------------------------------
void** __cudaRegisterFatBinary(void*) {
  static void* handle;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterVar(void**, char*, char*, char const*, int, std::size_t, int, int) {}
void __cudaRegisterFunction(void**, char const* stub, char*, char const* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
  program::instance().names[stub] = name;
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 threads, std::size_t shared, cudaStream_t stream) {
  configurations.push_back({grid, threads, shared, stream});
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* threads, std::size_t* shared, void* stream) {
  auto const c = configurations.back();
  configurations.pop_back();
  *grid = c.grid, *threads = c.threads, *shared = c.shared;
  std::memcpy(stream, &c.stream, sizeof c.stream);
  return cudaSuccess;
}
cudaError_t __cudaGetKernel(cudaKernel_t* k, void const* stub) {
  *k = reinterpret_cast<cudaKernel_t>(const_cast<void*>(stub));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t k, dim3 grid, dim3 threads, void** arguments, std::size_t shared, cudaStream_t stream) {
  if (!is_stream(stream)) return said(cudaErrorInvalidResourceHandle);
  return said(launch(k, grid, threads, arguments, shared));
}
cudaError_t cudaLaunchKernel(void const* stub, dim3 grid, dim3 threads, void** arguments, std::size_t shared, cudaStream_t stream) {
  if (!is_stream(stream)) return said(cudaErrorInvalidResourceHandle);
  return said(launch(stub, grid, threads, arguments, shared));
}
cudaError_t cudaLaunchKernelExC(cudaLaunchConfig_t const* c, void const* stub, void** arguments) {
  if (!c) return said(cudaErrorInvalidValue);
  for (unsigned i = 0; i < c->numAttrs; ++i)  // a kernel that may start before the one in front of it has ended: here it never does
    if (c->attrs[i].id != cudaLaunchAttributeProgrammaticStreamSerialization) return said(cudaErrorNotSupported);
  return cudaLaunchKernel(stub, c->gridDim, c->blockDim, arguments, c->dynamicSmemBytes, c->stream);
}

// ---- devices and errors -----------------------------------------------------------------------------------------------------------------
cudaError_t cudaGetDeviceCount(int* n) {
  if (std::getenv("PTX_NO_DEVICE")) return said(cudaErrorInsufficientDriver);  // which leaves *n as it was
  *n = 1;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = std::getenv("PTX_NO_DEVICE") ? 0 : 13000;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  if (std::getenv("PTX_NO_DEVICE")) return said(cudaErrorInsufficientDriver);
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) { return device == 0 ? cudaSuccess : said(cudaErrorInvalidDevice); }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  if (device != 0) return said(cudaErrorInvalidDevice);
  *p = {};
  std::strcpy(p->name, "translated PTX on this CPU");
  p->major = 7, p->minor = 5, p->totalGlobalMem = std::size_t{1} << 33;
  return cudaSuccess;
}
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }
char const* cudaGetErrorName(cudaError_t e) {
  switch (e) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorInvalidDeviceFunction: return "cudaErrorInvalidDeviceFunction";
    case cudaErrorInvalidResourceHandle: return "cudaErrorInvalidResourceHandle";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    default: return "cudaError";
  }
}
char const* cudaGetErrorString(cudaError_t e) { return cudaGetErrorName(e); }
cudaError_t cudaDeviceGetAttribute(int* v, cudaDeviceAttr a, int device) {
  if (device != 0) return said(cudaErrorInvalidDevice);
  switch (a) {
    case cudaDevAttrComputeCapabilityMajor: *v = 7; break;
    case cudaDevAttrComputeCapabilityMinor: *v = 5; break;
    case cudaDevAttrMultiProcessorCount: *v = 2; break;
    case cudaDevAttrMaxThreadsPerBlock: *v = 1024; break;
    case cudaDevAttrMaxGridDimX: *v = 2147483647; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *v = 49152; break;
    case cudaDevAttrMemoryPoolsSupported: *v = setting("PTX_NO_POOLS") != 1; break;
    default: return said(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* f, void const* stub) {
  if (!program::instance().names.count(stub)) return said(cudaErrorInvalidDeviceFunction);
  *f = {};
  f->ptxVersion = f->binaryVersion = 75, f->maxThreadsPerBlock = 1024, f->numRegs = 32;
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, void const*, int threads, std::size_t, unsigned) {
  if (threads < 1 || threads > 1024) return said(cudaErrorInvalidValue);
  *n = 1024 / threads;
  return cudaSuccess;
}

// ---- memory -----------------------------------------------------------------------------------------------------------------------------
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  if (device != 0 || setting("PTX_NO_POOLS") == 1) return said(cudaErrorInvalidDevice);
  *pool = reinterpret_cast<cudaMemPool_t>(&program::instance());
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr, void* value) {
  return pool && value ? cudaSuccess : said(cudaErrorInvalidValue);
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t) { return pool ? cudaSuccess : said(cudaErrorInvalidValue); }
cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t stream) {
  if (!p) return said(cudaErrorInvalidValue);
  if (!is_stream(stream)) return said(cudaErrorInvalidResourceHandle);
  if (long const most = setting("PTX_MEMORY"); most > 0 && bytes > static_cast<std::size_t>(most)) return said(cudaErrorMemoryAllocation);
  *p = device_memory::instance().allocate(bytes);
  return *p ? cudaSuccess : said(cudaErrorMemoryAllocation);
}
cudaError_t cudaMalloc(void** p, std::size_t bytes) { return cudaMallocAsync(p, bytes, nullptr); }
cudaError_t cudaFree(void* p) { return cudaFreeAsync(p, nullptr); }
cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  if (!is_stream(stream)) return said(cudaErrorInvalidResourceHandle);
  device_memory::instance().forget_found();
  void* const to = device_bytes(p, bytes);
  if (!to) return said(cudaErrorInvalidValue);
  std::memset(to, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* a, void const* p) {
  *a = {};
  a->type = device_memory::instance().owns(p) ? cudaMemoryTypeDevice : cudaMemoryTypeUnregistered;
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* p, cudaStream_t stream) {
  if (!is_stream(stream)) return said(cudaErrorInvalidResourceHandle);
  if (!device_memory::instance().release(p)) fault("a block is given back that is not there", reinterpret_cast<std::uint64_t>(p));
  device_memory::instance().forget_found();
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** p, std::size_t bytes) {
  *p = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  return *p ? cudaSuccess : said(cudaErrorMemoryAllocation);
}
cudaError_t cudaFreeHost(void* p) {
  std::free(p);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, void const* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (!is_stream(stream)) return said(cudaErrorInvalidResourceHandle);
  auto& memory = device_memory::instance();
  memory.forget_found();
  bool const to_device = memory.owns(to), from_device = memory.owns(from);
  auto const expected = to_device     ? (from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                        : from_device ? cudaMemcpyDeviceToHost
                                      : cudaMemcpyHostToHost;
  if (kind != cudaMemcpyDefault && kind != expected) return said(cudaErrorInvalidValue);
  void* const t = to_device ? device_bytes(to, bytes) : to;
  void const* const f = from_device ? device_bytes(from, bytes) : from;
  if (!t || !f) return said(cudaErrorInvalidValue);
  std::memmove(t, f, bytes);
  return cudaSuccess;
}

// ---- streams and events -----------------------------------------------------------------------------------------------------------------
cudaError_t cudaStreamCreate(cudaStream_t* s) {
  *s = static_cast<cudaStream_t>(make_handle());
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t s) { return destroy(s); }
cudaError_t cudaStreamSynchronize(cudaStream_t s) { return is_stream(s) ? cudaSuccess : said(cudaErrorInvalidResourceHandle); }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaEventCreate(cudaEvent_t* e) {
  *e = static_cast<cudaEvent_t>(make_handle());
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t e) {
  recorded.erase(e);
  return destroy(e);
}
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) {
  if (!exists(e) || !is_stream(s)) return said(cudaErrorInvalidResourceHandle);
  recorded[e] = std::chrono::steady_clock::now();
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t e) { return exists(e) ? cudaSuccess : said(cudaErrorInvalidResourceHandle); }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t a, cudaEvent_t b) {
  if (!recorded.count(a) || !recorded.count(b)) return said(cudaErrorInvalidResourceHandle);
  *ms = std::chrono::duration<float, std::milli>(recorded[b] - recorded[a]).count();
  return cudaSuccess;
}
}  // extern "C"
