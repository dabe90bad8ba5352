// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/effect_text.hpp"

#include <algorithm>
#include <optional>

#include "controller/cli/text/quantity.hpp"

namespace homeostat::text {
namespace {

std::string promise(const Effect& effect) {
  const bool relative =
      effect.move == ExpectedMove::falls_by || effect.move == ExpectedMove::rises_by;
  const auto amount = relative ? share(effect.amount) : of_signal(effect.signal, effect.amount);
  auto move = std::string(to_text(effect.move));
  std::replace(move.begin(), move.end(), '_', ' ');
  return move + " " + amount;
}

std::string level(const Effect& effect, const std::optional<double>& value) {
  return value ? of_signal(effect.signal, *value) : "unknown";
}

std::string why(EffectDoubt doubt) {
  switch (doubt) {
    case EffectDoubt::none:
      return "";
    case EffectDoubt::unmeasured:
      return ", it was not measured";
    case EffectDoubt::missing_samples:
      return ", too many samples were missing meanwhile";
    case EffectDoubt::traffic_changed:
      return ", the traffic changed too much meanwhile";
    case EffectDoubt::nothing_to_move:
      return ", there was nothing to move";
    case EffectDoubt::given_back:
      return ", the rung was given back before its time was up";
    case EffectDoubt::barred:
      return ", the lever may not have been kept standing";
  }
  return "";
}

}  // namespace

std::string effect(const Effect& effect) {
  auto judged = std::string(to_text(effect.outcome)) + why(effect.doubt);
  if (effect.outcome == EffectOutcome::shared) judged += " with another act aimed at it";
  return effect.signal + " " + level(effect, effect.before) + " -> " + level(effect, effect.after) +
         " in " + duration(effect.judged - effect.acted) + ": " + judged +
         " (promised: " + promise(effect) + ")";
}

}  // namespace homeostat::text
