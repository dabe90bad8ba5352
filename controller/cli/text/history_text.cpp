// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/history_text.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "controller/cli/text/effect_text.hpp"
#include "controller/cli/text/explain_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/table.hpp"

namespace homeostat::text {
namespace {

struct Line {
  WallTime wall{};
  int order = 0;  ///< of what happened at the same time: decided, done, found
  std::string policy;
  std::string subject;
  std::string what;
  std::string detail;
  std::string chain = {};    ///< a line follows on the one before it of the same chain
  std::string repeats = {};  ///< equal to that one's, and not empty: the same thing again
  int times = 1;
  WallTime last{};
};

/// What is only recorded must not read as if it had been done.
std::string step_of(const Verdict& verdict) {
  const std::string step(to_text(verdict.step));
  if (verdict.kind == PolicyKind::alert || verdict.mode == Mode::enforce) return step;
  const std::string mode(to_text(verdict.mode));
  return step + " (" + (verdict.acts() ? mode + " " + share(verdict.share) : mode) + ")";
}

Line line_of(const RecordedVerdict& recorded) {
  const auto& verdict = recorded.verdict;
  Line line{recorded.wall,           0, verdict.policy, to_text(verdict.subject), step_of(verdict),
            reason(verdict, nullptr)};
  line.chain = "verdict " + line.policy + " " + line.subject;
  const bool lasting = verdict.step == Step::blocked || verdict.step == Step::unknown ||
                       verdict.step == Step::idle || verdict.step == Step::holding;
  if (lasting) line.repeats = line.what + std::to_string(verdict.rung);
  return line;
}

Line line_of(const RecordedAct& recorded) {
  const auto& act = recorded.act;
  Line line{recorded.wall,     1, act.policy, to_text(act.subject), std::string(to_text(act.kind)),
            lever_key(act.key)};
  if (act.kind != ChangeKind::revert) line.detail += ": " + lever_value(act.value);
  line.detail += ", " + std::string(to_text(act.outcome));
  if (!act.detail.empty()) line.detail += " (" + act.detail + ")";
  line.chain = "act " + lever_key(act.key);
  if (act.kind == ChangeKind::renew && act.outcome == ChangeOutcome::applied) {
    line.repeats = "renew " + lever_value(act.value) + act.detail;
  }
  return line;
}

Line line_of(const RecordedEffect& recorded) {
  const auto& judged = recorded.effect;
  return {recorded.wall, 2,
          judged.policy, to_text(judged.subject),
          "effect",      "rung " + std::to_string(judged.rung) + ": " + effect(judged)};
}

/// Oldest first; the first of a row of repetitions stands for all.
std::vector<Line> collapsed(std::vector<Line> lines) {
  std::map<std::string, std::size_t> newest;  // of each chain, in `out`
  std::vector<Line> out;
  for (auto& line : lines) {
    line.last = line.wall;
    const auto before = newest.find(line.chain);
    const bool again = before != newest.end() && !line.repeats.empty() &&
                       out[before->second].repeats == line.repeats;
    if (again) {
      ++out[before->second].times;
      out[before->second].last = line.wall;
    } else {
      newest[line.chain] = out.size();
      out.push_back(std::move(line));
    }
  }
  return out;
}

Row row_of(const Line& line) {
  auto detail = line.detail;
  if (line.times > 1) {
    detail += " (" + std::to_string(line.times) + " times until " + utc(line.last) + ")";
  }
  return {utc(line.wall), line.policy, line.subject, line.what, detail};
}

}  // namespace

Lines history(const Past& past, int limit) {
  std::vector<Line> lines;
  // Journals answer newest first: what happened at the same time is in its order when reversed.
  const auto add = [&lines](const auto& recorded) {
    for (auto at = recorded.rbegin(); at != recorded.rend(); ++at) lines.push_back(line_of(*at));
  };
  add(past.verdicts);
  add(past.acts);
  add(past.effects);
  std::stable_sort(lines.begin(), lines.end(), [](const Line& one, const Line& other) {
    return std::pair(one.wall, one.order) < std::pair(other.wall, other.order);
  });
  lines = collapsed(std::move(lines));
  const auto wanted = static_cast<std::size_t>(std::max(limit, 0));
  const auto first = lines.size() > wanted ? lines.size() - wanted : 0;
  std::vector<Row> rows;
  for (std::size_t i = first; i < lines.size(); ++i) rows.push_back(row_of(lines[i]));
  return {table(rows, 0), first};
}

}  // namespace homeostat::text
