// SPDX-License-Identifier: Apache-2.0
#include "policies/model/subject.hpp"

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<SubjectKind, 6> kSubjectKinds{{
    {SubjectKind::cluster, "cluster"},
    {SubjectKind::node, "node"},
    {SubjectKind::zone, "zone"},
    {SubjectKind::shard, "shard"},
    {SubjectKind::group, "group"},
    {SubjectKind::view, "view"},
}};

}  // namespace

std::string_view to_text(SubjectKind kind) { return name_of(kSubjectKinds, kind); }

std::optional<SubjectKind> parse_subject_kind(std::string_view text) {
  return value_of(kSubjectKinds, text);
}

std::string to_text(const Subject& subject) {
  std::string text{to_text(subject.kind)};
  if (subject.kind != SubjectKind::cluster) text.append("/").append(subject.name);
  return text;
}

std::optional<Subject> parse_subject(std::string_view text) {
  const auto slash = text.find('/');
  const auto kind = parse_subject_kind(text.substr(0, slash));
  if (!kind) return std::nullopt;
  const bool named = slash != std::string_view::npos && slash + 1 < text.size();
  if (named == (*kind == SubjectKind::cluster)) return std::nullopt;
  if (!named) return slash == std::string_view::npos ? std::optional(Subject{}) : std::nullopt;
  return Subject{*kind, std::string(text.substr(slash + 1))};
}

}  // namespace homeostat
