// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "support.hpp"
using namespace edvr;

TEST_CASE_TEMPLATE("a residual block is x + s conv2(activation(conv1(x))), with ReLU or leaky ReLU of any slope", T, float, double) {
  proves<T>({"nn::residual_block"});
  auto fill = [](auto& block) {
    std::uint64_t seed = 1;
    nn::for_each_parameter(block, [&]<int R>(std::string const&, tensor<T, R>& w) { w = normal<T>(w.shape(), ++seed, 0, 0.2); });
  };
  auto const x = normal<T>({2, 6, 7, 5}, 1);
  auto plain = nn::make_residual_block<T>(6);
  fill(plain);
  auto const inner = eval(conv2d(x, plain.conv1.weight, plain.conv1.bias, {.padding = 1}, algo::reference{}));
  auto const outer = [&](tensor<T, 4> const& a) {
    return eval(conv2d(a, plain.conv2.weight, plain.conv2.bias, {.padding = 1}, algo::reference{}));
  };
  CHECK_CLOSE(plain(x), eval(x + outer(eval(relu(inner)))), 6 * 9 * 4);
  plain.res_scale = T(0.25);
  CHECK_CLOSE(plain(x), eval(x + T(0.25) * outer(eval(relu(inner)))), 6 * 9 * 4);
  for (T slope : {T(0.1), T(0.37)}) {
    auto leaky = nn::make_residual_block<T, cpu, fn::leaky_relu<T>>(6, {slope});
    fill(leaky);
    CHECK_CLOSE(leaky(x), eval(x + outer(eval(leaky_relu(inner, slope)))), 6 * 9 * 4);
  }
}
TEST_CASE("parameters are named as in a PyTorch state dict, and take no memory until loaded") {
  auto const before = host_memory.bytes.load();
  nn::edvr_net<float> net{edvr_config{}};
  CHECK(host_memory.bytes.load() - before < 100'000);
  std::set<std::string> keys;
  nn::for_each_parameter(net, [&](std::string const& key, auto const&) { keys.insert(key); });
  CHECK(keys.size() == 144);
  for (auto key : {"conv_first.weight", "feature_extraction.4.conv2.bias", "pcd_align.offset_conv1.l3.weight",
                   "pcd_align.dcn_pack.l1.conv_offset.bias", "pcd_align.cas_dcnpack.weight", "fusion.temporal_attn1.weight",
                   "fusion.spatial_attn_add2.bias", "reconstruction.9.conv1.weight", "upconv2.weight", "conv_last.bias"})
    CHECK_MESSAGE(keys.count(key) == 1, key);
  CHECK(nn::parameter_count(net) == 3300131);
}
TEST_CASE("a module notices a new weight where a borrowed one was") {
  nn::conv2d<float> m(8, 8, 3, 1);
  auto const x = ones<float>({1, 8, 6, 6});
  auto const w = ones<float>({8, 8, 3, 3});
  m.weight = borrow(w.data(), w.shape());
  CHECK(eval(m(x))(0, 0, 2, 2) == 72);
  assign(w, w * 2.f);
  CHECK(eval(m(x))(0, 0, 2, 2) == 144);
  assign(w, w * 2.f);
  m.weight = w;  // the same address
  CHECK(eval(m(x))(0, 0, 2, 2) == 288);
}
TEST_CASE("copies of a module keep what they packed of the weights of each, for as long as those live") {
  nn::conv2d<float> a(4, 4, 3);
  auto b = a;
  a.weight = ones<float>({4, 4, 3, 3}), b.weight = full<float>({4, 4, 3, 3}, 2.f);
  int packed = 0;
  std::weak_ptr<detail::panels<float>> of_b;
  auto const call = [&](auto const& m, algorithm algo = algorithm::direct) {
    return m.kept->get(algo, instruction_set::baseline, 1, 1, m.weight,
                       [&] { return ++packed, std::make_shared<detail::panels<float>>(8); });
  };
  for (int i = 0; i < 3; ++i) call(a), of_b = call(b);
  CHECK(packed == 2);
  call(b, algorithm::winograd), call(b, algorithm::winograd), of_b = call(b);
  CHECK(packed == 4);
  b.weight = a.weight;
  CHECK(call(b) == call(a));
  CHECK(packed == 4);
  CHECK(of_b.expired());
}
TEST_CASE("copies of a module compute with the weights of each, in turn") {
  nn::conv2d<float> a(4, 4, 3);
  auto b = a;
  auto const x = ones<float>({1, 4, 4, 4});
  a.weight = ones<float>({4, 4, 3, 3}), b.weight = full<float>({4, 4, 3, 3}, 2.f);
  for (int i = 0; i < 2; ++i) {
    CHECK(eval(a(x))(0, 0, 1, 1) == 36);
    CHECK(eval(b(x))(0, 0, 1, 1) == 72);
  }
  b.weight = a.weight;
  CHECK(eval(b(x))(0, 0, 1, 1) == 36);
}
TEST_CASE_TEMPLATE("a deformable pack splits its raw prediction into interleaved offsets and masks", T, float, double) {
  proves<T>({"nn::deform_conv2d_pack"});
  nn::deform_conv2d_pack<T> pack(4, 2);
  std::uint64_t seed = 1;
  nn::for_each_parameter(pack, [&]<int R>(std::string const&, tensor<T, R>& w) { w = normal<T>(w.shape(), ++seed, 0, 0.2); });
  auto const x = normal<T>({1, 4, 6, 5}, 8), feat = normal<T>({1, 4, 6, 5}, 9);
  auto const raw = eval(pack.conv_offset(feat));
  REQUIRE(raw.extent(1) == 54);
  tensor<T, 4> offset, mask;
  auto const y = eval(pack(x, feat, {}, [&](auto const& o, auto const& m) { offset = o, mask = m; }));
  CHECK_CLOSE(y, eval(deform_conv2d(x, slice(raw, 1, 0, 36), eval(sigmoid(slice(raw, 1, 36, 54))), pack.weight, pack.bias, {.padding = 1})),
              36);
  CHECK_CLOSE(offset, slice(raw, 1, 0, 36), 0);
  CHECK_CLOSE(mask, eval(sigmoid(slice(raw, 1, 36, 54))), 1);
  CHECK_CLOSE(eval(pack(x, feat)), y, 0);
}
