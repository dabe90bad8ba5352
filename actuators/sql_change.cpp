// SPDX-License-Identifier: Apache-2.0
#include "actuators/sql_change.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {
namespace {

bool is_name_character(char character) {
  const auto in = [character](char first, char last) {
    return character >= first && character <= last;
  };
  return in('a', 'z') || in('A', 'Z') || in('0', '9') || character == '_' || character == '.' ||
         character == ':' || character == '-';
}

}  // namespace

bool is_inventory_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 &&
         std::all_of(name.begin(), name.end(), is_name_character) && name[0] != '.' &&
         name[0] != ':' && name[0] != '-';
}

bool is_target(std::string_view target, std::string_view kind) {
  const auto slash = target.find('/');
  return slash != std::string_view::npos && target.substr(0, slash) == kind &&
         is_inventory_name(target.substr(slash + 1));
}

ChangeResult refused_change(std::string why) {
  ChangeResult made;
  made.outcome = ChangeOutcome::refused;
  made.detail = std::move(why);
  return made;
}

Result<ChangeResult> change_answer(const Result<pg::Table>& table) {
  if (!table.has_value()) {
    if (table.error().code != ErrorCode::refused) return table.error();
    return refused_change(table.error().context);
  }
  const auto outcome = parse_change_outcome(table->text(0, 0).value_or(""));
  if (!outcome || *outcome == ChangeOutcome::unknown) {
    return Error{ErrorCode::protocol, "a lever's function answered without an outcome", {}};
  }
  ChangeResult made;
  made.outcome = *outcome;
  made.detail = table->text(0, 1).value_or("");
  return made;
}

}  // namespace homeostat
