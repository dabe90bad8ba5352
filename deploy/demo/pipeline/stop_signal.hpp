// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT, asked for instead of interrupting.
#pragma once

#include <signal.h>

namespace melodyud {

/// To be made before any thread is: they inherit that these signals are held back.
class StopSignal {
 public:
  StopSignal() {
    sigemptyset(&awaited_);
    sigaddset(&awaited_, SIGTERM);
    sigaddset(&awaited_, SIGINT);
    sigprocmask(SIG_BLOCK, &awaited_, nullptr);
  }

  /// Whether one has come, now or before.
  bool came() {
    constexpr timespec kNoTime{0, 0};
    came_ = came_ || sigtimedwait(&awaited_, nullptr, &kNoTime) > 0;
    return came_;
  }

 private:
  sigset_t awaited_{};
  bool came_ = false;
};

}  // namespace melodyud
