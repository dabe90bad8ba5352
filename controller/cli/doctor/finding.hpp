// SPDX-License-Identifier: Apache-2.0
// What `homeostat doctor` has to say about one thing that it looked at. Plain data.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace homeostat::doctor {

enum class Grade {
  ok,
  warn,  ///< it works, but something will go wrong one day, or is worse than need be
  fail,  ///< it does not work, or must not be relied upon
};
std::string_view to_text(Grade grade);

/// What to do about a finding that is not ok.
struct Advice {
  std::string why;   ///< why it matters
  std::string mend;  ///< the exact SQL or command, or what to change; may have several lines
};

struct Finding {
  std::string about;  ///< `node/main`, `ledger`, `policies` …
  std::string check;  ///< what was checked, a stable name: `connection`, `pooler` …
  Grade grade = Grade::ok;
  std::string found;  ///< one line: what is so, or what is wrong; never a secret
  Advice advice;      ///< empty when ok
};

/// Takes what the checks of one subject find.
class Findings {
 public:
  explicit Findings(std::string about) : about_(std::move(about)) {}

  void ok(std::string check, std::string found);
  void warn(std::string check, std::string found, Advice advice);
  void fail(std::string check, std::string found, Advice advice);

  const std::vector<Finding>& all() const { return all_; }
  std::vector<Finding>& all() { return all_; }

 private:
  void add(std::string check, Grade grade, std::string found, Advice advice);

  std::string about_;
  std::vector<Finding> all_;
};

/// The worst grade among them; ok when there is none.
Grade worst(const std::vector<Finding>& findings);

/// How many of them have this grade.
int count(const std::vector<Finding>& findings, Grade grade);

nlohmann::json to_json(const std::vector<Finding>& findings);

}  // namespace homeostat::doctor
