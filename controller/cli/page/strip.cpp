// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "controller/cli/page/chart.hpp"
#include "controller/cli/page/markup.hpp"

namespace homeostat::page {
namespace {

constexpr int kStripHeight = 40;
constexpr int kMarks = 10;  // of it, at the top: forward in the upper half, back in the lower
constexpr const char* kUpper = " 0V5";
constexpr const char* kLower = " 5V10";

/// Of a slot: how many rungs, and 0 closed, 1 half open, 2 open.
struct Bar {
  double rung = 0;
  double state = 0;
  friend bool operator==(const Bar&, const Bar&) = default;
};

Bar bar_at(const Track& track, std::size_t number) {
  const auto high = [&](const Envelope& values) {
    const auto& slots = values.slots();
    return number < slots.size() && slots[number].seen ? slots[number].high : 0.0;
  };
  return {high(track.rung), high(track.state)};
}

std::string box(int begin, int end, double share) {
  const auto height = std::lround(std::clamp(share, 0.0, 1.0) * (kStripHeight - kMarks));
  const auto bottom = std::to_string(kStripHeight);
  return "M" + std::to_string(begin) + " " + bottom + "V" + std::to_string(kStripHeight - height) +
         "H" + std::to_string(std::max(end, begin + 1)) + "V" + bottom + "z";
}

/// Slots that are alike make one box.
std::string boxes(const Track& track, const Frame& frame, double state) {
  std::string path;
  const auto count = std::max(track.rung.slots().size(), track.state.slots().size());
  const auto slot = track.state.slot();
  const auto x = [&](std::size_t number) {
    return x_of(frame, slot * static_cast<Duration::rep>(number));
  };
  for (std::size_t begin = 0; begin < count;) {
    const auto bar = bar_at(track, begin);
    auto end = begin + 1;
    while (end < count && bar_at(track, end) == bar) ++end;
    // A breaker that is open without a rung has passed over all of them: a sliver shows that.
    const double share = std::max(bar.rung / std::max(track.rungs, 1), 0.1);
    if (bar.state == state) path += box(x(begin), x(end), share);
    begin = end;
  }
  return path;
}

std::string marks(const Track& track, const Frame& frame, bool forward) {
  std::string path;
  const auto& slots = track.moves.slots();
  for (std::size_t number = 0; number < slots.size(); ++number) {
    const auto& slot = slots[number];
    if (!slot.seen || (forward ? slot.high <= 0 : slot.low >= 0)) continue;
    const auto middle = track.moves.slot() * static_cast<Duration::rep>(2 * number + 1) / 2;
    path += "M" + std::to_string(x_of(frame, middle)) + (forward ? kUpper : kLower);
  }
  return path;
}

}  // namespace

std::string draw(const std::string& title, const Track& track, const Frame& frame) {
  auto content = backdrop(frame, kStripHeight);
  const auto add = [&](const char* css_class, const std::string& path) {
    if (path.empty()) return;
    content += "<path class=\"" + std::string(css_class) + "\" d=\"" + path + "\"/>";
  };
  add("open", boxes(track, frame, 2));
  add("half", boxes(track, frame, 1));
  add("forward", marks(track, frame, true));
  add("back", marks(track, frame, false));
  return "<figure class=\"strip\"><figcaption>" + element("b", title) +
         "</figcaption>\n<div class=\"plot\"><svg viewBox=\"0 0 " + std::to_string(kWidth) + " " +
         std::to_string(kStripHeight) +
         "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" + escaped(title) + "\">" +
         content + "</svg></div></figure>\n";
}

}  // namespace homeostat::page
