// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/rate_profile.hpp"

#include <algorithm>
#include <cmath>
#include <regex>
#include <stdexcept>
#include <string>

namespace melodyud {

RateProfile::RateProfile(std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    steps_.push_back(parse_step(text.substr(begin, end - begin)));
    begin = end + 1;
  }
}

RateProfile::Step RateProfile::parse_step(std::string_view text) {
  static const std::regex kShape{
      R"( *(\d+(?:\.\d+)?)/s +for +(\d+(?:\.\d+)?)s(?: +bursts +of +([1-9]\d*))? *)"};
  std::match_results<std::string_view::const_iterator> found;
  if (!std::regex_match(text.begin(), text.end(), found, kShape)) {
    throw std::invalid_argument("'" + std::string{text} +
                                "' is no step of a profile, such as '100/s for 20s'");
  }
  Step step;
  step.per_second = std::stod(found[1].str());
  step.seconds = std::stod(found[2].str());
  if (found[3].matched) step.burst = std::stod(found[3].str());
  return step;
}

double RateProfile::events_by(double seconds) const {
  double events = 0;
  for (const auto& step : steps_) {
    const double inside = std::clamp(seconds, 0.0, step.seconds);
    const double made = step.per_second * inside;
    events += step.burst > 0 ? std::floor(made / step.burst) * step.burst : made;
    seconds -= step.seconds;
  }
  return events;
}

double RateProfile::seconds() const {
  double sum = 0;
  for (const auto& step : steps_) sum += step.seconds;
  return sum;
}

}  // namespace melodyud
