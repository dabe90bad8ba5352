// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/replay_text.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/table.hpp"
#include "controller/cli/when.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

std::string counted(std::int64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

Row row_of(const std::string& policy, const std::string& subject, const std::string& side,
           const Figures& figures) {
  return {policy,
          subject,
          side,
          std::to_string(figures.openings),
          std::to_string(figures.climbs),
          std::to_string(figures.flaps),
          figures.false_trips ? std::to_string(*figures.false_trips) : "?",
          figures.in_breach ? duration(*figures.in_breach) : "?",
          duration(figures.degraded)};
}

Figures figures_of(const Account& account, const Account::Key& key) {
  const auto found = account.figures().find(key);
  return found == account.figures().end() ? Figures{} : found->second;
}

std::set<Account::Key> keys_of(const Backtest& backtest) {
  std::set<Account::Key> keys;
  for (const auto& [key, figures] : backtest.replayed().figures()) keys.insert(key);
  for (const auto& [key, figures] : backtest.other().figures()) keys.insert(key);
  return keys;
}

/// How an action stands to its fellow on the other side.
std::string beside(const PairedAction& pair, const std::string& other) {
  if (other.empty()) return "";
  if (!pair.other) return "only replayed";
  if (!pair.one) return "only " + other;
  const auto later = pair.one->wall - pair.other->wall;
  if (later == Duration{}) return "";
  return later > Duration{} ? duration(later) + " later than " + other
                            : duration(-later) + " sooner than " + other;
}

const char* mark(const PairedAction& pair, const std::string& other) {
  if (other.empty()) return " ";
  if (!pair.other) return "+";
  if (!pair.one) return "-";
  return pair.differs() ? "~" : " ";
}

std::string actions(const std::vector<PairedAction>& pairs, const std::string& other, int limit) {
  const auto rows = replay_actions(pairs, other, limit);
  auto out = table(rows, 0);
  if (rows.size() < pairs.size()) {
    out += "... and " + std::to_string(pairs.size() - rows.size()) + " more (--limit)\n";
  }
  return out;
}

json figures_json(const Account& account) {
  auto out = json::array();
  for (const auto& [key, figures] : account.figures()) {
    json of_one = {{"policy", key.first},          {"subject", to_text(key.second)},
                   {"openings", figures.openings}, {"climbs", figures.climbs},
                   {"flaps", figures.flaps},       {"degraded_us", figures.degraded.count()}};
    if (figures.false_trips) of_one["false_trips"] = *figures.false_trips;
    if (figures.in_breach) of_one["in_breach_us"] = figures.in_breach->count();
    out.push_back(std::move(of_one));
  }
  return out;
}

json action_json(const Action& action) {
  return {{"time", exact_rfc3339(action.wall)}, {"policy", action.policy},
          {"subject", to_text(action.subject)}, {"mode", to_text(action.mode)},
          {"step", to_text(action.step)},       {"rung", action.rung},
          {"harmful", action.harmful}};
}

}  // namespace

std::vector<std::string> recording_facts(const RecordingFacts& facts) {
  if (!facts.first) return {"nothing was recorded in that time"};
  auto span =
      utc(*facts.first) + " to " + utc(*facts.last) + ": " + counted(facts.steps, "step", "steps");
  if (facts.starts > 0) {
    span += " of " + counted(facts.starts, "start of the daemon", "starts of the daemon");
  }
  std::vector<std::string> out{std::move(span)};
  const auto note = [&](std::string line) { out.push_back(std::move(line)); };
  if (facts.unknown_beginnings > 0) {
    note(counted(facts.unknown_beginnings, "start begins", "starts begin") +
         " in the middle: what the daemon knew by then is not there, so that the first minutes may "
         "differ");
  }
  if (facts.gaps > 0) {
    note(counted(facts.gaps, "time", "times") + " without a sample, the longest " +
         duration(facts.longest_gap) + ": evidence stands still there");
  }
  if (facts.acts > 0) {
    note("the recorded daemon set levers " + counted(facts.acts, "time", "times") +
         ": what that did is in the samples, whatever is replayed; false trips are not to be told "
         "there from trips that helped");
  }
  if (facts.barred > 0) {
    note("in " + counted(facts.barred, "step", "steps") +
         " nothing could move forward (paused, not leading …), and cannot in the replay");
  }
  for (const auto& policy : facts.other_policies) {
    note("`" + policy +
         "` was recorded with another text or mode, or is not replayed: its recorded "
         "breach is not known");
  }
  return out;
}

