// SPDX-License-Identifier: Apache-2.0
#include "policies/model/lever.hpp"

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<ChangeKind, 3> kKinds{{
    {ChangeKind::apply, "apply"},
    {ChangeKind::renew, "renew"},
    {ChangeKind::revert, "revert"},
}};

constexpr NameTable<ChangeOutcome, 4> kOutcomes{{
    {ChangeOutcome::applied, "applied"},
    {ChangeOutcome::refused, "refused"},
    {ChangeOutcome::yielded, "yielded"},
    {ChangeOutcome::unknown, "unknown"},
}};

}  // namespace

std::string_view to_text(ChangeKind kind) { return name_of(kKinds, kind); }
std::optional<ChangeKind> parse_change_kind(std::string_view text) {
  return value_of(kKinds, text);
}
std::string_view to_text(ChangeOutcome outcome) { return name_of(kOutcomes, outcome); }
std::optional<ChangeOutcome> parse_change_outcome(std::string_view text) {
  return value_of(kOutcomes, text);
}

}  // namespace homeostat
