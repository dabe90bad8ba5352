// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/plant_words.hpp"

#include <algorithm>
#include <string>

namespace homeostat {
namespace {

/// Of zones here; the daemon's probe measures them of a node.
constexpr const char* kOfZones[] = {"pg_open_transactions", "pg_waiters_over_500ms", "probe_up"};

constexpr const char* kNobody = "none";

LeverDescription admission() {
  LeverDescription lever;
  lever.help = "how many transactions of a zone run at a time, and how long others queue for it";
  lever.arguments = {
      {"concurrency", ArgumentType::number, true, "transactions at a time"},
      {"queue_limit", ArgumentType::duration, false, "who waits longer is turned away"}};
  lever.regulated = {"concurrency", ArgumentType::number,     "transactions", 1, 10'000,
                     true,          "Transactions at a time."};
  return lever;
}

LeverDescription rebalance() {
  LeverDescription lever;
  lever.help = "moves shards between nodes until they are even";
  lever.traits.isolates = true;
  lever.traits.runs_job = true;
  lever.traits.moves_bytes = true;
  lever.arguments = {
      {"deviation", ArgumentType::share, true, "how far a node may be from its fair share"},
      {"weight", ArgumentType::text, false, "what is to be even: rows, bytes, load, or trigger"}};
  return lever;
}

void add_subject(Vocabulary& words, const Subject& subject) {
  auto& subjects = words.subjects[subject.kind];
  if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) {
    subjects.push_back(subject);
  }
}

void add_subjects(Vocabulary& words, const Plant& plant) {
  for (const auto& sample : plant.samples()) add_subject(words, sample.subject);
  words.holders = plant.holders();
  for (const auto& [zone, node] : words.holders) add_subject(words, node);
  for (const auto kind : {SubjectKind::node, SubjectKind::zone, SubjectKind::shard,
                          SubjectKind::group, SubjectKind::view}) {
    auto& subjects = words.subjects[kind];
    if (subjects.empty()) subjects.push_back({kind, kNobody});
  }
  const auto& node = words.subjects[SubjectKind::node].front();
  for (const auto& zone : words.subjects[SubjectKind::zone]) words.holders.try_emplace(zone, node);
}

void add_lever(Vocabulary& words, const std::string& name, LeverDescription lever,
               const std::vector<SubjectKind>& kinds) {
  lever.targets.clear();
  for (const auto kind : kinds) {
    for (const auto& subject : words.subjects[kind]) lever.targets.push_back(to_text(subject));
  }
  words.levers.insert_or_assign(name, std::move(lever));
}

}  // namespace

void add_plant_words(Vocabulary& words, const Plant& plant) {
  for (auto& [name, signal] : words.signals) signal.provided = true;
  for (const auto* name : kOfZones) {
    const auto signal = words.signals.find(name);
    if (signal != words.signals.end()) signal->second.about = SubjectKind::zone;
  }
  for (auto& [name, signal] : words.signals) {
    signal.also_provided = std::any_of(
        plant.samples().begin(), plant.samples().end(), [&, name = name](const Sample& sample) {
          return sample.signal == name && sample.subject.kind == signal.also_about;
        });
  }
  add_subjects(words, plant);
  add_lever(words, "admission", admission(), {SubjectKind::zone});
  add_lever(words, "batch_window", words.levers["batch_window"], {SubjectKind::group});
  add_lever(words, "zone", words.levers["zone"], {SubjectKind::zone, SubjectKind::node});
  add_lever(words, "rebalance", rebalance(), {SubjectKind::cluster});
}

}  // namespace homeostat