std::vector<Row> replay_figures(const Backtest& backtest, const std::string& other) {
  std::vector<Row> rows{{"POLICY", "SUBJECT", "", "OPENINGS", "CLIMBS", "FLAPS", "FALSE TRIPS",
                         "IN BREACH", "DEGRADED"}};
  for (const auto& key : keys_of(backtest)) {
    const auto subject = to_text(key.second);
    rows.push_back(row_of(key.first, subject, "replayed", figures_of(backtest.replayed(), key)));
    if (!other.empty()) rows.push_back(row_of("", "", other, figures_of(backtest.other(), key)));
  }
  return rows;
}

std::string where(const Action& action) {
  switch (action.step) {
    case Step::fired:
    case Step::resolved:
    case Step::started:
    case Step::resumed:
    case Step::stopped:
    case Step::finished:
    case Step::failed:
      return "";  // no ladder
    default:
      break;
  }
  if (action.value) return "at " + number(*action.value);
  const auto rung = "rung " + std::to_string(action.rung);
  return action.harmful ? rung + " given back: it did harm" : rung;
}

std::vector<Row> replay_actions(const std::vector<PairedAction>& pairs, const std::string& other,
                                int limit) {
  std::vector<Row> rows;
  for (const auto& pair : pairs) {
    if (static_cast<int>(rows.size()) == limit) break;
    const auto& action = pair.any();
    rows.push_back({mark(pair, other), utc(action.wall), action.policy, to_text(action.subject),
                    std::string(to_text(action.mode)), std::string(to_text(action.step)),
                    where(action), beside(pair, other)});
  }
  return rows;
}

std::string difference(const Backtest& backtest) {
  if (!backtest.first_difference()) return "Every verdict is the same, byte for byte.";
  return counted(backtest.differing_verdicts(), "verdict differs", "verdicts differ") +
         ", the first at " + utc(*backtest.first_difference()) + ".";
}

std::string replay(const Backtest& backtest, const std::string& other, int limit) {
  std::string out;
  for (const auto& fact : recording_facts(backtest.facts())) {
    out += (out.empty() ? "" : "note: ") + fact + "\n";
  }
  if (!backtest.facts().first) return out;
  const auto pairs = backtest.actions();
  out += "\n" + table(replay_figures(backtest, other), 0) + "\n";
  if (pairs.empty()) {
    out += "Nobody would have done anything.\n";
  } else {
    out += other.empty() ? "Actions:\n"
                         : "Actions (+ only replayed, - only " + other + ", ~ at another time):\n";
    out += actions(pairs, other, limit);
  }
  if (other.empty()) return out;
  return out + "\n" + difference(backtest) + "\n";
}

std::string replay_json(const Backtest& backtest, const std::string& other) {
  const auto& facts = backtest.facts();
  json out = {{"steps", facts.steps},
              {"starts", facts.starts},
              {"unknown_beginnings", facts.unknown_beginnings},
              {"gaps", facts.gaps},
              {"longest_gap_us", facts.longest_gap.count()},
              {"barred_steps", facts.barred},
              {"recorded_acts", facts.acts},
              {"other_policies", facts.other_policies},
              {"replayed", figures_json(backtest.replayed())},
              {"actions", json::array()}};
  if (!other.empty()) {
    out["differing_verdicts"] = backtest.differing_verdicts();
    out[other] = figures_json(backtest.other());
  }
  if (facts.first) out["first"] = exact_rfc3339(*facts.first);
  if (facts.last) out["last"] = exact_rfc3339(*facts.last);
  if (backtest.first_difference()) {
    out["first_difference"] = exact_rfc3339(*backtest.first_difference());
  }
  for (const auto& pair : backtest.actions()) {
    json both = json::object();
    if (pair.one) both["replayed"] = action_json(*pair.one);
    if (pair.other) both[other] = action_json(*pair.other);
    out["actions"].push_back(std::move(both));
  }
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace homeostat::text
