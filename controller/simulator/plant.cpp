// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/plant.hpp"

#include <cmath>

#include "policies/loader/scalars.hpp"

namespace homeostat {

std::optional<Error> diverged(const Plant& plant, const std::string& quantity, double value,
                              double bound, Duration time) {
  if (std::isfinite(value) && std::abs(value) <= bound) return std::nullopt;
  const auto shown = std::isfinite(value) ? loader::format_number(value)
                     : std::isnan(value)  ? std::string("no number")
                                          : std::string("infinite");
  return Error{ErrorCode::invalid_input,
               "the plant `" + plant.kind() + "` diverged: " + quantity + " is " + shown +
                   " (at most " + loader::format_number(bound) + ") " +
                   loader::format_duration(time) + " after the beginning",
               {}};
}

}  // namespace homeostat
