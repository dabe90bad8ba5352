// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/formula_reading.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "policies/engine/formula.hpp"

namespace homeostat {
namespace {

class FormulaReader {
 public:
  FormulaReader(const PolicySet& set, const Snapshot& snapshot, const Subject& subject,
                TimePoint now)
      : set_(set), snapshot_(snapshot), subject_(subject), now_(now) {}

  FormulaReading read(const Formula& formula) {
    result_.value = value(formula);
    if (!result_.value && result_.reason == AbsentReason::none) {
      result_.reason = AbsentReason::not_a_number;
    }
    return std::move(result_);
  }

 private:
  std::optional<double> value(const Formula& formula) {
    std::vector<double> inputs;
    for (const auto& input : formula.inputs) {
      const auto one = input.record.empty() ? signal(input.signal) : record(input);
      if (one) inputs.push_back(*one);
    }
    // The others have been read all the same: each that is missing is told.
    if (inputs.size() < formula.inputs.size() || !formula.program) return std::nullopt;
    const double computed = formula.program->evaluate(inputs);
    return std::isnan(computed) ? std::nullopt : std::optional(computed);
  }

  std::optional<double> record(const FormulaInput& input) {
    const auto computed = value(input.record.front());
    Evidence seen;
    seen.signal = input.name;
    seen.quality = computed ? Quality::whole : Quality::absent;
    seen.reason = computed ? AbsentReason::none : AbsentReason::not_a_number;
    if (!computed && result_.reason != AbsentReason::none) seen.reason = result_.reason;
    seen.numerator = computed.value_or(0);
    add(std::move(seen));
    return computed;
  }

  std::optional<double> signal(const SignalName& name) {
    const auto reading = read_signal(set_, snapshot_, name, subject_, Aggregate::automatic, now_);
    if (reading.quality == Quality::absent && result_.reason == AbsentReason::none) {
      result_.reason = reading.reason;
    }
    if (reading.taken) {
      result_.taken = result_.taken ? std::min(*result_.taken, *reading.taken) : *reading.taken;
    }
    Evidence seen;
    seen.signal = name;
    seen.quality = reading.quality;
    seen.reason = reading.reason;
    seen.numerator = reading.numerator;
    seen.denominator = reading.denominator;
    if (add(std::move(seen))) {
      ++result_.signals;
      if (reading.quality != Quality::absent) ++result_.known;
    }
    if (reading.quality == Quality::empty) return 0;
    return value_of(reading);
  }

  /// False: a name that is there already.
  bool add(Evidence seen) {
    const bool known = std::any_of(result_.evidence.begin(), result_.evidence.end(),
                                   [&](const Evidence& one) { return one.signal == seen.signal; });
    if (!known) result_.evidence.push_back(std::move(seen));
    return !known;
  }

  const PolicySet& set_;
  const Snapshot& snapshot_;
  const Subject& subject_;
  TimePoint now_;
  FormulaReading result_;
};

}  // namespace

FormulaReading read_formula(const PolicySet& set, const Snapshot& snapshot, const Formula& formula,
                            const Subject& subject, TimePoint now) {
  return FormulaReader(set, snapshot, subject, now).read(formula);
}

SignalReading read_record(const PolicySet& set, const Snapshot& snapshot, const Formula& record,
                          const Subject& subject, TimePoint now) {
  const auto reading = read_formula(set, snapshot, record, subject, now);
  const auto taken = reading.taken.value_or(now);  // of numbers alone: always new
  if (!reading.value) return {Quality::absent, reading.reason, 0, 0, reading.taken};
  if (!std::isfinite(*reading.value)) {
    return {Quality::absent, AbsentReason::not_a_number, 0, 0, taken};
  }
  return {Quality::whole, AbsentReason::none, *reading.value, 1, taken};
}

bool server_changed(const Snapshot& snapshot, const Formula& formula, const Subject& subject) {
  return std::any_of(formula.inputs.begin(), formula.inputs.end(), [&](const FormulaInput& input) {
    return input.record.empty() ? server_changed(snapshot, input.signal, subject)
                                : server_changed(snapshot, input.record.front(), subject);
  });
}

}  // namespace homeostat
