// SPDX-License-Identifier: Apache-2.0
#include "edvr/model/memory_budget.hpp"
#include "networks.hpp"
#include "support.hpp"
using namespace edvr;

namespace {
template <class T = float>
nn::edvr_net<T> small(edvr_config c = {}) {
  c.num_feat = 8, c.deformable_groups = 2, c.num_extract_block = c.num_reconstruct_block = 1;
  nn::edvr_net<T> net(c);
  nn::init_random(net, 3);
  return net;
}
/// The frames of a restored clip, which may be fewer than were pushed if the restorer was sought forward.
template <class T, class Restorer>
std::vector<tensor<T, 3>> run(Restorer& restorer, tensor<T, 4> const& clip) {
  index_t const first = restorer.next_frame();
  auto const all = restore_clip(restorer, clip);
  std::vector<tensor<T, 3>> frames;
  for (index_t i = 0; i < restorer.next_frame() - first; ++i) frames.push_back(select(all, 0, i));
  return frames;
}
/// Frame c0 restored from its window taken straight from the clip.
template <class T>
tensor<T, 3> direct(nn::edvr_net<T> const& net, tensor<T, 4> const& clip, index_t c0, temporal_padding p) {
  auto x = empty<T>(coord<5>{{1, net.config.num_frame, 3, clip.extent(2), clip.extent(3)}});
  auto const frames = window_frames(c0, clip.extent(0), {net.config.num_frame, net.config.center()}, p);
  for (std::size_t i = 0; i < frames.size(); ++i) assign(select(select(x, 0, 0), 0, static_cast<index_t>(i)), select(clip, 0, frames[i]));
  return squeeze(restore_window(net, x), 0);
}
}  // namespace

