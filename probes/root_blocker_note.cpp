// SPDX-License-Identifier: Apache-2.0
#include "probes/root_blocker_note.hpp"

#include <utility>
#include <vector>

#include "probes/lock_tree.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace {

namespace asio = boost::asio;

std::vector<LockRow> lock_rows(const pg::Table& table) {
  std::vector<LockRow> locks;
  for (int row = 0; row < table.rows(); ++row) {
    LockRow lock;
    lock.object = table.string(row, 0);
    lock.pid = static_cast<int>(table.integer(row, 1).value_or(0));
    lock.mode = table.string(row, 2);
    lock.granted = table.string(row, 3) == "t";
    // NULL for a moment after a wait began: the last in the queue.
    lock.waited = table.number(row, 4).value_or(-1);
    locks.push_back(std::move(lock));
  }
  return locks;
}

std::string one_line(std::string text) {
  for (char& character : text) {
    if (static_cast<unsigned char>(character) < ' ') character = ' ';
  }
  return text;
}

}  // namespace

asio::awaitable<Result<std::string>> describe_root_blocker(pg::Session& session, bool show_queries,
                                                           Duration deadline) {
  std::vector<pg::Parameter> none;
  std::string statement{sql::pg_locks_table};
  Result<pg::Table> table = co_await session.query(std::move(statement), std::move(none), deadline);
  if (!table.has_value()) co_return table.error();
  const auto root = root_blocker(lock_rows(*table));
  std::string text;
  if (!root) co_return text;
  const auto behind =
      std::to_string(root->victims) + (root->victims == 1 ? " session" : " sessions");
  if (root->pid == 0) {
    text = "a prepared transaction holds back " + behind;
    co_return text;
  }
  text = "pid " + std::to_string(root->pid);
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(std::to_string(root->pid));
  parameters.emplace_back(show_queries ? "t" : "f");
  std::string who{sql::pg_locks_session};
  Result<pg::Table> found = co_await session.query(std::move(who), std::move(parameters), deadline);
  if (found.has_value() && found->rows() == 1) {
    text += ", role " + found->string(0, 0);
    const auto state = found->string(0, 1);
    if (!state.empty()) text += ", " + state;
    if (found->number(0, 2)) text += ", transaction " + found->string(0, 2) + " s old";
    text += ", holds back " + behind;
    if (found->text(0, 3)) text += ", query: " + found->string(0, 3);
  } else {
    text += ", holds back " + behind;
  }
  text = one_line(std::move(text));
  co_return text;
}

}  // namespace homeostat
