// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <sstream>
#include <vector>

#include "edvr/interop/eigen.hpp"
#include "support.hpp"
using namespace edvr;

TEST_CASE("arange counts as torch.arange does") {
  auto const numbers = [](auto const& x) {
    std::vector<double> v;
    for (index_t i = 0; i < x.size(); ++i) v.push_back(static_cast<double>(x(i)));
    return v;
  };
  using list = std::vector<double>;
  CHECK(numbers(arange<int>(4)) == list{0, 1, 2, 3});
  CHECK(numbers(arange<int>(0)) == list{});
  CHECK(numbers(arange<std::int64_t>(3, 10, 2)) == list{3, 5, 7, 9});
  CHECK(numbers(arange<std::int64_t>(3, 9, 2)) == list{3, 5, 7});
  CHECK(numbers(arange<int>(2, -4, -2)) == list{2, 0, -2});
  CHECK(numbers(arange<int>(2, 2)) == list{});
  CHECK(numbers(arange<std::int8_t>(-128, 127, 100)) == list{-128, -28, 72});
  CHECK(numbers(arange<std::uint8_t>(250, 255, 4)) == list{250, 254});
  CHECK(numbers(arange<std::int64_t>(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                                     index_t{1} << 62)) == list{-0x1p63, -0x1p62, 0, 0x1p62});
  CHECK(numbers(arange<float>(1, 2.5, 0.5)) == list{1, 1.5, 2});
  CHECK(numbers(arange<double>(1, 0, -0.25)) == list{1, 0.75, 0.5, 0.25});
  CHECK(arange<float>(0, 3 * ((1 << 24) + 2), 3)(16'777'217) == 50'331'652);  // i alone is no float
  CHECK(arange<float16>(0, 35'000, 0.5)(65'536) == 32'768);
  CHECK(arange<bfloat16>(0, 387, 1.5)(257) == 386);
  CHECK_THROWS_SAYING(shape_error, "arange: from 2 to 5 by -1; expected a step towards the end", arange<int>(2, 5, -1));
  CHECK_THROWS_SAYING(shape_error, "by 0;", arange<std::int8_t>(2, 2, 0));
  CHECK_THROWS_SAYING(shape_error, "by 0;", arange<float>(0, 1, 0));
  CHECK_THROWS_SAYING(shape_error, "from 0 to nan", arange<double>(0, std::nan(""), 1));
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes", arange<float>(0, 1e300, 1e-300));
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes",
                      arange<std::int64_t>(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
  CHECK_THROWS_AS(arange<int>(-1), shape_error);
}
TEST_CASE("factories give row-major tensors with the elements asked for") {
  auto const z = zeros<float>({2, 3});
  CHECK(z.shape() == shape<2>{{2, 3}});
  CHECK(z.strides() == strides<2>{{3, 1}});
  CHECK(z(1, 2) == 0);
  CHECK(full<int>({2}, 7)(1) == 7);
  CHECK(ones<double>({1, 1, 2})(0, 0, 1) == 1);
  auto const f = from({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}, {3, 2});
  CHECK(f(2, 1) == 6);
  CHECK(from(std::vector<int>{1, 2}, {2, 1})(1, 0) == 2);
  CHECK(from(std::array{1.0, 2.0}, coord<1>{{2}})(1) == 2);
  CHECK(zeros<bool>({2})(0) == false);
  CHECK(zeros<std::uint8_t>(coord<0>{}).size() == 1);
  CHECK_THROWS_SAYING(shape_error, "from: 3 elements given; expected 4, because the shape is (2, 2)", from({1, 2, 3}, {2, 2}));
  CHECK_THROWS_SAYING(shape_error, "negative extent on axis 1", zeros<float>({2, -1}));
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes", zeros<double>({index_t{1} << 31, index_t{1} << 31}));
}
TEST_CASE("extents that would overflow are refused, beside an extent of 0 too") {
  index_t const huge = index_t{1} << 40;
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes", zeros<float>({0, huge, huge}));
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes", broadcast_to(zeros<float>({1}), {huge, huge}));
  CHECK_THROWS_SAYING(shape_error, "negative extent", broadcast_to(zeros<float>({1}), {-3}));
  auto const broad = broadcast_to(ones<float>({1, 1, 1, 1}), {1, 1, index_t{1} << 30, index_t{1} << 30});
  CHECK_THROWS_SAYING(shape_error, "more than 2^63 bytes", eval(conv2d(broad, ones<float>({16, 1, 1, 1}))));
  CHECK(slice(arange<int>(4), 0, 0, 4, std::numeric_limits<index_t>::max()).extent(0) == 1);
}
TEST_CASE("random tensors are the same for the same seed, whatever the type") {
  auto const a = normal<double>({100}, 5), b = normal<double>({100}, 5), c = normal<double>({100}, 6);
  CHECK(allclose(a, b, 0, 0));
  CHECK_FALSE(allclose(a, c));
  CHECK(allclose(cast<float>(a), normal<float>({100}, 5), 0, 0));
  auto const u = uniform<double>({2000}, 1, -1, 3);
  CHECK(eval(min(u)).item() >= -1);
  CHECK(eval(max(u)).item() < 3);
  CHECK(std::fabs(eval(mean(u)).item() - 1) < 0.1);
  random_source numbers(0);  // as published for this generator and seed
  CHECK(numbers.bits() == 0x53175d61490b23dfu);
  CHECK(numbers.bits() == 0x61da6f3dc380d507u);
}
TEST_CASE("a copy shares, a clone does not") {
  auto const a = zeros<float>({3});
  auto const b = a;
  auto const c = clone(a);
  a(1) = 5;
  CHECK(b(1) == 5);
  CHECK(c(1) == 0);
}
TEST_CASE("views show the same elements") {
  auto const x = reshape(arange<int>(24), {2, 3, 4});
  auto const p = permute(x, {2, 0, 1});
  CHECK(p.shape() == shape<3>{{4, 2, 3}});
  CHECK(p(3, 1, 2) == x(1, 2, 3));
  auto const s = slice(x, 2, 1, 4, 2);
  CHECK(s.extent(2) == 2);
  CHECK(s(1, 2, 1) == x(1, 2, 3));
  CHECK(slice(x, 0, 1, 1).size() == 0);
  auto const f = flip(x, 1);
  CHECK(f(0, 0, 0) == x(0, 2, 0));
  CHECK(select(x, 1, 2)(1, 3) == x(1, 2, 3));
  CHECK(unsqueeze(x, 1).shape() == shape<4>{{2, 1, 3, 4}});
  CHECK(squeeze(unsqueeze(x, 3), 3).shape() == x.shape());
  auto const b = broadcast_to(from({1, 2, 3}, {3, 1}), {2, 3, 4});
  CHECK(b(1, 2, 3) == 3);
  x(0, 2, 0) = 100;
  CHECK(f(0, 0, 0) == 100);
  CHECK_THROWS_SAYING(shape_error, "axis 3; expected 0 to 2", slice(x, 3, 0, 1));
  CHECK_THROWS_SAYING(shape_error, "expected 0 <= from <= to <= 4 and step >= 1", slice(x, 2, 3, 5));
  CHECK_THROWS_SAYING(shape_error, "step 0", slice(x, 2, 0, 4, 0));
  CHECK_THROWS_SAYING(shape_error, "has extent 3; expected 1", squeeze(x, 1));
  CHECK_THROWS_SAYING(shape_error, "given twice", permute(x, {0, 0, 1}));
  CHECK_THROWS_SAYING(shape_error, "differ on axis", broadcast_to(x, {2, 3, 5}));
  CHECK_THROWS_SAYING(shape_error, "position 2 of axis 0", select(x, 0, 2));
}
TEST_CASE("reshape is a view where strides allow it and a copy where not") {
  auto const x = reshape(arange<int>(24), {2, 3, 4});
  CHECK(reshape(x, {6, 4}).owner() == x.owner());
  CHECK(reshape(x, {2, 12}).owner() == x.owner());
  CHECK(reshape(x, {1, 24, 1}).owner() == x.owner());
  auto const rows = slice(x, 1, 0, 2);  // (2, 2, 4), not one run
  CHECK(reshape(rows, {2, 8}).owner() == x.owner());
  CHECK(reshape(rows, {4, 4}).owner() != x.owner());
  CHECK(reshape(rows, {2, 2, 2, 2}).owner() == x.owner());
  auto const turned = permute(x, {2, 1, 0});
  auto const flat = reshape(turned, {24});
  for (index_t i = 0, n = 0; i < 4; ++i)
    for (index_t j = 0; j < 3; ++j)
      for (index_t k = 0; k < 2; ++k) CHECK(flat(n++) == x(k, j, i));
  CHECK(reshape(zeros<int>({0, 3}), {3, 0, 5}).size() == 0);
  CHECK(reshape(full<int>({1, 1}, 3), coord<0>{}).item() == 3);
  CHECK_THROWS_SAYING(shape_error, "has 24 elements; (5, 5) needs 25", reshape(x, {5, 5}));
}
TEST_CASE("printing shows the shape and brackets, long axes shortened") {
  std::ostringstream s;
  s << from({1, 2, 3, 4}, {2, 2}) << '|' << arange<int>(20) << '|' << full<double>(coord<0>{}, 2.5);
  CHECK(s.str() == "(2, 2) [[1, 2],\n [3, 4]]|(20) [0, 1, 2, ..., 17, 18, 19]|() 2.5");
  s.str("");
  s << full<std::uint8_t>({1}, std::uint8_t(65)) << arange<int>(8) << reshape(arange<int>(4), {2, 1, 2});
  CHECK(s.str() == "(1) [65](8) [0, 1, 2, 3, 4, 5, 6, 7](2, 1, 2) [[[0, 1]],\n [[2, 3]]]");
}
TEST_CASE("allclose follows atol + rtol |b|, with NaN and infinities apart") {
  double const nan = std::nan(""), inf = HUGE_VAL;
  auto const one = [](double v) { return full<double>({1}, v); };
  CHECK(allclose(one(1), one(1 + 1e-9)));
  CHECK_FALSE(allclose(one(1), one(1.1)));
  CHECK_FALSE(allclose(one(nan), one(nan)));
  CHECK(allclose(one(nan), one(nan), 0, 0, true));
  CHECK(allclose(one(inf), one(inf)));
  CHECK_FALSE(allclose(one(inf), one(-inf)));
  CHECK_FALSE(allclose(one(1), one(inf)));
  auto const large = [](std::int64_t v) {
    return full<std::int64_t>({1}, (std::int64_t{1} << 53) + v);
  };  // whose successor no double holds
  CHECK_FALSE(allclose(large(0), large(1), 0, 0));
  CHECK_FALSE(allclose(large(1), large(0), 0, 0.5));
  CHECK(allclose(large(0), large(1), 0, 1));
  CHECK(allclose(large(1), large(1), 0, 0));
  long double const near = 1 + std::numeric_limits<long double>::epsilon();
  CHECK_FALSE(allclose(ones<long double>({1}), full<long double>({1}, near), 0, 0));
  CHECK_THROWS_SAYING(shape_error, "allclose: shapes (2) and (3)", allclose(zeros<int>({2}), zeros<int>({3})));
}
TEST_CASE("raw memory and Eigen are seen without copying, both ways") {
  std::vector<float> v{1, 2, 3, 4, 5, 6};
  auto const t = borrow(v.data(), coord<2>{{2, 3}});
  t(1, 0) = 40;
  CHECK(v[3] == 40);
  auto m = as_eigen(permute(t, {1, 0}));
  CHECK(m.rows() == 3);
  CHECK(m(0, 1) == 40);
  m(2, 1) = 60;
  CHECK(v[5] == 60);
  Eigen::MatrixXd e = Eigen::MatrixXd::Random(3, 4);
  auto const f = from_eigen(e);
  CHECK(f(2, 1) == e(2, 1));
  f(0, 3) = 9;
  CHECK(e(0, 3) == 9);
  auto block = e.block(1, 1, 2, 2);
  CHECK(from_eigen(block)(1, 0) == e(2, 1));
  CHECK_THROWS_SAYING(shape_error, "expected none below 0", as_eigen(flip(t, 0)));
}
TEST_CASE("an empty handle and item say what is wrong") {
  tensor<float, 2> none;
  CHECK_THROWS_SAYING(error, "tensor holds nothing", none.data());
  CHECK_THROWS_SAYING(shape_error, "item: tensor has shape (2)", zeros<float>({2}).item());
}
