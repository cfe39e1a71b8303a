// SPDX-License-Identifier: Apache-2.0
// From the frames of a clip to restored ones: scenes, neighbours, shrinking, progress.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "clip_restorer.hpp"
#include "clip_sink.hpp"
#include "clip_source.hpp"
#include "edvr/metrics/resample.hpp"
#include "interrupt.hpp"
#include "progress_bar.hpp"
#include "restore_options.hpp"
#include "scene_cuts.hpp"

namespace program {

/// What a clip goes through on its way from source to sink.
struct pipeline {
  clip_source& in;
  clip_sink& out;
  restorer_factory make;
  std::optional<double> cut;  // threshold of scene cuts
  double shrink = 1;          // of results
  progress_bar& bar;
  edvr::cpu_executor executor;
  edvr::index_t written = 0;
  bool fell_back = false;
  std::optional<edvr::coord<3>> size = {};  // of every frame
  bool resumed = false;                     // a stream of unknown length, which may have no frame left

  /// Frames r.first .. r.last - 1, or to the end. Reads the neighbours that their windows need, and no window crosses a cut.
  void run(frame_range const& r) {
    auto restorer = make();
    edvr::index_t next = restorer->seek(r.first), scene = 0, done = r.first;
    std::optional<scene_cuts> cuts;
    if (cut) cuts.emplace(*cut);
    edvr::index_t const before = cuts && next > 0 ? 1 : 0;  // whether `next` begins a scene does not matter, but how much it moves does
    in.seek(next - before);
    if (before)
      if (auto const x = in.next()) (*cuts)(*x);
    auto const drain = [&] {
      while (!r.last || done < *r.last) {
        stop_if_interrupted();
        auto y = pop(*restorer, scene);
        if (!y) break;
        out.write(done++, shrink == 1 ? *std::move(y) : shrunk(*y));
        bar.show(static_cast<double>(++written));
      }
    };
    edvr::index_t pushed = 0, first_done = done;  // of this restorer
    auto const note_repeated = [&] { fell_back = fell_back || (done > first_done && restorer->fell_back()); };
    for (;;) {
      drain();
      if (r.last && done >= *r.last) return;
      auto x = in.next();
      if (!x) break;
      if (!size) size = x->shape();
      if (!(x->shape() == *size))
        throw edvr::shape_error(edvr::text(in.name(next), ": frame ", next, " has shape ", x->shape(), "; expected ", *size,
                                           ", the size of the frames before"));
      if (cuts && (*cuts)(*x) && pushed > 0) {
        restorer->finish();
        drain();
        note_repeated();
        if (r.last && done >= *r.last) return;
        restorer = make();
        scene = next, pushed = 0, first_done = done;
        restorer->seek(std::max<edvr::index_t>(0, r.first - scene));
      }
      restorer->push(*std::move(x));
      ++next, ++pushed;
    }
    restorer->finish();
    drain();
    note_repeated();
    edvr::index_t const reached = pushed > 0 || scene > 0 ? next : 0;  // 0: not even where reading was to begin
    if (next == 0 && r.first == 0) throw edvr::io_error(edvr::text(in.name(), ": has no frames"));
    if (done <= r.first && !r.last && !resumed)
      throw edvr::io_error(edvr::text(in.name(), ": ends before frame ", r.first, ", where --frames begins"));
    if (resumed && next < r.first)
      throw edvr::io_error(
          edvr::text(in.name(), ": ends before frame ", r.first, ", though the frames before it are there already; is it cut off?"));
    if (r.last && done < *r.last)
      throw edvr::io_error(edvr::text(in.name(), reached > 0 ? edvr::text(": has ", reached) : edvr::text(": has no more than ", next),
                                      " frames; --frames wants them up to ", *r.last));
  }

 private:
  /// Channel by channel, for the sake of memory.
  edvr::tensor<float, 3> shrunk(edvr::tensor<float, 3> const& frame) const {
    edvr::tensor<float, 3> result;
    for (edvr::index_t c = 0; c < 3; ++c) {
      auto const one = edvr::resize_bicubic(edvr::eval(edvr::cast<double>(edvr::slice(frame, 0, c, c + 1)), executor), shrink);
      if (!result) result = edvr::empty<float>({3, one.extent(1), one.extent(2)});
      edvr::assign(edvr::slice(result, 0, c, c + 1), edvr::cast<float>(one), executor);
    }
    return result;
  }
  std::optional<edvr::tensor<float, 3>> pop(clip_restorer& restorer, edvr::index_t scene) const {
    try {
      return restorer.pop();
    } catch (edvr::numeric_error const& e) {
      throw edvr::numeric_error(
          edvr::text(in.name(), ": ", scene > 0 ? edvr::text("in the scene from frame ", scene, " on, ") : std::string(), e.what()));
    }
  }
};

}  // namespace program
