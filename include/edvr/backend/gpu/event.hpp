// SPDX-License-Identifier: Apache-2.0
// Time as the device sees it.
#pragma once
#include <memory>

#include "edvr/backend/gpu/executor.hpp"

#if defined(__CUDACC__)
namespace edvr::inline v1::inline EDVR_UNIT {

/// A moment in a stream of work: event a, b; a.record(ex); ...; b.record(ex); b.milliseconds_since(a).
class event {
 public:
  void record(gpu_executor const& ex = {}) {
    event_ = detail::runtime::make_event();  // on the device that is current now, as the stream is
    detail::runtime::record(event_, ex.stream_);
  }
  /// Waits for this moment. Throws device_error unless both have been recorded.
  double milliseconds_since(event const& from) const { return detail::runtime::milliseconds(from.event_, event_); }

 private:
  std::shared_ptr<void> event_;
};

}  // namespace edvr::v1::EDVR_UNIT
#endif
