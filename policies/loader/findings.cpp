// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/findings.hpp"

#include <algorithm>
#include <tuple>

namespace homeostat {

std::string to_text(const Finding& finding) {
  const auto& place = finding.place;
  std::string text = place.file;
  if (place.line > 0) {
    text += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  }
  return text + ": " + finding.message;
}

namespace loader {

void put_in_order(std::vector<Finding>& findings, const std::vector<std::string>& files) {
  const auto position = [&files](const Finding& finding) {
    const auto file = std::find(files.begin(), files.end(), finding.place.file) - files.begin();
    return std::tuple(file, finding.place.line, finding.place.column);
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const Finding& a, const Finding& b) { return position(a) < position(b); });
  findings.erase(std::unique(findings.begin(), findings.end()), findings.end());
}

}  // namespace loader
}  // namespace homeostat
