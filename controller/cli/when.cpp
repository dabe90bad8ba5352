// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/when.hpp"

#include "controller/loop/rfc3339.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {

Result<WallTime> parse_when(std::string_view text, WallTime now) {
  constexpr std::string_view kAgo = " ago";
  const bool ago = text.ends_with(kAgo);
  const auto before =
      loader::parse_duration(ago ? text.substr(0, text.size() - kAgo.size()) : text);
  if (before && *before >= Duration::zero()) return now - *before;
  if (const auto time = parse_rfc3339(text)) return *time;
  return Error{ErrorCode::invalid_input, "`" + std::string(text) +
                                             "` is no time: expected 2026-03-01T12:00:00Z, or how "
                                             "long ago, such as 5m or 1h30m"};
}

std::string exact_rfc3339(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto fraction = std::to_string((time - second).count());
  auto text = rfc3339(second);  // 2026-03-01T12:00:00.000Z
  text.resize(text.find('.') + 1);
  return text + std::string(6 - fraction.size(), '0') + fraction + "Z";
}

}  // namespace homeostat
