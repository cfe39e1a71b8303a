// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "support.hpp"
using namespace edvr;

namespace {
struct fixture {
  tensor<float, 4> x = normal<float>({2, 16, 9, 7}, 1), z = normal<float>({2, 16, 9, 7}, 2);
  tensor<float, 4> w1 = normal<float>({16, 16, 3, 3}, 3, 0, 0.1), w2 = normal<float>({16, 16, 3, 3}, 4, 0, 0.1),
                   wide = normal<float>({16, 32, 3, 3}, 5, 0, 0.1);
  tensor<float, 1> b = normal<float>({16}, 6);
  auto conv1(operand auto&& e) const { return conv2d(std::forward<decltype(e)>(e), w1, b, {.padding = 1}); }
  auto conv2(operand auto&& e) const { return conv2d(std::forward<decltype(e)>(e), w2, b, {.padding = 1}); }
  auto joined(operand auto&& e) const { return conv2d(std::forward<decltype(e)>(e), wide, b, {.padding = 1}); }
  tensor<float, 4> plain1(tensor<float, 4> const& t) const { return eval(conv2d(t, w1, b, {.padding = 1}, algo::reference{})); }
  tensor<float, 4> plain2(tensor<float, 4> const& t) const { return eval(conv2d(t, w2, b, {.padding = 1}, algo::reference{})); }
};
template <class F>
std::int64_t tensors_made(F const& f) {
  auto const before = host_memory.allocations.load();
  f();
  return host_memory.allocations.load() - before;
}
}  // namespace

