// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/page/replay_page.hpp"

#include "controller/cli/page/markup.hpp"
#include "controller/cli/page/trace_charts.hpp"
#include "controller/cli/text/replay_text.hpp"

namespace homeostat::page {
namespace {

std::string facts(const ReplayPage& page, const Backtest& backtest) {
  std::string out;
  for (const auto& exceeded : page.exceeded) {
    out += element("li", "FAILED: " + exceeded, "bad") + "\n";
  }
  if (!page.other.empty()) {
    const bool same = !backtest.first_difference();
    out += element("li", text::difference(backtest), same ? "good" : "warn") + "\n";
  }
  bool first = true;
  for (const auto& fact : text::recording_facts(backtest.facts())) {
    out += element("li", first ? fact : "note: " + fact, "quiet") + "\n";
    first = false;
  }
  return "<ul>\n" + out + "</ul>\n";
}

std::string actions(const ReplayPage& page, const Backtest& backtest) {
  const auto pairs = backtest.actions();
  if (pairs.empty()) return element("p", "Nobody would have done anything.") + "\n";
  auto rows = text::replay_actions(pairs, page.other, page.limit);
  const auto shown = rows.size();
  rows.insert(rows.begin(), {"", "TIME", "POLICY", "SUBJECT", "MODE", "STEP", "",
                             page.other.empty() ? "" : "BESIDE"});
  auto out = html_table(rows);
  if (shown == pairs.size()) return out;
  return out +
         element("p", "and " + std::to_string(pairs.size() - shown) + " more (--limit)", "quiet") +
         "\n";
}

}  // namespace

std::string replay_page(const ReplayPage& page, const Backtest& backtest, const PolicySet& policies,
                        const ReplayTrace& trace) {
  auto body = element("p", page.recording, "quiet") + "\n" + facts(page, backtest) +
              html_table(text::replay_figures(backtest, page.other));
  if (backtest.facts().first) {
    body += element("h2", "All of it") + "\n" + trace_charts(trace.whole, policies, Times::wall);
  }
  if (trace.closer) {
    const bool differs = backtest.first_difference().has_value();
    body += element("h2", differs ? "Closer: the first difference" : "Closer: the first action") +
            "\n" + trace_charts(*trace.closer, policies, Times::wall);
  }
  body += element("h2", "Actions") + "\n" + actions(page, backtest);
  return document("homeostat replay", body);
}

}  // namespace homeostat::page
