// SPDX-License-Identifier: Apache-2.0
// Samples from a text file: forces any situation, and shows how a probe is written.
#pragma once

#include <string>
#include <vector>

#include "controller/ports/probe.hpp"

namespace homeostat {

/// Reads the whole file at each sample, so that an edit counts at once. One sample a line:
///
///   # signal          subject    value
///   pg_blocked_ratio  node/main  12/40      a ratio: numerator/denominator, 0/0 is empty
///   view_age_seconds  view/top   90.5       a gauge or a counter
///   probe_up          node/main  absent     no reading
///
/// Blank lines and everything from `#` on are ignored. A line that cannot be read fails the whole
/// sample (invalid_input with its place), as does a signal given twice for one subject; a file that
/// cannot be read is unavailable. Files above 1 MiB are refused.
class Injected : public Probe {
 public:
  explicit Injected(std::string path);

  std::string_view name() const override { return "injected"; }
  Subject subject() const override { return {}; }  ///< cluster
  /// Those of the last file that could be read; at first, of the file found at construction.
  std::vector<SignalName> signals() const override { return signals_; }
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                               Duration deadline) override;

 private:
  std::string path_;
  std::vector<SignalName> signals_;
};

/// The samples of such a text, taken `now`; `file` is for the errors' places.
Result<std::vector<Sample>> parse_samples(std::string_view text, const std::string& file,
                                          TimePoint now);

}  // namespace homeostat
