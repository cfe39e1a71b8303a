// SPDX-License-Identifier: Apache-2.0
// Pools, resizing, reductions, matrix products, attention: ops that read neighbourhoods or whole axes, and are no convolution.
#include "gpu.hpp"
using namespace edvr;

namespace {
struct slope {
  template <class X>
  EDVR_HD auto operator()(X const& x, coord<4> const& at) const {
    return x(coord<4>{{at[0], at[1], at[2], at[3] + 1}}) - x(coord<4>{{at[0], at[1], at[2] - 1, at[3]}});
  }
};
}  // namespace

TEST_CASE_TEMPLATE("gpu: pools", T, float, double) {
  proves<T, gpu>({"max_pool2d", "avg_pool2d"});
  for (auto [h, w] : {std::pair<index_t, index_t>{7, 9}, {1, 1}, {8, 4}, {2, 3}})
    for (index_t c : {index_t{8}, index_t{19}}) {
      auto const x = normal<T>({2, c, h, w}, 1);
      pool2d_params const p{.kernel_size = 3, .stride = 2, .padding = 1};
      auto const both = [p](auto const& a) { return concat(max_pool2d(relu(a), p), avg_pool2d(a, p)); };
      auto const want = eval(both(x));
      CHECK_CLOSE(on_gpu(both, x), want, 9);
      CHECK_CLOSE(on_gpu(both, to_channels_last(x)), want, 9);
      CHECK_CLOSE(to<cpu>(eval(both(with_gaps_on_gpu(x)))), want, 9);
    }
}
TEST_CASE_TEMPLATE("gpu: bilinear resizing", T, float, double) {
  proves<T, gpu>({"resize_bilinear", "upsample_bilinear"});
  for (index_t c : {index_t{8}, index_t{3}})
    for (bool align : {false, true}) {
      auto const x = normal<T>({2, c, 5, 6}, 1);
      auto const f = [align](auto const& a) { return relu(resize_bilinear(a, 9, 11, align)) + T(1); };
      CHECK_CLOSE(on_gpu(f, x), eval(f(x)), 8);
      CHECK_CLOSE(on_gpu(f, to_channels_last(x)), eval(f(x)), 8);
    }
}
TEST_CASE_TEMPLATE("gpu: reductions over some axes and over all", T, float, double) {
  proves<T, gpu>({"sum", "mean", "max", "min", "correlation"});
  auto const x = normal<T>({3, 24, 5, 7}, 1), one = normal<T>({1, 1, 1, 1}, 2);
  auto const check = [&](auto const& f, index_t terms) {
    CHECK_CLOSE(on_gpu(f, one), eval(f(one)), 1);
    CHECK_CLOSE(on_gpu(f, x), eval(f(x)), terms);
    CHECK_CLOSE(on_gpu(f, to_channels_last(x)), eval(f(x)), terms);
    CHECK_CLOSE(to<cpu>(eval(f(with_gaps_on_gpu(x)))), eval(f(x)), terms);
  };
  check([](auto const& a) { return sum(a, {1}, keepdim); }, 24);
  check([](auto const& a) { return mean(a, {0, 2}) * T(2); }, 15);
  check([](auto const& a) { return max(a * a, {2, 3}); }, 2);
  check([](auto const& a) { return min(a, {1}); }, 0);
  check([](auto const& a) { return sum(a); }, 2520);
  check([](auto const& a) { return relu(mean(a)) + T(1); }, 2520);
  check([](auto const& a) { return max(a); }, 0);
  check([](auto const& a) { return min(a); }, 0);
  auto const many = uniform<T>({1 << 18}, 3);  // more than one tile of a reduction
  CHECK_CLOSE(on_gpu([](auto const& a) { return sum(a); }, many), eval(sum(many)), 1 << 18);
  CHECK(to<cpu>(eval(sum(zeros<T, gpu>({0, 3})))).item() == 0);
  CHECK(to<cpu>(eval(sum(to<gpu>(full<bool>({4, 5}, true))))).item() == 20);
  x(1, 2, 3, 4) = static_cast<T>(std::nan(""));
  CHECK(std::isnan(on_gpu([](auto const& a) { return max(a); }, x).item()));
  CHECK_THROWS_SAYING(shape_error, "is empty", max(zeros<T, gpu>({0, 3})));
}
TEST_CASE_TEMPLATE("gpu: matrix products", T, float, double) {
  proves<T, gpu>({"matmul"});
  for (auto [m, n, k] : {std::array<index_t, 3>{5, 7, 3}, {1, 1, 1}, {64, 33, 70}, {8, 8, 8}, {4, 4, 0}, {0, 3, 2}}) {
    auto const a = normal<T>({m, k}, 1), b = normal<T>({k, n}, 2);
    auto const f = [](auto const& x, auto const& y) { return relu(matmul(x, y)); };
    auto const want = eval(f(a, b));
    CHECK_CLOSE(on_gpu(f, a, b), want, k);
    CHECK_CLOSE(on_gpu([](auto const& x, auto const& y) { return matmul(x, y, algo::reference{}); }, a, b), eval(matmul(a, b)), k);
    CHECK_CLOSE(on_gpu([](auto const& x, auto const& y) { return matmul(permute(x, {1, 0}), y + T(1)); }, normal<T>({k, m}, 1), b),
                eval(matmul(permute(normal<T>({k, m}, 1), {1, 0}), b + T(1))), k);
  }
}
TEST_CASE_TEMPLATE("gpu: attention gates", T, float, double) {
  proves<T, gpu>({"temporal_attention", "temporal_attention_gate", "spatial_attention_gate"});
  auto const x = normal<T>({1, 16, 5, 6}, 1), y = normal<T>({1, 16, 5, 6}, 2), z = normal<T>({1, 16, 5, 6}, 3);
  auto const temporal = [](auto const& a, auto const& b) { return temporal_attention_gate(a, eval(temporal_attention(a, b))); };
  CHECK_CLOSE(on_gpu(temporal, x, y), eval(temporal(x, y)), 16);
  CHECK_CLOSE(on_gpu(temporal, to_channels_last(x), to_channels_last(y)), eval(temporal(x, y)), 16);
  CHECK_CLOSE(on_gpu(temporal, normal<T>({1, 16, 1, 1}, 4), normal<T>({1, 16, 1, 1}, 5)),
              eval(temporal(normal<T>({1, 16, 1, 1}, 4), normal<T>({1, 16, 1, 1}, 5))), 16);
  auto const spatial = [](auto const& a, auto const& b, auto const& c) { return spatial_attention_gate(a, b, c); };
  CHECK_CLOSE(on_gpu(spatial, x, y, z), eval(spatial(x, y, z)), 4);
  CHECK_CLOSE(on_gpu(spatial, to_channels_last(x), to_channels_last(y), to_channels_last(z)), eval(spatial(x, y, z)), 4);
  CHECK_CLOSE(on_gpu([](auto const& a, auto const& b) { return temporal_attention_gate(a, b); }, x, y), eval(x * y), 1);
  CHECK_CLOSE(on_gpu([](auto const& a, auto const& b) { return temporal_attention_gate(a, b); }, to_channels_last(x), to_channels_last(y)),
              eval(x * y), 1);
}
TEST_CASE_TEMPLATE("gpu: products of batches, softmax, attention", T, float, double) {
  proves<T, gpu>({"softmax", "scaled_dot_product_attention"});
  auto const a = normal<T>({2, 3, 4, 5}, 1), b = normal<T>({2, 3, 5, 6}, 2);
  auto const product = [](auto const& x, auto const& y) { return T(2) * matmul(x, y); };
  CHECK_CLOSE(on_gpu(product, a, b), eval(product(a, b)), 5);
  CHECK_CLOSE(on_gpu(product, a, slice(b, 0, 0, 1)), eval(product(a, slice(b, 0, 0, 1))), 5);
  CHECK_CLOSE(on_gpu(product, slice(slice(a, 0, 0, 1), 1, 0, 1), b), eval(product(slice(slice(a, 0, 0, 1), 1, 0, 1), b)), 5);
  CHECK_CLOSE(on_gpu(product, a, normal<T>({5, 6}, 3)), eval(product(a, normal<T>({5, 6}, 3))), 5);
  for (int axis : {1, 3})
    CHECK_CLOSE(on_gpu([axis](auto const& x) { return softmax(x, axis) + T(1); }, a), eval(softmax(a, axis) + T(1)), 16);
  CHECK_CLOSE(to<cpu>(eval(matmul(with_gaps_on_gpu(a), with_gaps_on_gpu(b)))), eval(matmul(a, b)), 5);
  CHECK_CLOSE(to<cpu>(eval(softmax(with_gaps_on_gpu(a), 2))), eval(softmax(a, 2)), 16);
  CHECK_CLOSE(on_gpu(product, zeros<T>({2, 2, 4, 0}), zeros<T>({2, 2, 0, 6})), zeros<T>({2, 2, 4, 6}), 0);
  CHECK(on_gpu([](auto const& x) { return softmax(x, 1); }, zeros<T>({0, 3, 2, 2})).empty());
  auto const even = normal<T>({2, 4, 3, 8}, 8);  // what runs in packs, and one result of everything
  CHECK_CLOSE(on_gpu([](auto const& x) { return softmax(x, 1) + T(1); }, even), eval(softmax(even, 1) + T(1)), 16);
  CHECK_CLOSE(on_gpu([](auto const& x) { return softmax(x, 1); }, even), eval(softmax(even, 1)), 16);
  CHECK_CLOSE(on_gpu([](auto const& x) { return softmax(x, 3); }, normal<T>({1, 1, 1, 9}, 9)), eval(softmax(normal<T>({1, 1, 1, 9}, 9), 3)),
              16);
  auto const wide = normal<T>({2, 3, 5, 8}, 10);
  CHECK_CLOSE(on_gpu(product, a, wide), eval(product(a, wide)), 5);
  CHECK_CLOSE(on_gpu([](auto const& x, auto const& y) { return matmul(x, y); }, a, wide), eval(matmul(a, wide)), 5);
  for (index_t rows : {index_t{1}, index_t{4}}) {
    auto const one = normal<T>({1, 1, rows, 8}, 11), keys = normal<T>({1, 1, 8, 8}, 12);
    auto const open = eval(normal<T>({rows, 8}, 13) > T(0));
    CHECK_CLOSE(to<cpu>(eval(scaled_dot_product_attention(to<gpu>(one), to<gpu>(keys), to<gpu>(keys), to<gpu>(open)))),
                eval(scaled_dot_product_attention(one, keys, keys, open)), 64);
  }
  auto const q = normal<T>({1, 2, 5, 8}, 4), k = normal<T>({1, 2, 7, 8}, 5), v = normal<T>({1, 2, 7, 3}, 6);
  auto const allowed = eval(normal<T>({5, 7}, 7) > T(0));
  for (index_t s = 0; s < 7; ++s) allowed(2, s) = false;
  CHECK_CLOSE(on_gpu([](auto const& x, auto const& y, auto const& z) { return scaled_dot_product_attention(x, y, z); }, q, k, v),
              eval(scaled_dot_product_attention(q, k, v)), 64);
  CHECK_CLOSE(to<cpu>(eval(scaled_dot_product_attention(to<gpu>(q), to<gpu>(k), to<gpu>(v), to<gpu>(allowed)))),
              eval(scaled_dot_product_attention(q, k, v, allowed)), 64);
}
TEST_CASE_TEMPLATE("gpu: positions of extremes, gather", T, float, double) {
  proves<T, gpu>({"argmax", "argmin", "gather"});
  auto const x = normal<T>({2, 8, 3, 4}, 1);
  CHECK(allclose(on_gpu([](auto const& a) { return argmax(a, 1, keepdim); }, x), argmax(x, 1, keepdim), 0, 0));
  CHECK(allclose(on_gpu([](auto const& a) { return argmin(a, 3); }, to_channels_last(x)), argmin(x, 3), 0, 0));
  auto const index = eval(argmax(x, 1, keepdim));
  CHECK(allclose(to<cpu>(eval(argmax(with_gaps_on_gpu(x), 1, keepdim))), index, 0, 0));
  CHECK_CLOSE(to<cpu>(gather(with_gaps_on_gpu(x), 1, to<gpu>(index))), eval(max(x, {1}, keepdim)), 0);
  auto const bad = clone(x);
  bad(1, 3, 2, 1) = static_cast<T>(std::nan(""));
  CHECK(on_gpu([](auto const& a) { return argmin(a, 1); }, bad)(1, 2, 1) == 3);
  CHECK_CLOSE(to<cpu>(gather(to<gpu>(x), 1, to<gpu>(index))), eval(max(x, {1}, keepdim)), 0);
  CHECK_THROWS_SAYING(shape_error, "positions from 9", gather(to<gpu>(x), 1, full<std::int64_t, gpu>({1, 1, 1, 1}, 9)));
}
TEST_CASE_TEMPLATE("gpu: a user's stencil", T, float, double) {
  proves<T, gpu>({"stencil"});
  auto const x = normal<T>({2, 8, 3, 4}, 1);
  auto const f = [](auto const& a) { return a + relu(stencil(slope{}, a * T(2))); };
  CHECK_CLOSE(on_gpu(f, x), eval(f(x)), 4);
  CHECK_CLOSE(on_gpu(f, to_channels_last(x)), eval(f(x)), 4);
}