TEST_CASE_FIXTURE(fixture, "a residual block makes exactly two tensors and agrees with one op at a time") {
  float const s = 0.5f;
  tensor<float, 4> y;
  CHECK(tensors_made([&] { y = eval(x + s * conv2(relu(conv1(x)))); }) == 2);
  auto const r = plain2(eval(relu(plain1(x))));
  CHECK_CLOSE(y, eval(x + s * r), 16 * 9 * 2);
}
TEST_CASE_FIXTURE(fixture, "of two heavy ops the last one written stores the sum") {
  tensor<float, 4> y;
  CHECK(tensors_made([&] { y = eval(conv1(x) + conv2(z)); }) == 2);
  CHECK_CLOSE(y, eval(plain1(x) + plain2(z)), 16 * 9);
  CHECK(tensors_made([&] { y = eval(leaky_relu(conv1(x) + z) * sigmoid(conv2(z)) + x); }) == 2);
  CHECK_CLOSE(y, eval(leaky_relu(plain1(x) + z) * sigmoid(plain2(z)) + x), 16 * 9 * 4);
}
TEST_CASE_FIXTURE(fixture, "concat of heavy ops makes one tensor, at the root and under a heavy op") {
  tensor<float, 4> y;
  CHECK(tensors_made([&] { y = eval(concat(conv1(x), relu(conv2(z)))); }) == 1);
  auto const plain = eval(concat(plain1(x), relu(plain2(z))));
  CHECK_CLOSE(y, plain, 16 * 9);
  CHECK(tensors_made([&] { y = eval(joined(concat(conv1(x), relu(conv2(z))))); }) == 2);
  CHECK_CLOSE(y, eval(conv2d(plain, wide, b, {.padding = 1}, algo::reference{})), 32 * 9 * 4);
  CHECK(tensors_made([&] { y = eval(concat(conv1(x), z)); }) == 1);
  CHECK(tensors_made([&] { y = eval(concat<0>(conv1(x), relu(conv2(z)))); }) == 1);
  CHECK_CLOSE(y, eval(concat<0>(plain1(x), eval(relu(plain2(z))))), 16 * 9);
  CHECK(tensors_made([&] { y = eval(concat<3>(conv1(x), conv2(z))); }) == 1);
  CHECK_CLOSE(y, eval(concat<3>(plain1(x), plain2(z))), 16 * 9);
}
TEST_CASE_FIXTURE(fixture, "a heavy op in each place of where, and two of them") {
  auto const m = eval(z > 0.f);
  tensor<float, 4> y;
  CHECK(tensors_made([&] { y = eval(where(m, conv1(x), conv2(z))); }) == 2);
  CHECK_CLOSE(y, eval(where(m, plain1(x), plain2(z))), 16 * 9);
  CHECK(tensors_made([&] { y = eval(where(m, x, conv2(z))); }) == 1);
  CHECK_CLOSE(y, eval(where(m, x, plain2(z))), 16 * 9);
  auto const sign = eval(plain1(x) > 0.f);
  CHECK(tensors_made([&] { y = eval(where(conv1(x) > 0.f, z + 5.f, z)); }) == 1);
  CHECK(eval(sum(logical_not(equal(y, where(sign, z + 5.f, z))))).item() <= 2);  // rounding may turn a sign
  CHECK(tensors_made([&] { y = eval(where(conv1(x) > conv2(z), x, z)); }) == 2);
}
TEST_CASE_FIXTURE(fixture, "a heavy op below an index map runs first") {
  tensor<float, 4> y;
  CHECK(tensors_made([&] { y = eval(leaky_relu(pixel_shuffle(conv1(x), 2))); }) == 2);
  CHECK_CLOSE(y, eval(leaky_relu(pixel_shuffle(plain1(x), 2))), 16 * 9);
  CHECK(tensors_made([&] { y = eval(conv1(permute(conv2(x), {0, 1, 3, 2}))); }) == 3);
  CHECK_CLOSE(y, plain1(clone(permute(plain2(x), {0, 1, 3, 2}))), 16 * 9 * 4);
}
TEST_CASE_FIXTURE(fixture, "repeating a heavy result by broadcasting is refused when the expression is built") {
  auto const one = normal<float>({1, 16, 1, 1}, 7);
  CHECK_THROWS_SAYING(shape_error, "write eval(conv2d(...))", x * sigmoid(conv2d(x, one)));
  auto const a = eval(sigmoid(conv2d(x, one)));
  CHECK(eval(x * a).shape() == x.shape());
  CHECK_THROWS_SAYING(shape_error, "write eval(sum(...))", x - sum(x, {1}, keepdim));
  CHECK_THROWS_SAYING(shape_error, "pixel_shuffle: result (2, 1, 18, 14) would be repeated to (2, 4, 18, 14)",
                      zeros<float>({2, 4, 18, 14}) + pixel_shuffle(slice(x, 1, 0, 4), 2));
  CHECK_THROWS_SAYING(
      shape_error, "slice, flip, permute or transpose: result (2, 1, 9, 7) would be repeated to (2, 16, 9, 7); write eval(...) around it",
      x + slice(conv2d(x, w1, {.padding = 1}), 1, 0, 1));
}
TEST_CASE_FIXTURE(fixture, "broadcasting follows NumPy, ranks included") {
  auto const row = from({1.f, 2.f, 3.f}, {3});
  auto const column = from({10.f, 20.f}, {2, 1});
  auto const y = eval(row + column);
  CHECK(y.shape() == shape<2>{{2, 3}});
  CHECK(y(1, 2) == 23);
  CHECK(eval(x + reshape(b, {16, 1, 1})).shape() == x.shape());
  CHECK(eval(2.f * (row * row) + zeros<float>({4, 1, 3})).shape() == shape<3>{{4, 1, 3}});
  CHECK_THROWS_SAYING(shape_error, "operator+: shapes (3) and (2) differ on axis 0", row + from({1.f, 2.f}, {2}));
  CHECK(eval(full<float>(coord<0>{}, 2.f) * row)(2) == 6);
}
TEST_CASE_FIXTURE(fixture, "assign works in place where each element is read and written at one position") {
  auto const want = eval(x + 0.5f * conv2(relu(conv1(x))));
  auto const y = clone(to_channels_last(x));
  assign(y, y + 0.5f * conv2(relu(conv1(y))));  // conv2 reads a temporary, the sum the element it writes
  CHECK_CLOSE(y, want, 0);
  assign(y, relu(y));
  CHECK(eval(min(y)).item() == 0);
  auto const eight = arange<float>(8);
  auto const row = unsqueeze(eight, 0);  // the step of an axis of one element is nothing
  assign(row, eight + row);
  assign(row, 2.f * unsqueeze(select(row, 0, 0), 0));
  CHECK(allclose(eight, arange<float>(0, 32, 4), 0, 0));
}
TEST_CASE_FIXTURE(fixture, "assign refuses what it cannot prove harmless, before any work") {
  auto const y = clone(x);
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(y, conv1(y)));
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(y, flip(y, 3)));
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(slice(y, 3, 1, 7), slice(y, 3, 0, 6) + slice(x, 3, 0, 6)));
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(slice(y, 1, 0, 8), concat(slice(y, 1, 8, 12), slice(x, 1, 0, 4))));
  CHECK(allclose(y, x, 0, 0));  // untouched
  auto const upper = slice(y, 1, 8, 16);
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(y, concat(slice(conv1(x), 1, 0, 8) + upper, slice(z, 1, 0, 8))));
  CHECK_THROWS_SAYING(alias_error, "one element at several positions", assign(broadcast_to(zeros<float>({1, 16, 9, 7}), x.shape()), x));
  auto const strided = [hold = zeros<float>({20})](coord<2> const& extents, coord<2> const& strides) {
    return tensor<float, 2>(hold.owner(), 10, extents, strides);
  };
  CHECK_THROWS_SAYING(alias_error, "one element at several positions", assign(strided({{3, 2}}, {{1, 1}}), ones<float>({3, 2})));
  CHECK_THROWS_SAYING(alias_error, "one element at several positions", assign(strided({{3, 3}}, {{-2, 4}}), ones<float>({3, 3})));
  for (auto [extents, strides] :
       {std::pair<coord<2>, coord<2>>{{{3, 3}}, {{1, -3}}}, {{{2, 3}}, {{3, 2}}}, {{{1, 5}}, {{0, 1}}}, {{{0, 5}}, {{0, 0}}}}) {
    auto const to = strided(extents, strides);
    assign(to, ones<float>(extents));
    if (!to.empty()) CHECK(eval(sum(to))() == static_cast<float>(to.size()));
  }
  CHECK_THROWS_SAYING(shape_error, "assign: destination has shape", assign(y, slice(x, 0, 0, 1)));
  auto const bytes = borrow(reinterpret_cast<std::uint8_t*>(y.data()), coord<4>{{2, 16, 9, 7}});
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(y, cast<float>(bytes)));  // another type, the same bytes
}
TEST_CASE_FIXTURE(fixture, "assign sees reads that happen after a first part has been stored, and live reads below a heavy op") {
  auto const y = clone(x);
  auto const half = slice(z, 1, 0, 8);
  auto const narrow = normal<float>({8, 16, 3, 3}, 9);
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(y, concat(half, flip(conv2d(y, narrow, {.padding = 1}), 3))));
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(y, concat(half, conv2d(relu(conv1(y)), narrow, {.padding = 1}))));
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(y, concat(concat(half, slice(relu(conv1(y)), 1, 0, 4)), slice(z, 1, 0, 4))));
  auto const one = slice(y, 1, 0, 1);
  CHECK_THROWS_SAYING(alias_error, "use eval", assign(one, sum(y + flip(conv1(x), 3), {1}, keepdim)));
  CHECK(allclose(y, x, 0, 0));
  assign(y, concat(conv2d(relu(conv1(x)), narrow, {.padding = 1}), half));  // reads nothing of y
}
namespace {
auto over_locals() {
  auto const x = normal<float>({1, 4, 5, 5}, 1);
  auto const z = normal<float>({1, 4, 1, 1}, 2);
  auto const w = normal<float>({4, 4, 3, 3}, 3);
  return relu(x) + 2.f * conv2d(leaky_relu(x) + z, w, {.padding = 1});
}
}  // namespace
TEST_CASE("assign refuses to read, in a product, a maximum or an attention, what it overwrites") {
  auto const y = normal<float>({4, 4}, 1), w = normal<float>({4, 4}, 2);
  auto const b = normal<float>({2, 4, 4}, 3);
  CHECK_THROWS_AS(assign(y, matmul(y, w)), alias_error);
  CHECK_THROWS_AS(assign(y, matmul(w, y)), alias_error);
  CHECK_THROWS_AS(assign(b, matmul(w, b)), alias_error);
  CHECK_THROWS_AS(assign(y, softmax(y, 1)), alias_error);
  CHECK_THROWS_AS(assign(y, scaled_dot_product_attention(w, w, y)), alias_error);
  auto const before = eval(matmul(w, w) + y);
  assign(y, y + matmul(w, w));  // each element where it is written
  CHECK(allclose(y, before, 1e-6, 1e-6));
  auto const index = eval(argmax(normal<float>({4, 4}, 4), 1, keepdim));
  CHECK_THROWS_AS(assign(index, argmax(index, 1, keepdim)), alias_error);
  auto const z = normal<float>({1, 8, 2, 2}, 5);
  CHECK_THROWS_AS(assign(z, concat(conv2d(z, normal<float>({4, 8, 1, 1}, 6)), softmax(slice(z, 1, 0, 4), 1))), alias_error);
}
TEST_CASE("an expression over locals can be returned") {
  auto const y = eval(over_locals());
  CHECK(y.shape() == shape<4>{{1, 4, 5, 5}});
  auto const x = normal<float>({1, 4, 5, 5}, 1), z = normal<float>({1, 4, 1, 1}, 2), w = normal<float>({4, 4, 3, 3}, 3);
  CHECK(allclose(y, relu(x) + 2.f * conv2d(leaky_relu(x) + z, w, {.padding = 1}), 0, 0));
}
TEST_CASE_FIXTURE(fixture, "using a moved-away result says so") {
  auto y = conv1(x);
  auto twice = std::move(y) + std::move(y);
  CHECK_THROWS_SAYING(error, "moved away", eval(std::move(twice)));
}
TEST_CASE_FIXTURE(fixture, "results keep the memory order of what they are made from") {
  CHECK(eval(conv1(x)).is_channels_last());
  CHECK(eval(relu(x)).is_contiguous());
  CHECK(eval(relu(to_channels_last(x)) + x).is_channels_last());
  CHECK(contiguous(eval(conv1(x))).is_contiguous());
}
TEST_CASE_FIXTURE(fixture, "layout does not change a value") {
  auto const y = eval(conv2(relu(conv1(x))) + x);
  CHECK_CLOSE(eval(conv2(relu(conv1(to_channels_last(x)))) + with_gaps(x)), y, 0);
  CHECK_CLOSE(eval(conv2(relu(conv1(with_gaps(x)))) + to_channels_last(x)), y, 0);
  auto const f = flip(flip(clone(flip(x, 2)), 2), 3);
  CHECK_CLOSE(eval(relu(f) + sigmoid(f)), eval(relu(flip(x, 3)) + sigmoid(flip(x, 3))), 4);
}
TEST_CASE("expressions of rank 0 and of no elements run") {
  CHECK(eval(full<double>(coord<0>{}, 2.0) * 3.0 + 1.0).item() == 7);
  CHECK(eval(zeros<float>({0, 3}) + ones<float>({1, 3})).size() == 0);
  CHECK(eval(relu(zeros<float>({2, 0, 4, 4}))).size() == 0);
}
namespace {
struct hypotenuse {
  template <class T>
  T operator()(T const& x) const {
    return x * x;
  }
};
struct half_of {
  template <class T>
  float operator()(T const& v) const {
    return static_cast<float>(v) / 2;
  }
  template <class V>
  void vector(V& y, V const& x) const {
    y = x * 0.5f;
  }
};
struct threshold {
  float at;
  bool operator()(float x) const { return x > at; }
};
}  // namespace
namespace theirs {  // whose apply is not the library's
template <class F, class... A>
int apply(F const&, A const&...) {
  return -1;
}
struct twice {
  template <class T>
  T operator()(T const& v) const {
    return v + v;
  }
};
}  // namespace theirs
TEST_CASE_FIXTURE(fixture, "functors of std and of namespaces that have an apply of their own") {
  CHECK(allclose(apply_each(std::negate<float>{}, z), -z, 0, 0));
  CHECK(allclose(apply_each(std::negate<>{}, conv1(x)), -eval(conv1(x)), 0, 0));
  CHECK(allclose(apply_each(theirs::twice{}, z), z + z, 0, 0));
  CHECK(eval(apply_each(theirs::twice{}, full<long double>({3}, 4.0L)))(1) == 8);
  CHECK(conv2d(x, w1, {}, {}).shape() == conv2d(x, w1, {}).shape());  // neither bias nor parameters
}
TEST_CASE("a user's functor is a pointwise op, and an epilogue") {
  auto const x = normal<float>({1, 16, 4, 4}, 1);
  CHECK_CLOSE(eval(apply_each(hypotenuse{}, x)), eval(x * x), 0);
  auto const w = normal<float>({16, 16, 1, 1}, 2);
  CHECK(tensors_made([&] { (void)eval(apply_each(hypotenuse{}, conv2d(x, w))); }) == 1);
  auto const mask = eval(apply_each(threshold{0.f}, x));
  static_assert(std::is_same_v<decltype(mask)::value_type, bool>);
  CHECK(allclose(where(mask, x, -x), abs(x), 0, 0));
  // vector() is for floats; other operands compute value by value.
  CHECK(allclose(apply_each(half_of{}, arange<float>(19)), arange<float>(19) * 0.5f, 0, 0));
  CHECK(allclose(apply_each(half_of{}, arange<int>(19)), arange<float>(19) * 0.5f, 0, 0));
  CHECK(allclose(apply_each(half_of{}, arange<double>(19)), arange<float>(19) * 0.5f, 0, 0));
}
