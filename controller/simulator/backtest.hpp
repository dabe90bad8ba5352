// SPDX-License-Identifier: Apache-2.0
// A recording told again to one policy set, beside another one or beside what was recorded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/loop/journal_reader.hpp"
#include "controller/simulator/account.hpp"
#include "controller/simulator/comparison.hpp"
#include "controller/simulator/replay.hpp"

namespace homeostat {

/// What the recording is, as far as it was told.
struct RecordingFacts {
  std::int64_t steps = 0;
  std::int64_t starts = 0;              ///< of the daemon; 0 when the recording is of samples only
  std::int64_t unknown_beginnings = 0;  ///< starts whose first step is not there any more
  std::optional<WallTime> first;
  std::optional<WallTime> last;
  std::int64_t gaps = 0;  ///< times without a step for longer than samples stay fresh
  Duration longest_gap{};
  std::int64_t barred = 0;  ///< steps in which nothing could move forward
  std::int64_t acts = 0;    ///< levers that the recorded daemon set: their effect is in the samples
  std::set<std::string> other_policies;  ///< recorded with another text or mode, or not replayed
};

/// What one side came to in a step. References hold during the call only.
struct BacktestSide {
  const std::vector<Verdict>& verdicts;
  const std::vector<Effect>& effects;
};

/// One step that counts, and what both sides came to; `other` is nullptr when there is none.
using BacktestWatch = std::function<void(const JournalStep& recorded, const BacktestSide& replayed,
                                         const BacktestSide* other)>;

struct BacktestOptions {
  PolicySet policies;
  std::optional<PolicySet> against;  ///< nothing: what was recorded
  bool decided = true;               ///< false: the recording has samples only
  int speed_up = 1;                  ///< of the recording
  std::optional<WallTime> from;      ///< counted from then on; decided about from the first step on
  std::optional<WallTime> until;
  BacktestWatch watch = {};  ///< sees every step that is counted and was decided about
};

class Backtest {
 public:
  explicit Backtest(BacktestOptions options);

  /// The next step of the recording.
  void add(const journal::RecordedStep& recorded);

  const RecordingFacts& facts() const { return facts_; }
  const Account& replayed() const { return replayed_; }
  const Account& other() const { return other_; }

  /// Verdicts and effects whose JSON is not the same, byte for byte, on both sides.
  std::int64_t differing_verdicts() const { return differing_; }
  const std::optional<WallTime>& first_difference() const { return first_difference_; }

  /// Of both sides, laid beside each other.
  std::vector<PairedAction> actions() const;

 private:
  void note(const journal::RecordedStep& recorded, bool begins);
  void note_policies(const Basis& basis);
  bool counted(WallTime wall) const;

  BacktestOptions options_;
  Replay one_;
  std::optional<Replay> against_;
  Account replayed_;
  Account other_;
  RecordingFacts facts_;
  std::optional<std::int64_t> run_;
  std::int64_t differing_ = 0;
  std::optional<WallTime> first_difference_;
};

}  // namespace homeostat
