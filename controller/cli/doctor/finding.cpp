// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/finding.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace homeostat::doctor {

std::string_view to_text(Grade grade) {
  switch (grade) {
    case Grade::ok:
      return "ok";
    case Grade::warn:
      return "warn";
    case Grade::fail:
      return "fail";
  }
  return "?";
}

void Findings::ok(std::string check, std::string found) {
  add(std::move(check), Grade::ok, std::move(found), {});
}

void Findings::warn(std::string check, std::string found, Advice advice) {
  add(std::move(check), Grade::warn, std::move(found), std::move(advice));
}

void Findings::fail(std::string check, std::string found, Advice advice) {
  add(std::move(check), Grade::fail, std::move(found), std::move(advice));
}

void Findings::add(std::string check, Grade grade, std::string found, Advice advice) {
  all_.push_back({about_, std::move(check), grade, std::move(found), std::move(advice)});
}

Grade worst(const std::vector<Finding>& findings) {
  auto grade = Grade::ok;
  for (const auto& finding : findings) grade = std::max(grade, finding.grade);
  return grade;
}

int count(const std::vector<Finding>& findings, Grade grade) {
  return static_cast<int>(
      std::count_if(findings.begin(), findings.end(),
                    [grade](const Finding& finding) { return finding.grade == grade; }));
}

nlohmann::json to_json(const std::vector<Finding>& findings) {
  auto list = nlohmann::json::array();
  for (const auto& finding : findings) {
    list.push_back({{"about", finding.about},
                    {"check", finding.check},
                    {"grade", to_text(finding.grade)},
                    {"found", finding.found},
                    {"why", finding.advice.why},
                    {"mend", finding.advice.mend}});
  }
  return {{"worst", to_text(worst(findings))},
          {"ok", count(findings, Grade::ok)},
          {"warn", count(findings, Grade::warn)},
          {"fail", count(findings, Grade::fail)},
          {"findings", std::move(list)}};
}

}  // namespace homeostat::doctor
