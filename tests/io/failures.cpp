// SPDX-License-Identifier: Apache-2.0
// What the system refuses: memory, at every request that a reader or writer makes; the rest of a file; room on a disk.
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <span>
#include <string_view>

#include "files.hpp"
#include "support.hpp"
using namespace edvr;
using namespace files;

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // GCC 12 sees free() of what this file's own operator new gave
#endif

// glibc lets a program have its own malloc, so that what zlib, stb and the C library ask for can be refused too; sanitizers have their own.
#if defined(__has_feature)
#define EDVR_HAS_FEATURE(x) __has_feature(x)
#else
#define EDVR_HAS_FEATURE(x) 0
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !EDVR_HAS_FEATURE(address_sanitizer) && \
    !EDVR_HAS_FEATURE(thread_sanitizer)
#define EDVR_OWN_MALLOC 1
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_calloc(std::size_t, std::size_t);
extern "C" void* __libc_realloc(void*, std::size_t);
#else
#define EDVR_OWN_MALLOC 0
#endif

namespace {
/// The request for memory, counted from arming, that fails; below 0: none. This program's operator new asks it, and its malloc.
thread_local long fails_at = -1, asked = 0;
bool fails_now() {
  if (fails_at < 0 || asked++ != fails_at) return false;
  errno = ENOMEM;
  return true;
}
void* system_malloc(std::size_t n) {
#if EDVR_OWN_MALLOC
  return __libc_malloc(n);
#else
  return std::malloc(n);
#endif
}
void* request(std::size_t n, std::size_t alignment) {
  if (fails_now()) return nullptr;
  files::requested += n;
  return alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__ ? std::aligned_alloc(alignment, (n + alignment - 1) / alignment * alignment)
                                                      : system_malloc(n > 0 ? n : 1);
}
void* or_throw(void* p) { return p ? p : throw std::bad_alloc(); }
}  // namespace

