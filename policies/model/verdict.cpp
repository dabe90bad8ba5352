// SPDX-License-Identifier: Apache-2.0
#include "policies/model/verdict.hpp"

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<BreakerState, 3> kStates{{
    {BreakerState::closed, "closed"},
    {BreakerState::open, "open"},
    {BreakerState::half_open, "half_open"},
}};

constexpr NameTable<Step, 17> kSteps{{
    {Step::idle, "idle"},
    {Step::blocked, "blocked"},
    {Step::opened, "opened"},
    {Step::climbed, "climbed"},
    {Step::holding, "holding"},
    {Step::restored, "restored"},
    {Step::reopened, "reopened"},
    {Step::closed, "closed"},
    {Step::adjusted, "adjusted"},
    {Step::started, "started"},
    {Step::resumed, "resumed"},
    {Step::stopped, "stopped"},
    {Step::finished, "finished"},
    {Step::failed, "failed"},
    {Step::fired, "fired"},
    {Step::resolved, "resolved"},
    {Step::unknown, "unknown"},
}};

constexpr NameTable<Precedence, 3> kPrecedences{{
    {Precedence::admits_less, "admits_less"},
    {Precedence::priority, "priority"},
    {Precedence::name, "name"},
}};

constexpr NameTable<GateKind, 44> kGates{{
    {GateKind::trip, "trip"},
    {GateKind::backstop, "backstop"},
    {GateKind::rise, "rise"},
    {GateKind::window, "window"},
    {GateKind::absent_for, "absent_for"},
    {GateKind::not_clear, "not_clear"},
    {GateKind::dwell, "dwell"},
    {GateKind::max_open, "max_open"},
    {GateKind::clear, "clear"},
    {GateKind::clear_for, "clear_for"},
    {GateKind::hold, "hold"},
    {GateKind::climb_after, "climb_after"},
    {GateKind::climb_above, "climb_above"},
    {GateKind::healthy_for, "healthy_for"},
    {GateKind::freshness, "freshness"},
    {GateKind::known_subjects, "known_subjects"},
    {GateKind::breached_share, "breached_share"},
    {GateKind::open_subjects, "open_subjects"},
    {GateKind::escalation, "escalation"},
    {GateKind::policy_budget, "policy_budget"},
    {GateKind::cluster_budget, "cluster_budget"},
    {GateKind::sessions_per_hour, "sessions_per_hour"},
    {GateKind::rungs, "rungs"},
    {GateKind::bar, "bar"},
    {GateKind::blocked_while, "blocked_while"},
    {GateKind::benched, "benched"},
    {GateKind::known_inputs, "known_inputs"},
    {GateKind::lower_bound, "lower_bound"},
    {GateKind::upper_bound, "upper_bound"},
    {GateKind::dead_band, "dead_band"},
    {GateKind::max_step, "max_step"},
    {GateKind::cut_every, "cut_every"},
    {GateKind::grow_every, "grow_every"},
    {GateKind::wall_clock, "wall_clock"},
    {GateKind::start_window, "start_window"},
    {GateKind::at_most_every, "at_most_every"},
    {GateKind::cooldown, "cooldown"},
    {GateKind::approval, "approval"},
    {GateKind::one_at_a_time, "one_at_a_time"},
    {GateKind::time_budget, "time_budget"},
    {GateKind::byte_budget, "byte_budget"},
    {GateKind::bytes_per_day, "bytes_per_day"},
    {GateKind::deadline, "deadline"},
    {GateKind::resume_window, "resume_window"},
}};

constexpr NameTable<EffectOutcome, 5> kOutcomes{{
    {EffectOutcome::effective, "effective"},
    {EffectOutcome::ineffective, "ineffective"},
    {EffectOutcome::harmful, "harmful"},
    {EffectOutcome::inconclusive, "inconclusive"},
    {EffectOutcome::shared, "shared"},
}};

constexpr NameTable<EffectDoubt, 7> kDoubts{{
    {EffectDoubt::none, "none"},
    {EffectDoubt::unmeasured, "unmeasured"},
    {EffectDoubt::missing_samples, "missing_samples"},
    {EffectDoubt::traffic_changed, "traffic_changed"},
    {EffectDoubt::nothing_to_move, "nothing_to_move"},
    {EffectDoubt::given_back, "given_back"},
    {EffectDoubt::barred, "barred"},
}};

}  // namespace

std::string_view to_text(BreakerState state) { return name_of(kStates, state); }
std::optional<BreakerState> parse_breaker_state(std::string_view text) {
  return value_of(kStates, text);
}
bool is_forward(Step step) {
  return step == Step::opened || step == Step::climbed || step == Step::reopened ||
         step == Step::started || step == Step::resumed;
}

std::string_view to_text(Step step) { return name_of(kSteps, step); }
std::optional<Step> parse_step(std::string_view text) { return value_of(kSteps, text); }
std::string_view to_text(EffectOutcome outcome) { return name_of(kOutcomes, outcome); }
std::optional<EffectOutcome> parse_effect_outcome(std::string_view text) {
  return value_of(kOutcomes, text);
}
std::string_view to_text(EffectDoubt doubt) { return name_of(kDoubts, doubt); }
std::optional<EffectDoubt> parse_effect_doubt(std::string_view text) {
  return value_of(kDoubts, text);
}
std::string_view to_text(Precedence why) { return name_of(kPrecedences, why); }
std::string_view to_text(GateKind kind) { return name_of(kGates, kind); }
std::optional<GateKind> parse_gate_kind(std::string_view text) { return value_of(kGates, text); }

}  // namespace homeostat
