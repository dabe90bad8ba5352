// SPDX-License-Identifier: Apache-2.0
// What levers have in common whose changes are functions of the schema: names and answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// A name of the inventory, as the tables' CHECKs have it. Asked here too: libpq would cut a name
/// at a NUL.
bool is_inventory_name(std::string_view name);

/// The same behind a kind: is_target("class/batch", "class").
bool is_target(std::string_view target, std::string_view kind);

/// A lever's functions of the schema, as statements.
struct ChangeStatements {
  std::string_view apply;
  std::string_view renew;
  std::string_view revert;
};

struct Statement {
  std::string text;
  std::vector<pg::Parameter> parameters;
};

/// The statement of a change with its parameters, in the order that every lever's functions have
/// them. `value`: what the function of apply takes; the others take none.
Statement statement_for(const Change& change, const ChangeStatements& statements,
                        std::string value);

/// Asks `statement` where `target` stands: JSON, or null for the baseline.
[[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read_value(pg::Session& session,
                                                                    std::string statement,
                                                                    std::string target,
                                                                    Duration deadline);

ChangeResult refused_change(std::string why);

/// Tells whoever listens (NOTIFY homeostat) what a lever has changed, in JSON; just that it has,
/// where that is longer than PostgreSQL takes.
[[nodiscard]] boost::asio::awaitable<Result<void>> send_hint(pg::Session& session,
                                                             std::string lever, std::string json,
                                                             Duration deadline);

/// The columns `outcome` and `detail` of the function's only row. What the server refused is a
/// refused change; other errors stay errors.
Result<ChangeResult> change_answer(const Result<pg::Table>& table);

}  // namespace homeostat
