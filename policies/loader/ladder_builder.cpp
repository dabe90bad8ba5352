// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/ladder_builder.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "policies/loader/condition_builder.hpp"
#include "policies/loader/nearest.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

class LadderBuilder {
 public:
  LadderBuilder(const Value& document, const Vocabulary& vocabulary, PolicyDraft& draft,
                std::vector<Finding>& errors, std::vector<Finding>& notes)
      : document_(document),
        vocabulary_(vocabulary),
        draft_(draft),
        errors_(errors),
        notes_(notes) {}

  void build() {
    for (const auto* const only : {"set", "run"}) {
      if (const auto* const act = find(document_, only)) read_act(*act);
    }
    const auto* const ladder = find(document_, "ladder");
    if (ladder == nullptr) return;
    for (const auto& value : ladder->children) read_act(value);
    const auto written = draft_.policy.ladder.size() + draft_.dropped.size();
    const auto* const open = find(document_, "open");
    if (open != nullptr && written > 0) {
      check_rung_limits(*open, static_cast<std::int64_t>(written), errors_);
    }
    if (!draft_.dropped.empty()) tell_of_dropped(*ladder);
  }

 private:
  void read_act(const Value& value);
  void read_arguments(const Value& value, const LeverDescription& lever, Act& act);
  void check_targets(const Value& value, const LeverDescription& lever, const Act& act);
  void check_repeated_rung(const Value& value, const Act& act);
  bool is_declared(const LeverDescription& lever, Act& act);
  void tell_of_dropped(const Value& ladder);
  void report(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }
  void note(const Place& place, const std::string& message) {
    notes_.push_back({place, "policy `" + draft_.policy.name + "`: " + message});
  }

  const Value& document_;
  const Vocabulary& vocabulary_;
  PolicyDraft& draft_;
  std::vector<Finding>& errors_;
  std::vector<Finding>& notes_;
  std::vector<Place> dropped_places_;
};

void LadderBuilder::read_act(const Value& value) {
  Act act;
  assign_text(act.lever, value, "lever");
  assign_text(act.target, value, "target");
  assign_duration(act.ttl, value, "ttl");
  const auto found = vocabulary_.levers.find(act.lever);
  if (found == vocabulary_.levers.end()) return;  // reported by the reader
  const auto& lever = found->second;
  if (act.ttl <= draft_.policy.every) {
    report(place_of(value, "ttl"), "`ttl` is " + format_duration(act.ttl) +
                                       ", so the act would lapse before it is renewed" +
                                       "; expected more than `every` (" +
                                       format_duration(draft_.policy.every) + ")");
  }
  check_targets(value, lever, act);
  if (!is_declared(lever, act)) {
    draft_.dropped.push_back(act.target);
    dropped_places_.push_back(place_of(value, "target"));
    return;
  }
  read_arguments(value, lever, act);
  check_repeated_rung(value, act);
  draft_.policy.ladder.push_back(std::move(act));
  draft_.act_places.push_back(value.place);
}

void LadderBuilder::read_arguments(const Value& value, const LeverDescription& lever, Act& act) {
  for (const auto& argument : lever.arguments) {
    const auto* const written = find(value, argument.name);
    if (written == nullptr) continue;
    if (const auto* const number = std::get_if<double>(&written->scalar)) {
      act.value.arguments[argument.name] = *number;
    } else if (const auto* const text = std::get_if<std::string>(&written->scalar)) {
      act.value.arguments[argument.name] = *text;
    } else if (const auto* const duration = std::get_if<Duration>(&written->scalar)) {
      act.value.arguments[argument.name] = to_seconds(*duration);
    }
  }
}

void LadderBuilder::check_targets(const Value& value, const LeverDescription& lever,
                                  const Act& act) {
  std::vector<std::string> targets{act.target};
  if (find(value, "target") == nullptr) {
    targets.clear();
    for (const auto& subject : draft_.policy.subjects) targets.push_back(to_text(subject));
  }
  for (const auto& target : targets) {
    const auto& known = lever.targets;
    if (std::find(known.begin(), known.end(), target) != known.end()) continue;
    if (find(value, "target") == nullptr) {
      report(value.key_place,
             "lever `" + act.lever + "` cannot be set on `" + target +
                 "`, the policy's subject; give a `target`: " + suggestion(target, known));
    } else if (known.empty()) {  // otherwise the reader has compared it with the list
      const auto name = target.substr(target.find('/') + 1);
      report(place_of(value, "target"),
             "the inventory has no target for lever `" + act.lever + "`" +
                 (lever.inventory.empty()
                      ? ""
                      : "; declare it as `inventory." + lever.inventory + "." + name + "`"));
    }
  }
}

/// Takes the value from the inventory where the lever's acts only name a target. An unknown target
/// has been reported.
bool LadderBuilder::is_declared(const LeverDescription& lever, Act& act) {
  if (lever.undeclared.contains(act.target)) return false;
  if (!lever.declared) return true;
  const auto found = lever.declared->find(act.target);
  if (found != lever.declared->end()) {
    act.value = found->second;
    return true;
  }
  const auto& known = lever.targets;
  return std::find(known.begin(), known.end(), act.target) == known.end();
}

/// The strictest admission of all rungs wins, so that a rung must go further than those before it.
void LadderBuilder::check_repeated_rung(const Value& value, const Act& act) {
  const auto& ladder = draft_.policy.ladder;
  for (std::size_t rung = 0; rung < ladder.size(); ++rung) {
    if (ladder[rung].lever != act.lever || ladder[rung].target != act.target) continue;
    const auto admit = act.value.arguments.find("admit");
    const auto before = ladder[rung].value.arguments.find("admit");
    const bool further = admit != act.value.arguments.end() &&
                         before != ladder[rung].value.arguments.end() &&
                         admit->second < before->second;
    if (further) continue;
    report(value.key_place, "this rung does nothing: rung " + std::to_string(rung + 1) +
                                " has set `" + act.lever + "` on `" + act.target +
                                "` already; expected another target or less admitted");
    return;
  }
}

void LadderBuilder::tell_of_dropped(const Value& ladder) {
  auto& policy = draft_.policy;
  if (!policy.ladder.empty()) {
    for (std::size_t i = 0; i < draft_.dropped.size(); ++i) {
      note(dropped_places_[i],
           "this rung is dropped: the inventory declares no `" + draft_.dropped[i] + "`");
    }
    return;
  }
  const auto why = "the inventory declares no " + in_quotes(draft_.dropped) +
                   ", and no other rung of this policy is left";
  if (!policy.alert) {
    report(ladder.key_place, why + "; without an `alert` it would do nothing");
    return;
  }
  note(ladder.key_place, why + ": it tells, and acts on nothing");
  policy.kind = PolicyKind::alert;
  policy.expect.reset();
}

}  // namespace

void build_ladder(const Value& document, const Vocabulary& vocabulary, PolicyDraft& draft,
                  std::vector<Finding>& errors, std::vector<Finding>& notes) {
  LadderBuilder(document, vocabulary, draft, errors, notes).build();
}

}  // namespace homeostat::loader
