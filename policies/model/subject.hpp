// SPDX-License-Identifier: Apache-2.0
// What a sample, a verdict or a lever is about: `cluster`, `node/worker-1`, `zone/3`.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace homeostat {

enum class SubjectKind { cluster, node, zone, shard, group, view };

/// A named thing of the supervised platform. `cluster` is the only one without a name.
struct Subject {
  SubjectKind kind = SubjectKind::cluster;
  std::string name = {};

  friend auto operator<=>(const Subject&, const Subject&) = default;
};

std::string_view to_text(SubjectKind kind);
std::optional<SubjectKind> parse_subject_kind(std::string_view text);

/// `cluster`, or KIND/NAME.
std::string to_text(const Subject& subject);

/// The inverse of to_text; nothing when the kind is unknown or the name is missing.
std::optional<Subject> parse_subject(std::string_view text);

}  // namespace homeostat
