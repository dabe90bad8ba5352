// SPDX-License-Identifier: Apache-2.0
// Where a consumer's batch window comes from, by its command line.
#pragma once

#include <optional>
#include <string>

#include "deploy/demo/pipeline/control_topic.hpp"
#include "deploy/demo/pipeline/local_regulator.hpp"
#include "deploy/demo/pipeline/obeyed_window.hpp"

namespace melodyud {

class WindowSource {
 public:
  /// `how`: control, fixed:NUMBERms, bare, formula or measured. Throws std::invalid_argument.
  WindowSource(const std::string& how, const KafkaProperties& properties,
               const std::string& control_topic, const std::string& group);

  /// Looks what has changed. `arrived`: as LocalRegulator takes it. True: `costs` have been taken
  /// in.
  bool update(std::int64_t arrived, const BatchCosts& costs);

  BatchWindow window() const;

 private:
  ObeyedWindow obeyed_{BatchWindow{}};
  std::optional<ControlTopic> control_;
  std::optional<LocalRegulator> regulator_;
};

}  // namespace melodyud