#if EDVR_OWN_MALLOC
extern "C" void* malloc(std::size_t n) noexcept { return fails_now() ? nullptr : __libc_malloc(n); }
extern "C" void* calloc(std::size_t n, std::size_t size) noexcept { return fails_now() ? nullptr : __libc_calloc(n, size); }
extern "C" void* realloc(void* p, std::size_t n) noexcept { return fails_now() ? nullptr : __libc_realloc(p, n); }
#endif
void* operator new(std::size_t n) { return or_throw(request(n, 0)); }
void* operator new[](std::size_t n) { return or_throw(request(n, 0)); }
void* operator new(std::size_t n, std::align_val_t a) { return or_throw(request(n, static_cast<std::size_t>(a))); }
void* operator new[](std::size_t n, std::align_val_t a) { return or_throw(request(n, static_cast<std::size_t>(a))); }
void* operator new(std::size_t n, std::nothrow_t const&) noexcept { return request(n, 0); }
void* operator new[](std::size_t n, std::nothrow_t const&) noexcept { return request(n, 0); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {
/// Runs f with its first request for memory failing, then its second and so on until it comes through. It may throw bad_alloc, or
/// an edvr::error that gives the system's reason: no file is at fault.
template <class F>
long with_every_request_failing(F const& f) {
  for (long n = 0;; ++n) {
    fails_at = n, asked = 0;
    bool through = false;
    try {
      f();
      through = true;
    } catch (std::bad_alloc const&) {
    } catch (edvr::error const& e) {
      INFO(std::string(e.what()));
      fails_at = -1;
      CHECK(contains(e.what(), "Cannot allocate memory"));
    }
    bool const reached = asked > n;
    fails_at = -1;
    if (!reached) {
      CHECK(through);
      return n;
    }
  }
}
}  // namespace

TEST_CASE("memory that is refused, at every single request of every reader: an exception, and nothing lost") {
  std::string const golden = EDVR_GOLDEN;
  auto const small =
      bytes_of(pth(dict({{"conv.weight", pickled_tensor(pickled_storage("0", 4), 0, {2, 2}, {2, 1})}}), {{"0", floats({1, 2, 3, 4})}}));
  CHECK(with_every_request_failing([&] { (void)parse_pth("f", small).root(); }) > 30);
  CHECK(with_every_request_failing([&] {
          auto const c = parse_checkpoint("f", small);
          (void)c.weights.at("conv.weight").to<float, 2>();
        }) > 40);
  CHECK(with_every_request_failing([&] { (void)read_file(golden + "/pth_sampler.legacy.pth"); }) > 2);
  auto const legacy = read_file(golden + "/pth_sampler.legacy.pth");
  CHECK(with_every_request_failing([&] { (void)parse_pth("f", legacy).root(); }) > 50);
  auto const weights = read_file(golden + "/net_a.weights.safetensors");
  CHECK(with_every_request_failing([&] { (void)parse_safetensors("f", weights); }) > 100);
  auto const arrays = read_file(golden + "/numpy/deflated.npz");
  CHECK(with_every_request_failing([&] { (void)parse_npz("f", arrays); }) > 40);
  for (auto const* name : {"gray16.png", "palette.png", "progressive.jpg"}) {
    auto const picture = read_file(golden + "/pictures/" + name);
    CHECK(with_every_request_failing([&] { (void)decode_image16("f", *picture); }) >= (EDVR_OWN_MALLOC ? 6 : 1));
  }
  for (auto const* name : {"gray.png", "palette.png", "subsampled.jpg", "progressive.jpg"}) {
    auto const picture = read_file(golden + "/pictures/" + name);
    CHECK(with_every_request_failing([&] { (void)decode_image("f", *picture); }) >= (EDVR_OWN_MALLOC ? 6 : 1));
  }
  for (auto const* name : {"version1.npy", "fortran.npy", "version3.npy"}) {
    auto const array = read_file(golden + "/numpy/" + name);
    CHECK(with_every_request_failing([&] { (void)parse_npy("f", array); }) > 3);
  }
  auto const network = parse_checkpoint("f", read_file(golden + "/../fuzz/seeds/checkpoint/plain.npz"));  // one channel
  CHECK(with_every_request_failing([&] { (void)make_edvr<float>(network); }) > 100);
  y4m_header const pictures{.width = 6, .height = 4, .sampling = chroma::yuv420_left};
  CHECK(with_every_request_failing([&] { (void)y4m_from_rgb(pictures, zeros<float>({3, 4, 6}), color_matrix::bt601); }) > 1);
  CHECK(with_every_request_failing([&] {
          std::size_t at = 0;
          std::string const s = "YUV4MPEG2 W4 H2 Cmono Xlonger-than-any-small-string\nFRAME\n12345678";
          y4m_reader in("a stream with a long name", [&](std::byte* to, std::size_t n) {
            n = std::min(n, s.size() - at);
            std::memcpy(to, s.data() + at, n);
            at += n;
            return n;
          });
          (void)y4m_to_rgb<float>(in.header(), *in.next(), color_matrix::bt601);
        }) >= 4);
}
TEST_CASE("memory that is refused while a file is written: an exception, no file, no rest of one") {
  auto const folder = temporary("failures");
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  tensor_map const m{{"x", any_tensor(normal<float>({3, 5}, 1))}};
  auto const picture = to_8bit(uniform<float>({3, 6, 5}, 1));
  auto const check = [&](auto const& write) {
    with_every_request_failing([&] {
      std::filesystem::remove(folder / "f");
      write(folder / "f");
    });
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);  // the last, whole one
  };
  check([&](auto const& p) { write_npz(p, m, true); });
  check([&](auto const& p) { write_npy(p, m.at("x")); });
  check([&](auto const& p) { write_safetensors(p, m); });
  check([&](auto const& p) { write_png(p, picture); });
  check([&](auto const& p) { write_png(p, to_16bit(uniform<float>({3, 6, 5}, 1))); });
  std::filesystem::remove_all(folder);
}
TEST_CASE("a disk that is full: an error that says so, the old file as it was, no rest of the new one") {
  auto const folder = temporary("full");
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  auto const path = folder / "f.safetensors";
  write_safetensors(path, {{"x", any_tensor(full<float>({2}, 7))}});
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  auto const handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit const little{4096, old.rlim_max};  // bytes that a file may have: a write beyond fails as on a full disk
  setrlimit(RLIMIT_FSIZE, &little);
  CHECK_THROWS_SAYING(io_error, "cannot be written (File too large); check the folder, its permissions and the free space",
                      write_safetensors(path, {{"x", any_tensor(normal<float>({10000}, 1))}}));
  CHECK_THROWS_SAYING(io_error, "cannot be written", write_png(folder / "p.png", to_8bit(uniform<float>({3, 90, 90}, 1))));
  CHECK_THROWS_SAYING(io_error, "cannot be written", write_npz(folder / "z.npz", {{"x", any_tensor(normal<float>({10000}, 1))}}));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(read_safetensors(path).tensors.at("x").to<float, 1>()(1) == 7);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  std::filesystem::remove_all(folder);
}
TEST_CASE("hostile input 54: a file that ends before its size or after it, a pipe, a folder, none, one that may not be read") {
  // A file of the system that says it has no bytes, and has some.
  CHECK_THROWS_SAYING(io_error, "changed its size from 0 bytes while it was read", read_file("/proc/version"));
  // Files that claim a page and hold a line.
  bool any = false, seen = false;
  std::error_code failure;
  for (auto const& e : std::filesystem::directory_iterator("/sys/kernel", failure)) {
    if (!e.is_regular_file(failure) || e.file_size(failure) != 4096) continue;
    any = true;
    try {
      (void)read_file(e.path());
    } catch (io_error const& error) {
      seen = seen || contains(error.what(), "changed its size from 4096 bytes while it was read");
    }
  }
  if (any)
    CHECK(seen);
  else
    MESSAGE("not seen here, because /sys/kernel has no such file: one that ends before its size");
  CHECK_THROWS_SAYING(io_error, "is a folder; expected a file", read_file("/tmp"));
  CHECK_THROWS_SAYING(io_error, "is a pipe or device", read_file("/dev/null"));
  CHECK_THROWS_SAYING(io_error, "no such file", read_file("/nowhere"));
  auto const locked = temporary("locked");
  write_file(locked, {std::as_bytes(std::span(std::string_view("text")))});
  std::filesystem::permissions(locked, std::filesystem::perms::none);
  if (geteuid() == 0) {  // who may read everything: as somebody else, for this one call
    REQUIRE(seteuid(65534) == 0);
    std::string const said = message_of<io_error>([&] { (void)read_file(locked); });
    REQUIRE(seteuid(0) == 0);
    CHECK(contains(said, "Permission denied"));
  } else {
    CHECK_THROWS_SAYING(io_error, "Permission denied", read_file(locked));
  }
  std::filesystem::remove(locked);
}
