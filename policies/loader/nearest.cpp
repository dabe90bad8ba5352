// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/nearest.hpp"

#include <algorithm>

namespace homeostat::loader {

std::size_t edit_distance(std::string_view from, std::string_view to) {
  const auto width = to.size() + 1;
  std::vector<std::size_t> table((from.size() + 1) * width);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return table[i * width + j];
  };
  for (std::size_t i = 0; i <= from.size(); ++i) {
    for (std::size_t j = 0; j <= to.size(); ++j) {
      if (i == 0 || j == 0) {
        cell(i, j) = i + j;
        continue;
      }
      const std::size_t replaced = cell(i - 1, j - 1) + (from[i - 1] == to[j - 1] ? 0 : 1);
      cell(i, j) = std::min({cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        cell(i, j) = std::min(cell(i, j), cell(i - 2, j - 2) + 1);
      }
    }
  }
  return cell(from.size(), to.size());
}

std::optional<std::string> nearest(std::string_view found, const std::vector<std::string>& valid) {
  constexpr std::size_t kLongest = 100;  // nobody misspells more; the table grows with the square
  if (found.size() > kLongest) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_distance = 0;
  for (const auto& name : valid) {
    if (name.size() > kLongest) continue;
    const auto distance = edit_distance(found, name);
    const auto allowed = std::max<std::size_t>(1, std::max(found.size(), name.size()) / 3);
    if (distance > allowed || (best && distance >= best_distance)) continue;
    best = name;
    best_distance = distance;
  }
  return best;
}

std::string in_quotes(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    text.append("`").append(name).append("`");
  }
  return text;
}

std::string suggestion(std::string_view found, const std::vector<std::string>& valid) {
  if (const auto name = nearest(found, valid)) return "did you mean `" + *name + "`?";
  if (valid.empty()) return "there is none to choose from";
  return (valid.size() == 1 ? "expected " : "expected one of ") + in_quotes(valid);
}

}  // namespace homeostat::loader