TEST_CASE("windows at the ends of a clip") {
  auto const is = [](index_t c0, index_t t, temporal_padding p, std::vector<index_t> want) {
    CHECK(window_frames(c0, 100, {t, t / 2}, p) == want);
  };
  is(0, 5, temporal_padding::replicate, {0, 0, 0, 1, 2});
  is(98, 5, temporal_padding::replicate, {96, 97, 98, 99, 99});
  is(0, 5, temporal_padding::reflection, {2, 1, 0, 1, 2});
  is(99, 7, temporal_padding::reflection, {96, 97, 98, 99, 98, 97, 96});
  is(0, 5, temporal_padding::reflection_circle, {4, 3, 0, 1, 2});
  is(1, 5, temporal_padding::reflection_circle, {4, 0, 1, 2, 3});
  is(98, 7, temporal_padding::reflection_circle, {95, 96, 97, 98, 99, 94, 93});
  is(0, 7, temporal_padding::circle, {4, 5, 6, 0, 1, 2, 3});
  is(99, 7, temporal_padding::circle, {96, 97, 98, 99, 93, 94, 95});
  for (auto p : temporal_paddings)
    for (index_t n = 1; n <= 12; ++n)
      for (index_t t = 1; t <= 8; ++t)
        for (index_t center = 0; center < t; ++center)
          for (index_t c0 = 0; c0 < n; ++c0) {
            auto const w = window_frames(c0, n, {t, center}, p);
            CHECK(static_cast<index_t>(w.size()) == t);
            CHECK(w[static_cast<std::size_t>(center)] == c0);
            CHECK(std::all_of(w.begin(), w.end(), [n](index_t f) { return f >= 0 && f < n; }));
          }
}
TEST_CASE("a streamed clip is, frame for frame and bit for bit, its windows; short clips fall back to replicate") {
  for (edvr_config c : {edvr_config{}, edvr_config{.num_frame = 3, .center_frame_idx = 0}, edvr_config{.num_frame = 4},
                        edvr_config{.num_alignment_dcn = 1}}) {
    auto const net = small(c);
    for (auto p : temporal_paddings)
      for (index_t n : {1, 2, 3, 4, 5, 7}) {
        if (sanitized && n % 2 == 0) continue;
        auto const clip = uniform<float>({n, 3, sanitized ? 4 : 8, 8}, 1);
        video_options<float> o;
        o.padding = p, o.split = false;
        video_restorer<float> restorer(net, o);
        auto const out = run(restorer, clip);
        REQUIRE(static_cast<index_t>(out.size()) == n);
        CHECK(restorer.fell_back() == !is_possible(p, {net.config.num_frame, net.config.center()}, n));
        for (index_t t : {index_t{0}, n / 2, n - 1}) CHECK(allclose(out[static_cast<std::size_t>(t)], direct(net, clip, t, p), 0, 0));
      }
  }
}
TEST_CASE("alignment in halves changes a clip by rounding only") {
  auto const net = small({.num_feat = 32, .deformable_groups = 8});
  auto const clip = uniform<float>({7, 3, 16, 24}, 1);
  auto const restored = [&](bool cache, bool split) {
    return restore_clip(video_restorer<float>(net, {.cache = cache, .split = split}), clip);
  };
  auto const plain = restored(false, false), cached = restored(true, false), halves = restored(true, true);
  CHECK(allclose(cached, plain, 0, 0));
  CHECK(allclose(halves, plain, 0, 1e-5));
  CHECK_FALSE(allclose(halves, plain, 0, 0));  // or it did not run
  if (sanitized) return;
  auto const exact = eval(cast<float>(
      restore_clip(video_restorer<double>(small<double>({.num_feat = 32, .deformable_groups = 8}), {.cache = false, .split = false}),
                   eval(cast<double>(clip)))));
  CHECK(allclose(halves, exact, 0, 1e-4));
}
TEST_CASE("the result does not depend on the band of rows that is worked on at once") {
  for (edvr_config c : {edvr_config{.num_feat = 16}, edvr_config{.num_feat = 16, .hr_in = true}}) {
    auto const net = small(c);
    index_t const side = c.hr_in ? 4 : 1;
    auto const x = uniform<float>({2, 5, 3, 12 * side, 8 * side}, 1);
    auto const whole = net(x, {.band = 1 << 20});
    for (index_t band : {1, 3, 4, 8, 17, 64}) CHECK(allclose(net(x, {.band = band}), whole, 0, 0));
  }
}
TEST_CASE("after the first frames of a clip no large block is asked of the system" * doctest::skip(sanitized)) {
  auto const net = small({.num_feat = 32, .deformable_groups = 8});
  video_restorer<float> restorer(net);
  std::int64_t before = 0;
  for (int t = 0; t < 14; ++t) {
    restorer.push(uniform<float>({3, 48, 64}, static_cast<std::uint64_t>(t)));
    if (t == 8) before = detail::block_cache::instance().asked();
    restorer.pop();
  }
  CHECK(detail::block_cache::instance().asked() == before);
}
TEST_CASE("seek restores the same frames as the whole clip, reading only what their windows need") {
  auto const net = small();
  auto const clip = uniform<float>({12, 3, 8, 8}, 1);
  for (auto p : temporal_paddings) {
    video_options<float> o;
    o.padding = p;
    video_restorer<float> all(net, o);
    auto const want = run(all, clip);
    for (index_t from : {1, 5, 7, 11}) {
      video_restorer<float> part(net, o);
      index_t const first = part.seek(from);
      CHECK(first == std::max<index_t>(0, from - 4));
      auto const got = run(part, slice(clip, 0, first, 12));
      REQUIRE(static_cast<index_t>(got.size()) == 12 - from);
      for (std::size_t i = 0; i < got.size(); ++i) CHECK(allclose(got[i], want[i + static_cast<std::size_t>(from)], 0, 0));
    }
  }
}
TEST_CASE("frames of any size come back at the scaled size") {
  auto const net = small();
  for (auto [h, w] : {std::pair<index_t, index_t>{1, 1}, {3, 5}, {8, 9}, {13, 4}}) {
    auto const x = uniform<float>({1, 5, 3, h, w}, 1);
    for (auto mode : {pad_mode::reflect, pad_mode::replicate}) {
      video_options<float> o;
      o.spatial = mode;
      CHECK(restore_window(net, x, o).shape() == shape<4>{{1, 3, 4 * h, 4 * w}});
    }
  }
  auto const deblur = small({.hr_in = true, .with_predeblur = true});
  CHECK(restore_window(deblur, uniform<float>({1, 5, 3, 17, 30}, 1)).shape() == shape<4>{{1, 3, 17, 30}});
  CHECK_THROWS_SAYING(shape_error, "no empty frames", restore_window(net, zeros<float>({1, 5, 3, 0, 4})));
}
TEST_CASE("the ensemble is the mean over four flips, and commutes with them") {
  auto const net = small<double>();
  auto const x = sanitized ? uniform<double>({1, 5, 3, 4, 8}, 1) : uniform<double>({1, 5, 3, 8, 12}, 1);
  video_options<double> o;
  o.ensemble = true;
  auto const y = restore_window(net, x, o);
  auto const mean = eval(
      (net(x) + flip(net(clone(flip(x, 4))), 3) + flip(net(clone(flip(x, 3))), 2) + flip(flip(net(clone(flip(flip(x, 3), 4))), 2), 3)) /
      4.0);
  CHECK_CLOSE(y, mean, 1000);
  CHECK_CLOSE(restore_window(net, clone(flip(x, 4)), o), clone(flip(y, 3)), 1000);
}
TEST_CASE("progress of an ensemble goes from 0 to 1 once") {
  std::vector<double> told;
  video_options<float> o{.ensemble = true};
  o.forward.progress = [&](double done) { return told.push_back(done), true; };
  (void)restore_window(small(), uniform<float>({1, 5, 3, 8, 8}, 1), o);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == 1);
}
TEST_CASE("two stages are the second model over the first one's 8-bit frames") {
  auto const first = small(), second = small({.hr_in = true});
  auto const clip = uniform<float>({6, 3, 8, 8}, 1);
  video_options<float> o1, o2;
  o2.padding = temporal_padding::replicate;
  video_restorer<float> a(first, o1), b(second, o2);
  auto const middle = run(a, clip);
  auto all = empty<float>(coord<4>{{6, 3, 32, 32}});
  for (std::size_t i = 0; i < middle.size(); ++i) assign(select(all, 0, static_cast<index_t>(i)), from_8bit<float>(to_8bit(middle[i])));
  auto const want = run(b, all);
  two_stage_restorer<float> both(video_restorer<float>(first, o1), video_restorer<float>(second, o2));
  auto const got = run(both, clip);
  REQUIRE(got.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(allclose(got[i], want[i], 0, 0));
  CHECK_THROWS_SAYING(model_error, "the second model enlarges",
                      two_stage_restorer<float>(video_restorer<float>(first), video_restorer<float>(first)));
}
TEST_CASE("seek through two stages gives the same frames, and refuses what it cannot do") {
  auto const first = small(), second = small({.hr_in = true});
  auto const clip = uniform<float>({11, 3, 8, 8}, 1);
  two_stage_restorer<float> all(video_restorer<float>{first}, video_restorer<float>{second}),
      part(video_restorer<float>{first}, video_restorer<float>{second});
  auto const want = run(all, clip);
  index_t const from = part.seek(9);
  CHECK(from == 1);
  auto const got = run(part, slice(clip, 0, from, 11));
  REQUIRE(got.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(allclose(got[i], want[i + 9], 0, 0));
  video_restorer<float> r(first);
  CHECK_THROWS_SAYING(error, "seek to frame -1", r.seek(-1));
  r.push(zeros<float>({3, 8, 8}));
  CHECK_THROWS_SAYING(error, "after a push", r.seek(3));
}
TEST_CASE("memory of 100 frames is within 5 % of that of 20" * doctest::skip(sanitized)) {
  auto const net = small();
  auto const peak_of = [&](index_t n) {
    host_memory.peak_bytes = host_memory.bytes.load();
    auto const before = host_memory.bytes.load();
    video_restorer<float> restorer(net);
    index_t given = 0;
    for (index_t t = 0; t < n; ++t) {
      restorer.push(uniform<float>({3, 16, 16}, static_cast<std::uint64_t>(t)));
      while (restorer.pop()) ++given;
    }
    restorer.finish();
    while (restorer.pop()) ++given;
    CHECK(given == n);
    return static_cast<double>(host_memory.peak_bytes.load() - before);
  };
  double const twenty = peak_of(20), hundred = peak_of(100);
  CHECK(hundred <= 1.05 * twenty);
}
TEST_CASE("wrong frames, cancelling and results that are not finite are errors that name the frame") {
  auto const net = small();
  video_restorer<float> r(net);
  CHECK_THROWS_SAYING(shape_error, "frame 0 has shape (4, 8, 8); expected (3, h, w)", r.push(zeros<float>({4, 8, 8})));
  r.push(zeros<float>({3, 8, 8}));
  CHECK_THROWS_SAYING(shape_error, "frame 1 has shape (3, 8, 12); expected (3, 8, 8)", r.push(zeros<float>({3, 8, 12})));
  r.finish();
  CHECK_THROWS_SAYING(error, "push after finish", r.push(zeros<float>({3, 8, 8})));
  CHECK(r.pop());
  CHECK_FALSE(r.pop());

  video_options<float> stop;
  stop.forward.progress = [](double done) { return done < 0.5; };
  video_restorer<float> cancelled_one(net, stop);
  cancelled_one.push(zeros<float>({3, 8, 8})), cancelled_one.finish();
  CHECK_THROWS_AS(cancelled_one.pop(), cancelled);

  video_restorer<float> bad(net);
  for (int i = 0; i < 6; ++i) bad.push(full<float>({3, 8, 8}, i == 5 ? std::nanf("") : 0.5f));
  bad.finish();
  CHECK(bad.pop());
  CHECK(bad.pop());
  CHECK(bad.pop());
  CHECK_THROWS_SAYING(numeric_error, "frame 3: ", bad.pop());
}
TEST_CASE("hostile input 65: cancelled, or an exception or want of memory, anywhere in a window: the next pop() gives the same frame") {
  auto const net = small();
  auto const clip = uniform<float>({4, 3, 8, 8}, 1);
  for (bool cache : {true, false}) {
    video_options<float> o;
    o.cache = cache;
    auto const want = restore_clip(video_restorer<float>(net, o), clip);
    int asked = 0, stop_at = 0;
    o.forward.progress = [&](double) {
      if (++asked != stop_at) return true;
      if (stop_at % 3 == 0) throw std::runtime_error("from the callback");
      if (stop_at % 3 == 1) throw std::bad_alloc();
      return false;
    };
    video_restorer<float> restorer(net, o);
    for (index_t t = 0; t < 4; ++t) restorer.push(select(clip, 0, t));
    restorer.finish();
    int interruptions = 0;
    for (index_t t = 0; t < 4;) try {
        asked = 0, ++stop_at;
        auto const frame = restorer.pop();
        REQUIRE(frame);
        CHECK(allclose(*frame, select(want, 0, t), 0, 0));
        ++t, stop_at = 0;
      } catch (cancelled const&) {
        ++interruptions;
      } catch (std::exception const&) {
        ++interruptions;
      }
    CHECK(interruptions > 4 * 5);
    CHECK_FALSE(restorer.pop());
  }
}
TEST_CASE("8 bits: clamped, rounded half to even, and back") {
  auto const x = from({-1.f, 0.f, 0.5f / 255, 1.5f / 255, 2.5f / 255, 1.f, 2.f}, {7});
  auto const y = to_8bit(x);
  std::vector<int> got;
  for (index_t i = 0; i < 7; ++i) got.push_back(y(i));
  CHECK(got == std::vector<int>{0, 0, 0, 2, 2, 255, 255});
  auto const all = eval(cast<std::uint8_t>(arange<int>(256)));
  CHECK(allclose(to_8bit(from_8bit<float>(all)), all, 0, 0));
}
TEST_CASE(
    "tiles that see the whole frame give the same bits; with their usual overlap they come close, at any size, with the ensemble and progress") {
  auto const net = small();
  index_t const side = sanitized ? 8 : 16;
  for (auto const& [h, w] : {sanitized ? std::pair<index_t, index_t>{10, 13} : std::pair<index_t, index_t>{33, 46}, {20, 7}}) {
    auto const x = uniform<float>({1, 5, 3, h, w}, 1);
    auto const want = restore_window(net, x);
    for (pair tile : {pair(side), pair(0, side + side / 2), pair(side - 3, 50), pair(500)}) {
      CAPTURE(h);
      CAPTURE(w);
      CAPTURE(tile.y);
      CAPTURE(tile.x);
      CHECK(allclose(restore_window(net, x, {.tile = tile, .overlap = 100}), want, 0, 0));
      auto const y = restore_window(net, x, {.tile = tile});
      CHECK(y.shape() == want.shape());
      CHECK(allclose(y, want, 0, 0.02));
    }
    if (h == 20) CHECK(!allclose(restore_window(net, x, {.tile = 4, .overlap = 1}), want, 0, 1e-7));  // or nothing was cut
    CHECK(allclose(restore_window(net, x, {.ensemble = true, .tile = side, .overlap = 100}), restore_window(net, x, {.ensemble = true}), 0,
                   0));
  }
  auto const same_size = small({.hr_in = true, .with_predeblur = true});
  auto const high = uniform<float>({1, 5, 3, sanitized ? 18 : 50, sanitized ? 35 : 72}, 3);
  CHECK(allclose(restore_window(same_size, high, {.tile = {16, 33}, .overlap = 100}), restore_window(same_size, high), 0, 0));
  CHECK(tile_overlap(video_options<float>{}, same_size.config) == 128);
  constexpr index_t huge = std::numeric_limits<index_t>::max();
  auto const plain = uniform<float>({1, 5, 3, 8, 8}, 4);
  auto const untiled = restore_window(net, plain);
  for (pair tile : {pair(huge, 4), pair(huge), pair(-huge, 4), pair(4, huge - 1)})
    for (index_t overlap : {huge, huge - 3, index_t{1} << 40})
      CHECK(allclose(restore_window(net, plain, {.tile = tile, .overlap = overlap}), untiled, 0, 0));
  auto const clip = uniform<float>({sanitized ? 3 : 6, 3, sanitized ? 10 : 30, sanitized ? 10 : 40}, 2);
  auto const whole = restore_clip(video_restorer<float>(net, {.cache = false}), clip);
  CHECK(allclose(restore_clip(video_restorer<float>(net, {.tile = side, .overlap = 64}), clip), whole, 0, 0));
  auto const unsplit = restore_clip(video_restorer<float>(net, {.split = false}), clip);
  for (pair tile : {pair(4), pair(0, 4), pair(4, 0)})  // cut, though the restorer could keep features of whole frames
    CHECK_FALSE(allclose(restore_clip(video_restorer<float>(net, {.split = false, .tile = tile, .overlap = 1}), clip), unsplit, 0, 1e-6));
  std::vector<double> told;
  video_options<float> options{.tile = {16, 40}};
  options.forward.progress = [&](double done) { return told.push_back(done), true; };
  auto const two_tiles = uniform<float>({1, 5, 3, sanitized ? 18 : 30, sanitized ? 12 : 40}, 2);
  (void)restore_window(net, two_tiles, options);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == 1);
  options.forward.progress = [](double done) { return done < 0.6; };
  CHECK_THROWS_AS(restore_window(net, two_tiles, options), cancelled);
}
TEST_CASE("a memory budget: whole frames while they fit, tiles if they may, and a refusal that says what it takes") {
  auto const net = small();
  auto const fitted = [&](index_t bytes, bool tiles) {
    video_options<float> o;
    fit_memory<float>(o, net.config, 256, 384, bytes, tiles);
    return o;
  };
  index_t const all = fitted(index_t{1} << 40, true).tile.y,
                whole = peak_tensor_bytes(net.config, 256, 384, false, 8) + 5 * 3 * 256 * 384 * 4;
  CHECK(all == 0);
  CHECK(fitted(whole, true).tile.y == 0);
  CHECK(!fitted(whole, true).cache);
  CHECK_THROWS_SAYING(error, "Allow more, or tiles, or restore smaller pieces", fitted(whole - 1, false));
  video_options<float> mean_of_flips{.ensemble = true};  // which is another picture
  CHECK_THROWS_AS(fit_memory<float>(mean_of_flips, net.config, 256, 384, whole), error);
  fit_memory<float>(mean_of_flips, net.config, 256, 384, whole + 3 * 16 * 256 * 384 * 4);
  auto const o = fitted(whole * 8 / 10, true);
  CHECK(o.tile.x > 0);
  CHECK(o.tile.x % 4 == 0);
  CHECK_THROWS_SAYING(error, "MiB for tensors at least", fitted(1000, true));
  for (index_t overlap : {1, 4, 5, 1000}) {
    video_options<float> small_overlap;
    small_overlap.overlap = overlap;
    CHECK_THROWS_AS(fit_memory<float>(small_overlap, net.config, 64, 64, 1000, true), error);
  }
  if (sanitized) return;  // memory is theirs
  auto const x = uniform<float>({1, 5, 3, 256, 384}, 1);
  // Weights packed before: they are counted in the estimate, and small here.
  (void)restore_window(net, uniform<float>({1, 5, 3, 16, 16}, 1));
  host_memory.peak_bytes = host_memory.bytes.load();
  auto const before = host_memory.bytes.load();
  (void)restore_window(net, x, o);
  CHECK(host_memory.peak_bytes.load() - before < whole * 8 / 10);
  video_options<float> half;
  fit_memory<bfloat16>(half, net.config, 256, 384, whole * 8 / 10);
  CHECK(half.tile.y == 0);
}
