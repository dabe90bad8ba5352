// SPDX-License-Identifier: Apache-2.0
// Asks every probe once a step, all at the same time, and turns silence into absent samples.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/loop/report.hpp"
#include "controller/ports/probe.hpp"

namespace homeostat {

class Sampler {
 public:
  /// The probes stay the caller's and must outlive this. Where two sample the same signal of the
  /// same subject, the later one wins.
  explicit Sampler(std::vector<Probe*> probes);

  /// One sample of every signal of every probe, in the probes' order, and `probe_up` (1 or 0) of
  /// every subject and of its parts. A probe that fails or misses `deadline` gives absent samples
  /// that say why.
  [[nodiscard]] boost::asio::awaitable<std::vector<Sample>> sample(TimePoint now,
                                                                   Duration deadline);

  const std::vector<ProbeStatus>& statuses() const { return statuses_; }
  /// What the last whole readings noted for people.
  std::vector<Note> notes() const;
  /// Details of the probes that answered the last time.
  std::vector<Detail> details() const;
  /// Whom the probe of `subject` last found; empty when it has never answered.
  std::string identity(const Subject& subject) const;

 private:
  /// What a probe that does not answer should have given: what it gave last, otherwise what it says
  /// it samples.
  std::vector<std::pair<SignalName, Subject>> expected(std::size_t probe) const;

  std::vector<Probe*> probes_;
  std::vector<ProbeStatus> statuses_;
  std::vector<std::vector<std::pair<SignalName, Subject>>> last_;  // by probe
  std::map<std::string, std::vector<Note>> notes_;                 // by probe and subject
  std::vector<std::vector<Detail>> details_;                       // by probe
  std::map<Subject, std::string> identities_;
};

}  // namespace homeostat
