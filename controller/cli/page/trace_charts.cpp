// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/page/trace_charts.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "controller/cli/page/chart.hpp"
#include "controller/cli/page/markup.hpp"
#include "controller/cli/text/replay_text.hpp"

namespace homeostat::page {
namespace {

/// A plant of a thousand shards has as many tracks: those that did something come first.
constexpr std::size_t kMostTracks = 24;
constexpr std::size_t kMostSums = 6;

std::string name_of(const TrackKey& key) {
  return key.policy + " " + to_text(key.subject) + (key.side.empty() ? "" : ", " + key.side);
}

/// What the signal is compared with; nothing for tests of something else than its value.
std::optional<double> threshold_of(const Arm& arm) {
  if (const auto* level = std::get_if<LevelTest>(&arm.test)) return level->threshold;
  if (const auto* cusum = std::get_if<CusumTest>(&arm.test)) return cusum->ref;
  return std::nullopt;
}

std::vector<ChartLevel> levels_on(const SignalName& signal, const PolicySet& policies) {
  std::vector<ChartLevel> levels;
  for (const auto& policy : policies.policies) {
    for (const auto& arm : policy.open.arms) {
      if (arm.signal != signal) continue;
      if (const auto at = threshold_of(arm)) levels.push_back({policy.name, *at, false});
      if (arm.clear_level) levels.push_back({policy.name + " clear", *arm.clear_level, true});
    }
  }
  return levels;
}

bool is_judged(const SignalName& signal, const PolicySet& policies) {
  return std::any_of(policies.policies.begin(), policies.policies.end(), [&](const Policy& policy) {
    return std::any_of(policy.open.arms.begin(), policy.open.arms.end(),
                       [&](const Arm& arm) { return arm.signal == signal; });
  });
}

bool known(const std::map<Subject, Envelope>& subjects) {
  return std::any_of(subjects.begin(), subjects.end(),
                     [](const auto& subject) { return !subject.second.empty(); });
}

/// Those that conditions judge, or the others.
std::string signal_charts(const Trace& trace, const PolicySet& policies, const Frame& frame,
                          bool judged) {
  std::string out;
  for (const auto& [signal, subjects] : trace.signals) {
    if (!known(subjects) || is_judged(signal, policies) != judged) continue;
    LineChart chart{signal, signal, {}, levels_on(signal, policies)};
    for (const auto& [subject, values] : subjects) {
      chart.lines.push_back({to_text(subject), &values});
    }
    out += draw(chart, frame);
  }
  return out;
}

/// The sums of cusum against the trip.
std::string sum_charts(const Trace& trace, const PolicySet& policies, const Frame& frame) {
  std::string out;
  std::size_t drawn = 0;
  for (const auto& policy : policies.policies) {
    for (std::size_t arm = 0; arm < policy.open.arms.size(); ++arm) {
      const auto* cusum = std::get_if<CusumTest>(&policy.open.arms[arm].test);
      if (cusum == nullptr || drawn == kMostSums) continue;
      LineChart chart{policy.name + ": cusum of " + policy.open.arms[arm].signal,
                      "",
                      {},
                      {{"trip", cusum->trip, false}}};
      for (const auto& [key, track] : trace.tracks) {
        const auto found = track.sums.find(arm);
        if (key.policy != policy.name || !key.side.empty() || found == track.sums.end()) continue;
        chart.lines.push_back({to_text(key.subject), &found->second});
      }
      if (chart.lines.empty()) continue;
      out += draw(chart, frame);
      ++drawn;
    }
  }
  return out;
}

std::string plant_charts(const Trace& trace, const Frame& frame) {
  std::string out;
  if (trace.controlled && trace.truth) {
    out += draw(LineChart{"what is controlled: " + trace.controlled->name,
                          "",
                          {{"", &*trace.truth}},
                          {{"limit", trace.controlled->limit, false}}},
                frame);
  }
  if (trace.critical && trace.non_critical) {
    out += draw(LineChart{"share of the demand that is served",
                          "",
                          {{"critical", &*trace.critical}, {"can wait", &*trace.non_critical}},
                          {}},
                frame);
  }
  for (const auto& [name, values] : trace.inside) {
    out += draw(LineChart{name, name, {{"", &values}}, {}}, frame);
  }
  return out;
}

std::string value_chart(const TrackKey& key, const Track& track, const Frame& frame) {
  return draw(LineChart{name_of(key) + ": where its lever stands", "", {{"", &track.value}}, {}},
              frame);
}

/// As many as are legible.
std::string track_charts(const Trace& trace, const Frame& frame) {
  std::vector<std::pair<const TrackKey*, const Track*>> tracks;
  for (const auto& [key, track] : trace.tracks) tracks.emplace_back(&key, &track);
  std::stable_partition(tracks.begin(), tracks.end(), [](const auto& track) {
    return !track.second->moves.empty() || !track.second->value.empty();
  });
  const auto shown = std::min(tracks.size(), kMostTracks);
  // Laid beside each other: the sides of one policy and subject.
  std::sort(tracks.begin(), tracks.begin() + static_cast<std::ptrdiff_t>(shown),
            [](const auto& one, const auto& other) { return *one.first < *other.first; });
  std::string out;
  for (std::size_t number = 0; number < shown; ++number) {
    const auto& [key, track] = tracks[number];
    out += track->kind == PolicyKind::regulator ? value_chart(*key, *track, frame)
                                                : draw(name_of(*key), *track, frame);
  }
  if (shown < tracks.size()) {
    out += element("p", "and " + std::to_string(tracks.size() - shown) + " more", "quiet");
  }
  return out;
}

std::string legend(const Trace& trace) {
  std::string text =
      "Bars: rungs taken, red while open, brown while half open. Marks above them: a step forward "
      "in red, one back in green.";
  if (!trace.incidents.empty())
    text += " Shaded: what goes wrong; grey: blips, which are harmless.";
  return element("p", text, "quiet");
}

}  // namespace

std::string trace_charts(const Trace& trace, const PolicySet& policies, Times times) {
  const Frame frame{trace.from, trace.length, times, trace.incidents};
  return signal_charts(trace, policies, frame, true) + track_charts(trace, frame) +
         sum_charts(trace, policies, frame) + plant_charts(trace, frame) +
         signal_charts(trace, policies, frame, false) + time_axis(frame) + legend(trace);
}

std::string action_list(const Trace& trace, Times times) {
  if (trace.actions.empty()) return {};
  std::vector<text::Row> rows{{"Time", "Policy", "Subject", "Step", ""}};
  for (const auto& action : trace.actions) {
    rows.push_back({time_text(times, action.wall.time_since_epoch()), action.policy,
                    to_text(action.subject), std::string(to_text(action.step)),
                    text::where(action)});
  }
  const auto all = trace.actions.size() + trace.more_actions;
  auto out = "<details><summary>" + std::to_string(all) + (all == 1 ? " action" : " actions") +
             "</summary>\n" + html_table(rows);
  if (trace.more_actions > 0) {
    out += element("p", "and " + std::to_string(trace.more_actions) + " more", "quiet");
  }
  return out + "</details>\n";
}

}  // namespace homeostat::page
