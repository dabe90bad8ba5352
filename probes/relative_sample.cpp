// SPDX-License-Identifier: Apache-2.0
#include "probes/relative_sample.hpp"

namespace homeostat {

Sample relative(const std::string& signal, double part, double whole, TimePoint now) {
  return whole == 0 ? ratio(signal, {}, 0, 0, now) : gauge(signal, {}, part / whole, now);
}

}  // namespace homeostat
