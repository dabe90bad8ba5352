// SPDX-License-Identifier: Apache-2.0
#include "policies/model/formula.hpp"

namespace homeostat {

bool operator==(const FormulaInput& a, const FormulaInput& b) {
  return a.name == b.name && a.signal == b.signal && a.record == b.record;
}

bool operator==(const Formula& a, const Formula& b) {
  return a.text == b.text && a.constants == b.constants && a.inputs == b.inputs;
}

}  // namespace homeostat
