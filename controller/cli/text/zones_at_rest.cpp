// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/zones_at_rest.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "policies/model/codec.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

/// Where regulators keep their levers in calm times, by policy.
using CalmValues = std::map<std::string, double>;

CalmValues calm_values(const json& report) {
  CalmValues calm;
  for (const auto& policy : report.at("policies")) {
    const auto regulator = policy.find("regulator");
    if (regulator == policy.end() || !regulator->at("baseline").is_number()) continue;
    calm[policy.at("name").get<std::string>()] = regulator->at("baseline").get<double>();
  }
  return calm;
}

bool is_calm(const CalmValues& calm, const std::string& policy, double value) {
  const auto found = calm.find(policy);
  return found != calm.end() && found->second == value;
}

bool is_well(const Sample& sample) {
  if (sample.quality == Quality::absent) return false;
  return sample.signal != "probe_up" || value_of(sample).value_or(0) != 0;
}

bool is_quiet(const Verdict& verdict, const CalmValues& calm) {
  if (verdict.state != BreakerState::closed) return false;
  if (verdict.value && !is_calm(calm, verdict.policy, *verdict.value)) return false;
  return std::none_of(verdict.evidence.begin(), verdict.evidence.end(),
                      [](const Evidence& one) { return one.tripped || one.cusum.value_or(0) > 0; });
}

bool is_at_rest(const json& lever, const CalmValues& calm) {
  if (lever.at("overdue_us").get<std::int64_t>() > 0 || lever.at("drifted").get<bool>() ||
      !lever.at("last_error").get<std::string>().empty()) {
    return false;
  }
  const auto value = lever_value_from_json(lever.at("value"));
  if (!value.has_value()) return false;
  const auto policy = lever.at("policy").get<std::string>();
  return std::any_of(value->arguments.begin(), value->arguments.end(), [&](const auto& argument) {
    const auto* number = std::get_if<double>(&argument.second);
    return number != nullptr && is_calm(calm, policy, *number);
  });
}

/// Each zone that anything is about, and whether it is at rest.
class RestOfZones {
 public:
  void tell(const std::string& subject, bool rests) {
    if (!subject.starts_with("zone/")) return;
    const auto [at, fresh] = rests_.try_emplace(subject, rests);
    if (!fresh) at->second = at->second && rests;
  }
  bool rests(const std::string& subject) const {
    const auto found = rests_.find(subject);
    return found != rests_.end() && found->second;
  }
  ZoneCount count() const {
    const auto resting =
        std::count_if(rests_.begin(), rests_.end(), [](const auto& zone) { return zone.second; });
    return {rests_.size(), static_cast<std::size_t>(resting)};
  }

 private:
  std::map<std::string, bool> rests_;
};

RestOfZones zones_of(const json& report) {
  const auto calm = calm_values(report);
  RestOfZones zones;
  for (const auto& in : report.at("samples")) {
    const auto sample = sample_from_json(in);
    if (sample.has_value()) zones.tell(to_text(sample->subject), is_well(*sample));
  }
  for (const auto& in : report.at("verdicts")) {
    const auto verdict = verdict_from_json(in);
    if (verdict.has_value()) zones.tell(to_text(verdict->subject), is_quiet(*verdict, calm));
  }
  for (const auto& lever : report.at("levers")) {
    zones.tell(lever.at("target").get<std::string>(), is_at_rest(lever, calm));
  }
  for (const auto& one : report.value("refused", json::array())) {  // an older daemon has none
    zones.tell(one.at("target").get<std::string>(), false);
  }
  for (const auto& probe : report.at("probes")) {
    zones.tell(probe.at("subject").get<std::string>(), probe.at("up").get<bool>());
  }
  return zones;
}

/// Takes out of a list what is about zones at rest, by the member that names it.
void drop_resting(json& list, const char* member, const RestOfZones& zones) {
  json kept = json::array();
  for (auto& one : list) {
    if (!zones.rests(one.at(member).get<std::string>())) kept.push_back(std::move(one));
  }
  list = std::move(kept);
}

}  // namespace

ZoneCount hide_zones_at_rest(json& report) {
  const auto zones = zones_of(report);
  auto count = zones.count();
  if (count.all <= kFewZones) return {count.all, 0};
  for (const auto* list : {"samples", "verdicts", "probes"}) {
    drop_resting(report.at(list), "subject", zones);
  }
  for (const auto* list : {"levers", "would"}) drop_resting(report.at(list), "target", zones);
  return count;
}

}  // namespace homeostat::text
