// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/narration.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <optional>
#include <string>

namespace homeostat {
namespace {

std::string level(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "unknown";
}

bool worth_a_line(const Verdict& verdict, const NewestVerdicts& before) {
  if (verdict.step == Step::idle || verdict.step == Step::holding) return false;
  // As often as each second: the act tells of it when it is one, the journal in any case.
  if (verdict.step == Step::adjusted) return false;
  const bool lasting = verdict.step == Step::unknown || verdict.step == Step::blocked;
  if (!lasting) return true;
  const auto last = before.find({verdict.policy, verdict.subject});
  return last == before.end() || last->second.step != verdict.step;
}

std::string judged(const CanaryMemory& memory) {
  return fmt::format("{} right, {} needless or ineffective, {} harmful", memory.passed,
                     memory.failed, memory.harmful);
}

const CanaryStatus* find(const std::vector<CanaryStatus>& all, const CanaryStatus& wanted) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const CanaryStatus& one) {
    return one.policy == wanted.policy && one.memory.policy_hash == wanted.memory.policy_hash;
  });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

void log_verdicts(spdlog::logger& log, const std::vector<Verdict>& verdicts,
                  const NewestVerdicts& before) {
  for (const auto& verdict : verdicts) {
    if (!worth_a_line(verdict, before)) continue;
    log.info("{} {} [{}]: {}, state {}, rung {} of {}", verdict.policy, to_text(verdict.subject),
             to_text(verdict.mode), to_text(verdict.step), to_text(verdict.state), verdict.rung,
             verdict.rungs);
  }
}

void log_probes(spdlog::logger& log, const std::vector<ProbeStatus>& now,
                const std::vector<ProbeStatus>& before) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto& probe = now[i];
    const bool was_up = i >= before.size() || before[i].up;
    if (!probe.up && (was_up || probe.error != before[i].error)) {
      log.warn("probe {} {}: {}", probe.probe, to_text(probe.subject), probe.error);
    } else if (probe.up && !was_up) {
      log.info("probe {} {}: answers again", probe.probe, to_text(probe.subject));
    }
  }
}

void log_notes(spdlog::logger& log, const std::vector<Note>& now, const std::vector<Note>& before) {
  const auto among = [](const std::vector<Note>& notes, const Note& one) {
    return std::any_of(notes.begin(), notes.end(), [&](const Note& other) {
      return other.subject == one.subject && other.key == one.key && other.text == one.text;
    });
  };
  for (const auto& note : now) {
    if (!among(before, note)) log.warn("{} {}: {}", note.key, to_text(note.subject), note.text);
  }
  for (const auto& note : before) {
    if (!among(now, note)) log.info("{} {}: over: {}", note.key, to_text(note.subject), note.text);
  }
}

void log_effects(spdlog::logger& log, const std::vector<Effect>& effects) {
  for (const auto& effect : effects) {
    const bool bad =
        effect.outcome == EffectOutcome::harmful || effect.outcome == EffectOutcome::ineffective;
    log.log(bad ? spdlog::level::warn : spdlog::level::info, "{} {}: rung {} was {}: {} {} -> {}",
            effect.policy, to_text(effect.subject), effect.rung, to_text(effect.outcome),
            effect.signal, level(effect.before), level(effect.after));
  }
}

void log_progress(spdlog::logger& log, const Report& before,
                  const std::vector<CanaryStatus>& canaries, std::optional<TimePoint> braked) {
  for (const auto& now : canaries) {
    const auto* was = find(before.canaries, now);
    if (was == nullptr || was->share == now.share) continue;
    const bool up = now.share > was->share;
    log.log(up ? spdlog::level::info : spdlog::level::warn,
            "canary {}: {} from {:.4g} % to {:.4g} %", now.policy, up ? "goes on" : "goes back",
            was->share * 100, now.share * 100);
    if (!up && now.memory.demoted) {
      log.warn("canary {}: in shadow until acknowledged ({})", now.policy, judged(now.memory));
    }
  }
  if (braked && !before.braked) {
    log.error("storm brake: too many acts lately, nothing moves forward until acknowledged");
  } else if (!braked && before.braked) {
    log.info("storm brake: acknowledged, off");
  }
}

void log_acts(spdlog::logger& log, const std::vector<ActRecord>& acts) {
  for (const auto& act : acts) {
    const bool applied = act.outcome == ChangeOutcome::applied;
    // A renewal is told when it did more than renew.
    if (applied && act.kind == ChangeKind::renew && act.detail.empty()) continue;
    log.log(applied ? spdlog::level::info : spdlog::level::warn, "{} {} {}: {} ({}; {})",
            to_text(act.kind), act.key.lever, act.key.target, to_text(act.outcome), act.policy,
            act.detail);
  }
}

}  // namespace homeostat
