// SPDX-License-Identifier: Apache-2.0
#include "policies/model/snapshot.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<ForwardBar, 9> kBars{{
    {ForwardBar::none, "none"},
    {ForwardBar::not_leader, "not_leader"},
    {ForwardBar::ledger_lost, "ledger_lost"},
    {ForwardBar::journal_unusable, "journal_unusable"},
    {ForwardBar::lease_flapping, "lease_flapping"},
    {ForwardBar::identity_changed, "identity_changed"},
    {ForwardBar::paused, "paused"},
    {ForwardBar::stopping, "stopping"},
    {ForwardBar::storm_brake, "storm_brake"},
}};

using Key = std::tuple<std::string_view, const Subject&>;

bool before(const Sample& sample, const Key& key) {
  return std::tie(sample.signal, sample.subject) < key;
}

}  // namespace

std::string_view to_text(ForwardBar bar) { return name_of(kBars, bar); }
std::optional<ForwardBar> parse_forward_bar(std::string_view text) { return value_of(kBars, text); }

std::string policy_scope(std::string_view policy) { return "policy/" + std::string(policy); }

ForwardBar bar_for(const Snapshot& snapshot, std::string_view policy) {
  if (snapshot.bar != ForwardBar::none) return snapshot.bar;
  const auto& paused = snapshot.paused;
  const bool is_paused = std::binary_search(paused.begin(), paused.end(), policy);
  return is_paused ? ForwardBar::paused : ForwardBar::none;
}

void put(Snapshot& snapshot, Sample sample) {
  auto& samples = snapshot.samples;
  const Key key(sample.signal, sample.subject);
  const auto at = std::lower_bound(samples.begin(), samples.end(), key, before);
  if (at != samples.end() && at->signal == sample.signal && at->subject == sample.subject) {
    *at = std::move(sample);
  } else {
    samples.insert(at, std::move(sample));
  }
}

const Sample* find(const Snapshot& snapshot, std::string_view signal, const Subject& subject) {
  const auto& samples = snapshot.samples;
  const Key key(signal, subject);
  const auto at = std::lower_bound(samples.begin(), samples.end(), key, before);
  const bool found = at != samples.end() && at->signal == signal && at->subject == subject;
  return found ? &*at : nullptr;
}

}  // namespace homeostat
