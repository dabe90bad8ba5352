// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/doctor_text.hpp"

#include <algorithm>
#include <sstream>

#include "controller/cli/text/table.hpp"

namespace homeostat::text {
namespace {

using homeostat::doctor::Finding;
using homeostat::doctor::Grade;

std::string mark(Grade grade) {
  const std::string word{homeostat::doctor::to_text(grade)};
  return grade == Grade::fail ? "FAIL" : word + std::string(4 - word.size(), ' ');
}

// `label` before the first line, the others below it.
std::string indented(const std::string& label, const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  auto before = "        " + label;
  for (std::string line; std::getline(lines, line);) {
    out += before + printable(line) + "\n";
    before.assign(before.size(), ' ');
  }
  return out;
}

std::string counted(int number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

std::string doctor(const std::vector<Finding>& findings) {
  std::size_t width = 0;
  for (const auto& finding : findings) width = std::max(width, finding.check.size());
  std::string out;
  std::string about;
  for (const auto& finding : findings) {
    if (finding.about != about) {
      about = finding.about;
      out += (out.empty() ? "" : "\n") + printable(about) + "\n";
    }
    out += "  " + mark(finding.grade) + "  " + finding.check +
           std::string(width - finding.check.size() + 2, ' ') + printable(finding.found) + "\n";
    out += indented("why:  ", finding.advice.why);
    out += indented("mend: ", finding.advice.mend);
  }
  out += "\n" + std::to_string(count(findings, Grade::ok)) + " ok, " +
         counted(count(findings, Grade::warn), "warning") + ", " +
         counted(count(findings, Grade::fail), "failure") + "\n";
  return out;
}

}  // namespace homeostat::text
