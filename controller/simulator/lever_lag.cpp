// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/lever_lag.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {
namespace {

bool same(const LeversInForce& levers, const std::vector<DesiredLever>& desired) {
  return std::equal(levers.begin(), levers.end(), desired.begin(), desired.end(),
                    [](const auto& standing, const DesiredLever& wanted) {
                      return standing.first == wanted.key && standing.second == wanted.value;
                    });
}

}  // namespace

void LeverLag::command(const std::vector<DesiredLever>& desired,
                       const std::set<std::string, std::less<>>& held, TimePoint now) {
  if (same(commanded_, desired)) return;
  LeversInForce wanted;
  for (const auto& lever : desired) wanted.emplace(lever.key, lever.value);
  for (const auto& [key, value] : commanded_) {
    if (held.contains(key.lever)) wanted[key] = value;
  }
  if (wanted == commanded_) return;
  commanded_ = std::move(wanted);
  under_way_.push_back({now + lag_, commanded_});
}

const LeversInForce& LeverLag::at(TimePoint now) {
  while (!under_way_.empty() && under_way_.front().due <= now) {
    standing_ = std::move(under_way_.front().levers);
    under_way_.pop_front();
  }
  return standing_;
}

}  // namespace homeostat
