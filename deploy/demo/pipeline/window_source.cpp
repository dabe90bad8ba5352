// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/window_source.hpp"

#include <map>
#include <regex>
#include <stdexcept>

#include "deploy/demo/pipeline/clocks.hpp"

namespace melodyud {

WindowSource::WindowSource(const std::string& how, const KafkaProperties& properties,
                           const std::string& control_topic, const std::string& group) {
  static const std::map<std::string, WindowRule> kRules{{"bare", WindowRule::bare},
                                                        {"formula", WindowRule::formula},
                                                        {"measured", WindowRule::measured}};
  static const std::regex kFixed{R"(fixed:(\d{1,5})ms)"};
  std::smatch found;
  if (how == "control") {
    control_.emplace(properties, control_topic, group);
  } else if (const auto rule = kRules.find(how); rule != kRules.end()) {
    regulator_.emplace(rule->second);
  } else if (std::regex_match(how, found, kFixed)) {
    BatchWindow fixed;
    fixed.seconds = std::stod(found[1].str()) / 1000;
    obeyed_ = ObeyedWindow{fixed};
  } else {
    throw std::invalid_argument("'" + how +
                                "' is none of control, fixed:NUMBERms, bare, formula, measured");
  }
}

bool WindowSource::update(std::int64_t arrived, const BatchCosts& costs) {
  if (control_) control_->read_into(obeyed_);
  return regulator_ && regulator_->update(Monotonic::now(), arrived, costs);
}

BatchWindow WindowSource::window() const {
  return regulator_ ? regulator_->window() : obeyed_.current(unix_milliseconds());
}

}  // namespace melodyud
