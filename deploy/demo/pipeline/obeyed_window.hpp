// SPDX-License-Identifier: Apache-2.0
// Which batch window a consumer obeys: the one that Homeostat's control topic holds for its group,
// as long as that is valid, otherwise its own default. Nobody can stop a consumer by a message:
// whatever is wrong with one, the consumer goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "deploy/demo/pipeline/batch_window.hpp"

namespace melodyud {

class ObeyedWindow {
 public:
  explicit ObeyedWindow(BatchWindow own_default) : default_{own_default} {}

  enum class Heard {
    obeyed,
    malformed,     ///< no such JSON, or another version
    out_of_range,  ///< a window, limit or lifetime that no supervisor sets
    older,         ///< its epoch is not above the one obeyed, nor the same one renewed
    from_the_future
  };

  /// A message of our key. `now_ms`: UNIX milliseconds, by our own clock.
  Heard hear(std::string_view value, std::int64_t now_ms);

  /// A message without a value: back to the default at once.
  void withdraw() { obeyed_.reset(); }

  BatchWindow current(std::int64_t now_ms) const;

 private:
  BatchWindow default_;
  std::optional<BatchWindow> obeyed_;
  std::int64_t expires_at_ms_ = 0;
  std::int64_t epoch_ = -1;  ///< the highest obeyed, also after it was withdrawn
};

/// For logs: `malformed`.
const char* name_of(ObeyedWindow::Heard heard);

}  // namespace melodyud
