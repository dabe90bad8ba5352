// SPDX-License-Identifier: Apache-2.0
#include "probes/kafka_batch_note.hpp"

#include <cstdint>
#include <sstream>

namespace homeostat {

std::string batch_note(const GroupReports& reports, const Result<BatchCost>& cost,
                       std::optional<double> rate) {
  std::ostringstream text;
  text.precision(3);
  text << static_cast<std::int64_t>(reports.sums.batches) << " batches of " << reports.members
       << (reports.members == 1 ? " consumer: " : " consumers: ");
  if (!cost.has_value()) {
    text << cost.error().context;
    return text.str();
  }
  text << cost->per_batch * 1e3 << " ms each and " << cost->per_event * 1e6 << " us an event";
  if (reports.members == 0) {
    text << "; nobody has written an event lately";
  } else if (rate && !keeps_up(*cost, *rate / reports.members)) {
    text << "; too few consumers for what arrives, however large their batches";
  }
  return text.str();
}

}  // namespace homeostat
