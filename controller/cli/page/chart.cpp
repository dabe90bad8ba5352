// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/page/chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "controller/cli/page/markup.hpp"
#include "controller/cli/text/quantity.hpp"

namespace homeostat::page {
namespace {

constexpr int kHeight = 200;
constexpr int kMargin = 4;  // above and below
constexpr std::size_t kLineColours = 6;
constexpr std::size_t kLevelColours = 4;

/// The values at the bottom and at the top.
struct Scale {
  double low = 0;
  double high = 0;
  int y(double value) const {
    const double share = high > low ? (value - low) / (high - low) : 0;
    return static_cast<int>(std::lround(kHeight - kMargin - share * (kHeight - 2 * kMargin)));
  }
};

/// From 0 unless something lies below.
Scale scale_of(const LineChart& chart) {
  Scale scale;
  const auto take = [&](double value) {
    scale.low = std::min(scale.low, value);
    scale.high = std::max(scale.high, value);
  };
  for (const auto& line : chart.lines) {
    for (const auto& slot : line.values->slots()) {
      if (!slot.seen) continue;
      take(slot.low);
      take(slot.high);
    }
  }
  for (const auto& level : chart.levels) take(level.at);
  return scale;
}

std::string point(int x, int y) { return std::to_string(x) + " " + std::to_string(y); }

/// From each slot's nearer end to its other one. What stays the same is one stroke.
std::string path_of(const Envelope& values, const Scale& scale, const Frame& frame) {
  std::string path;
  bool drawing = false;
  int last_x = 0;
  int last_y = 0;
  bool flat = false;  // a stroke to (last_x, last_y) is still to be written
  const auto flush = [&] {
    if (flat) path += "H" + std::to_string(last_x);
    flat = false;
  };
  const auto& slots = values.slots();
  for (std::size_t number = 0; number < slots.size(); ++number) {
    const auto& slot = slots[number];
    if (!slot.seen) {
      drawing = drawing && !slot.gap;
      continue;
    }
    const auto middle = values.slot() * static_cast<Duration::rep>(2 * number + 1) / 2;
    const int x = x_of(frame, middle);
    int near = scale.y(slot.low);
    int far = scale.y(slot.high);
    if (drawing && std::abs(far - last_y) < std::abs(near - last_y)) std::swap(near, far);
    if (drawing && near == last_y && far == last_y) {
      flat = true;
      last_x = x;
      continue;
    }
    flush();
    path += (drawing ? "L" : "M") + point(x, near) + (drawing ? "" : "h0");
    if (far != near) path += "V" + std::to_string(far);
    drawing = true;
    last_x = x;
    last_y = far;
  }
  flush();
  return path;
}

std::string key(const std::string& text, const std::string& css_class) {
  return element("span", text, "key " + css_class);
}

std::string line_class(std::size_t number) { return "l" + std::to_string(number % kLineColours); }

std::string level_class(const LineChart& chart, std::size_t number) {
  // A level and its clear level stand side by side, and have one colour.
  std::size_t colour = 0;
  for (std::size_t before = 0; before < number; ++before) {
    if (!chart.levels[before + 1].dashed) ++colour;
  }
  return "p" + std::to_string(colour % kLevelColours) +
         (chart.levels[number].dashed ? " dashed" : "");
}

std::string caption(const LineChart& chart) {
  auto out = element("b", chart.title);
  for (std::size_t number = 0; number < chart.lines.size(); ++number) {
    if (!chart.lines[number].name.empty()) out += key(chart.lines[number].name, line_class(number));
  }
  for (std::size_t number = 0; number < chart.levels.size(); ++number) {
    const auto& level = chart.levels[number];
    out += key(level.name + " " + text::of_signal(chart.unit_of, level.at),
               level_class(chart, number));
  }
  return "<figcaption>" + out + "</figcaption>\n";
}

std::string drawing(const std::string& title, int height, const std::string& content) {
  return "<svg viewBox=\"0 0 " + std::to_string(kWidth) + " " + std::to_string(height) +
         "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" + escaped(title) + "\">" +
         content + "</svg>";
}

std::string draw_lines(const LineChart& chart, const Frame& frame) {
  const auto scale = scale_of(chart);
  auto content = backdrop(frame, kHeight);
  for (std::size_t number = 0; number < chart.levels.size(); ++number) {
    const auto y = std::to_string(scale.y(chart.levels[number].at));
    content += "<line class=\"level " + level_class(chart, number) + "\" x1=\"0\" x2=\"" +
               std::to_string(kWidth) + "\" y1=\"" + y + "\" y2=\"" + y + "\"/>";
  }
  for (std::size_t number = 0; number < chart.lines.size(); ++number) {
    const auto path = path_of(*chart.lines[number].values, scale, frame);
    if (path.empty()) continue;
    content += "<path class=\"line " + line_class(number) + "\" d=\"" + path + "\"/>";
  }
  return "<figure>" + caption(chart) + "<div class=\"plot\">" +
         drawing(chart.title, kHeight, content) +
         element("span", text::of_signal(chart.unit_of, scale.high), "high") +
         element("span", text::of_signal(chart.unit_of, scale.low), "low") + "</div></figure>\n";
}

}  // namespace

std::string draw(const LineChart& chart, const Frame& frame) {
  if (chart.lines.size() <= LineChart::kMostLines) return draw_lines(chart, frame);
  Envelope all = *chart.lines.front().values;
  for (const auto& line : chart.lines) all.merge(*line.values);
  auto one = chart;
  one.lines = {{"lowest to highest of " + std::to_string(chart.lines.size()), &all}};
  return draw_lines(one, frame);
}

}  // namespace homeostat::page
