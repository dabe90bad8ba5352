// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/page/frame.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "controller/cli/page/markup.hpp"

namespace homeostat::page {
namespace {

using std::chrono::seconds;

constexpr int kMostTicks = 6;  // as many as fit beside each other on a phone
constexpr Duration kDay = std::chrono::hours{24};

/// Seconds between round times; beyond the last, so many days.
constexpr std::array<int, 17> kRound{1,   2,   5,    10,   15,   30,    60,    120,  300,
                                     600, 900, 1800, 3600, 7200, 10800, 21600, 43200};

Duration round_step(Duration length) {
  for (const int step : kRound) {
    if (length / seconds{step} < kMostTicks) return seconds{step};
  }
  for (int days = 1;; days *= 2) {
    if (length / (kDay * days) < kMostTicks) return kDay * days;
  }
}

std::string printed(const char* format, const std::tm& parts) {
  std::array<char, 40> buffer{};
  std::strftime(buffer.data(), buffer.size(), format, &parts);
  return buffer.data();
}

/// Of the wall, or of a run as if it had begun at midnight.
std::tm parts_of(Duration at) {
  const auto whole = static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(at).count());
  std::tm parts{};
  gmtime_r(&whole, &parts);
  return parts;
}

std::string clock_text(Times times, Duration at, const char* clock_format,
                       const char* date_format) {
  const auto parts = parts_of(at);
  const auto time = printed(clock_format, parts);
  if (times == Times::wall) return printed(date_format, parts) + time;
  return (at >= kDay ? std::to_string(at / kDay) + "d " : "") + time;
}

/// No finer than the step between them.
std::string tick_text(const Frame& frame, Duration at, Duration step) {
  const bool days = frame.from / kDay != (frame.from + frame.length) / kDay;
  const auto* format = step < seconds{60} ? "%H:%M:%S" : "%H:%M";
  return clock_text(frame.times, at, format, days ? "%m-%d " : "");
}

std::vector<Duration> round_times(const Frame& frame, Duration step) {
  std::vector<Duration> times;
  auto at = frame.from / step * step;
  if (at < frame.from) at += step;
  for (; at <= frame.from + frame.length; at += step) times.push_back(at);
  return times;
}

}  // namespace

int x_of(const Frame& frame, Duration at) {
  if (frame.length <= Duration{}) return 0;
  const double share = to_seconds(at) / to_seconds(frame.length);
  return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kWidth));
}

std::string time_text(Times times, Duration at) {
  return clock_text(times, at, "%H:%M:%S", "%Y-%m-%d ");
}

std::string backdrop(const Frame& frame, int height) {
  const auto tall = std::to_string(height);
  std::string blips;
  std::string troubles;
  for (const auto& incident : frame.incidents) {
    const int begin = x_of(frame, incident.begin.time_since_epoch() - frame.from);
    const int end = x_of(frame, incident.end.time_since_epoch() - frame.from);
    auto& path = incident.harmless ? blips : troubles;
    path += "M" + std::to_string(begin) + " 0H" + std::to_string(std::max(end, begin + 1)) + "V" +
            tall + "H" + std::to_string(begin) + "z";
  }
  std::string grid;
  for (const auto at : round_times(frame, round_step(frame.length))) {
    grid += "M" + std::to_string(x_of(frame, at - frame.from)) + " 0V" + tall;
  }
  std::string out;
  const auto add = [&](const char* css_class, const std::string& path) {
    if (!path.empty()) out += "<path class=\"" + std::string(css_class) + "\" d=\"" + path + "\"/>";
  };
  add("blip", blips);
  add("trouble", troubles);
  add("grid", grid);
  return out;
}

std::string time_axis(const Frame& frame) {
  const auto step = round_step(frame.length);
  std::string out = "<div class=\"axis\">";
  for (const auto at : round_times(frame, step)) {
    // Names at the very edges would be cut off.
    const double place = 100.0 * x_of(frame, at - frame.from) / kWidth;
    if (place < 4 || place > 96) continue;
    std::array<char, 16> left{};
    std::snprintf(left.data(), left.size(), "%.2f", place);
    out += "<span style=\"left:" + std::string(left.data()) + "%\">" +
           escaped(tick_text(frame, at, step)) + "</span>";
  }
  return out + "</div>\n";
}

}  // namespace homeostat::page
