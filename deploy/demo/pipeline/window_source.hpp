// SPDX-License-Identifier: Apache-2.0
// Where a consumer's batch window comes from, by its command line.
#pragma once

#include <optional>
#include <string>

#include "deploy/demo/pipeline/control_topic.hpp"
#include "deploy/demo/pipeline/obeyed_window.hpp"

namespace melodyud {

class WindowSource {
 public:
  /// `how`: control or fixed:NUMBERms. Throws std::invalid_argument.
  WindowSource(const std::string& how, const KafkaProperties& properties,
               const std::string& control_topic, const std::string& group);

  /// Looks what has changed.
  void update();

  BatchWindow window() const;

 private:
  ObeyedWindow obeyed_{BatchWindow{}};
  std::optional<ControlTopic> control_;
};

}  // namespace melodyud
