// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/levers_in_force.hpp"

#include <string>
#include <variant>

namespace homeostat {

std::optional<double> argument(const LeversInForce& levers, std::string_view lever,
                               std::string_view target, std::string_view name) {
  if (levers.empty()) return std::nullopt;  // nearly always
  const auto at = levers.find({std::string(lever), std::string(target)});
  if (at == levers.end()) return std::nullopt;
  const auto& arguments = at->second.arguments;
  const auto value = arguments.find(std::string(name));
  if (value == arguments.end()) return std::nullopt;
  const double* number = std::get_if<double>(&value->second);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

double admitted(const LeversInForce& levers, std::string_view target) {
  return argument(levers, "feature", target, "admit").value_or(1);
}

}  // namespace homeostat
