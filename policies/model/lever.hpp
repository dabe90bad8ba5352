// SPDX-License-Identifier: Apache-2.0
// Levers: what can be set, where it should stand, and what came of setting it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "policies/model/subject.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// One thing that can be set: `feature` on `class/batch`. Ownership is per key.
struct LeverKey {
  std::string lever;
  std::string target;
  friend auto operator<=>(const LeverKey&, const LeverKey&) = default;
};

using Argument = std::variant<bool, double, std::string>;

/// Where a lever stands: its arguments by name, in base units (a share is 0..1, a duration is
/// seconds). `feature` has one, `admit`. No arguments at all means the baseline: inherited, nothing
/// set by us.
struct LeverValue {
  std::map<std::string, Argument> arguments;
  friend bool operator==(const LeverValue&, const LeverValue&) = default;
  bool baseline() const { return arguments.empty(); }
};

/// "This lever should stand at `value` until `ttl` from now", said anew at every evaluation. A
/// lever that no DesiredLever names belongs at its baseline.
struct DesiredLever {
  LeverKey key;
  LeverValue value;
  Duration ttl{};  ///< the database computes the expiry on its own clock
  std::string policy;
  Subject subject;
  int rung = 0;             ///< 1 is the top of the ladder; 0 for levers without a ladder
  std::string policy_hash;  ///< of the policy's text, so that a changed policy owns nothing
  std::string reason;       ///< one line for the ledger's `act`
  double share = 1;         ///< less in canary: always the same keys then, not new ones each time
  /// Of a regulator: the argument that it moves, and where the lever restricts least. Movement
  /// towards that is allowed whatever bars forward acts.
  std::string regulated = {};
  double baseline = 0;
};

/// Where the ledger says that a regulator's lever stands.
struct RegulatedValue {
  std::string policy;
  Subject subject;
  double value = 0;
  friend bool operator==(const RegulatedValue&, const RegulatedValue&) = default;
};

/// Token of one write under the leader's fence. The database accepts each at most once.
struct FenceToken {
  std::int64_t epoch = 0;     ///< of the lease; never decreases
  std::int64_t sequence = 0;  ///< within the epoch; strictly increasing
};

enum class ChangeKind {
  apply,   ///< move the lever to a value (the ledger row opens, or its value changes)
  renew,   ///< same value, later expiry
  revert,  ///< back to the prior value; the ledger row closes
};

/// One write to a lever. The ledger row is written in the same transaction where the effect is SQL,
/// durably before it otherwise.
struct Change {
  ChangeKind kind = ChangeKind::apply;
  FenceToken token;
  DesiredLever desired;  ///< for a revert only `key`, `policy`, `subject`, `reason` are used
  bool barred = false;   ///< of a renewal: nothing moves forward now, so keep and do nothing else
};

enum class ChangeOutcome {
  applied,  ///< the target now stands where asked
  refused,  ///< the target answered no; it stands where it stood
  yielded,  ///< somebody else had written the target: left alone, the ledger row is closed
  unknown,  ///< no answer in time: read back before anything else
};

std::string_view to_text(ChangeKind kind);
std::optional<ChangeKind> parse_change_kind(std::string_view text);
std::string_view to_text(ChangeOutcome outcome);
std::optional<ChangeOutcome> parse_change_outcome(std::string_view text);

}  // namespace homeostat
