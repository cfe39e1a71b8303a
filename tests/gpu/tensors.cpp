// SPDX-License-Identifier: Apache-2.0
#include "gpu.hpp"
using namespace edvr;

TEST_CASE_TEMPLATE("gpu: tensors go there and come back, whatever their layout", T, float, double, float16, bfloat16, std::int64_t,
                   std::uint8_t, bool) {
  auto x = empty<T>({2, 3, 4, 5});
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = T(i % 7);
  CHECK_CLOSE(to<cpu>(to<gpu>(x)), x, 0);
  CHECK_CLOSE(to<cpu>(to<gpu>(permute(x, {0, 2, 3, 1}))), permute(x, {0, 2, 3, 1}), 0);
  CHECK_CLOSE(to<cpu>(slice(flip(to<gpu>(x), 3), 1, 1, 3)), slice(flip(x, 3), 1, 1, 3), 0);
  auto const wide = to_channels_last(x);
  CHECK(to<gpu>(wide).is_channels_last());
  CHECK_CLOSE(to<cpu>(to<gpu>(wide)), x, 0);
  CHECK(to<cpu>(to<gpu>(empty<T>({0, 3}))).shape() == shape<2>{{0, 3}});
  CHECK(!to<gpu>(tensor<T, 2>{}));
  auto const scalar = full<T>(coord<0>{}, T(3));
  CHECK(to<cpu>(to<gpu>(scalar)).item() == T(3));
}
TEST_CASE("gpu: factories, sharing and in-place writes") {
  auto const x = full<float, gpu>({3, 5}, 2.f);
  auto const same = x;
  assign(x, x + 1.f);
  CHECK_CLOSE(to<cpu>(same), full<float>({3, 5}, 3.f), 0);
  CHECK_CLOSE(to<cpu>(clone(slice(x, 0, 0, 2))), full<float>({2, 5}, 3.f), 0);
  CHECK_CLOSE(to<cpu>(zeros<double, gpu>({4})), zeros<double>({4}), 0);
  CHECK_CLOSE(to<cpu>(ones<int, gpu>({4})), ones<int>({4}), 0);
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(x, flip(x, 0)));
  CHECK_THROWS_SAYING(shape_error, "destination has shape (3, 5)", assign(x, zeros<float, gpu>({5, 3})));
  CHECK_CLOSE(to<cpu>(to<float>(to<bfloat16>(x))), full<float>({3, 5}, 3.f), 0);
  CHECK_CLOSE(to<cpu>(to<float>(to<bfloat16>(full<float, gpu>({4, 8}, 3.f)))), full<float>({4, 8}, 3.f), 0);
  CHECK_CLOSE(to<cpu>(eval(full<float, gpu>({4, 8}, 3.f) + 1.f)), full<float>({4, 8}, 4.f), 0);
}
TEST_CASE("gpu: memory is given back, and counted") {
  auto const before = device_memory.bytes.load();
  {
    auto const x = empty<float, gpu>({1000});
    CHECK(device_memory.bytes.load() == before + 4000);
    auto const y = eval(x + x);
    CHECK(device_memory.bytes.load() == before + 8000);
  }
  CHECK(device_memory.bytes.load() == before);
}
TEST_CASE("gpu: pinned host memory is host memory") {
  auto const p = empty_pinned<float>(coord<2>{{3, 4}});
  for (index_t i = 0; i < 12; ++i) p.data()[i] = static_cast<float>(i);
  CHECK_CLOSE(to<cpu>(eval(to<gpu>(p) * 2.f)), eval(p * 2.f), 0);
}
TEST_CASE("gpu: work on a stream of its own") {
  auto const ex = gpu_executor::new_stream();
  auto const x = to<gpu>(uniform<float>({100, 7}, 1), ex);
  auto const y = eval(x + 1.f, ex);
  ex.sync();
  CHECK_CLOSE(to<cpu>(y, ex), eval(uniform<float>({100, 7}, 1) + 1.f), 0);
}
#ifdef __CUDACC__
TEST_CASE("gpu: an error that somebody's unchecked call left behind is not reported by ours") {
  auto const x = to<gpu>(ones<float>({1 << 17}));
  (void)cudaSetDevice(device_count() + 100);
  CHECK(to<cpu>(eval(sum(x))).item() == 1 << 17);
}
#endif
TEST_CASE("gpu: a device that is not there is refused by name") {
  int const n = device_count();
  CHECK(n >= 1);
  CHECK(!device_name().empty());
  CHECK_THROWS_AS(select_device(n + 100), device_error);
  select_device(0);
}
