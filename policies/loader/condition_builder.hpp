// SPDX-License-Identifier: Apache-2.0
// From a checked `open:` to a Condition.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// What a condition must fit to.
struct ConditionContext {
  const std::string& policy;
  SubjectKind about;
  PolicyKind kind;
  const Vocabulary& vocabulary;
  const std::map<std::string, Formula>&
      records;  ///< what a condition may judge instead of a signal
  /// The policy can do without it: when nothing of it is left, it is dropped with a note, too.
  bool may_be_dropped = false;
};

/// Arms whose signal no configured probe provides are dropped with a note: of an `any`, as long as
/// one is left. Of an `all` none is dropped, for the rest would trip more easily than was asked:
/// then, and when none is left, that is an error, or the whole condition is dropped.
Condition build_condition(const Value& open, const ConditionContext& context,
                          std::vector<Finding>& errors, std::vector<Finding>& notes);

/// Whether nothing of such a condition is left only because its signals, which are provided, are
/// not measured here for subjects of this kind: shipped policies are about more than every site
/// has.
bool measured_elsewhere(const Value& open, const ConditionContext& context);

/// Why a signal that is known cannot be judged here.
std::string unprovided(const SignalDescription& signal, const SignalName& name, SubjectKind about);

/// No arm may climb higher than the ladder.
void check_rung_limits(const Value& open, std::int64_t rungs, std::vector<Finding>& errors);

/// Whether the samples of the record's `signal` can be had for subjects of this kind: a policy of
/// the cluster takes any, another kind only its own.
void check_subject(const Value& record, SubjectKind about, const Vocabulary& vocabulary,
                   std::vector<Finding>& errors);

}  // namespace homeostat::loader
