// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/window_source.hpp"

#include <regex>
#include <stdexcept>

#include "deploy/demo/pipeline/clocks.hpp"

namespace melodyud {

WindowSource::WindowSource(const std::string& how, const KafkaProperties& properties,
                           const std::string& control_topic, const std::string& group) {
  static const std::regex kFixed{R"(fixed:(\d{1,5})ms)"};
  std::smatch found;
  if (how == "control") {
    control_.emplace(properties, control_topic, group);
  } else if (std::regex_match(how, found, kFixed)) {
    BatchWindow fixed;
    fixed.seconds = std::stod(found[1].str()) / 1000;
    obeyed_ = ObeyedWindow{fixed};
  } else {
    throw std::invalid_argument("'" + how + "' is neither control nor fixed:NUMBERms");
  }
}

void WindowSource::update() {
  if (control_) control_->read_into(obeyed_);
}

BatchWindow WindowSource::window() const { return obeyed_.current(unix_milliseconds()); }

}  // namespace melodyud
