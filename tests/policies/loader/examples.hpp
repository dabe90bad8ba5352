// SPDX-License-Identifier: Apache-2.0
// Documents on which the loader and the schema must agree.
#pragma once

#include <string>
#include <vector>

namespace homeostat::test {

struct Example {
  std::string name;
  std::string text;
  bool loads = true;  ///< the loader takes it
  bool valid = true;  ///< the schema takes it; it cannot know rules between values
};

std::vector<Example> policy_examples();
/// Over regulated_vocabulary().
std::vector<Example> regulator_examples();
/// Over job_vocabulary().
std::vector<Example> job_examples();
std::vector<Example> config_examples();

}  // namespace homeostat::test
