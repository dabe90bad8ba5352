// SPDX-License-Identifier: Apache-2.0
#include "probes/citus_node.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "sql/embedded.hpp"

namespace homeostat {

namespace asio = boost::asio;

namespace {

constexpr int kOldest = 11;  // direct sessions see shards by an option of this version
constexpr int kTracksTenantsFrom = 12;
constexpr Duration kRoomEvery = std::chrono::minutes{1};

// The server gives up before we do, so that the session stays.
pg::SessionSettings citus_session_settings() {
  pg::SessionSettings settings;
  settings.statement_timeout = std::chrono::milliseconds{700};
  settings.lock_timeout = std::chrono::milliseconds{100};
  settings.read_only = true;
  return settings;
}

}  // namespace

int citus_major(const std::string& version) { return std::atoi(version.c_str()); }

std::string citus_outsider(const std::string& version, bool standby) {
  if (version.empty()) return "has no extension citus in its database";
  if (standby) return "is a standby";
  if (citus_major(version) >= kOldest) return {};
  return "has Citus " + version + ": it must be " + std::to_string(kOldest) + " or later";
}

CitusNode::CitusNode(asio::any_io_executor executor, std::string name, pg::Address address,
                     std::uint64_t seed)
    : name_{std::move(name)},
      session_{std::move(executor), std::move(address), citus_session_settings()},
      backoff_{seed} {}

Error CitusNode::about(Error error) const {
  error.context = "node `" + name_ + "`: " + error.context;
  return error;
}

asio::awaitable<Result<pg::Table>> CitusNode::query(std::string_view sql, Duration deadline) {
  std::string statement{sql};
  std::vector<pg::Parameter> none;
  co_return co_await query(std::move(statement), std::move(none), deadline);
}

asio::awaitable<Result<pg::Table>> CitusNode::query(std::string sql,
                                                    std::vector<pg::Parameter> parameters,
                                                    Duration deadline) {
  Result<pg::Table> table =
      co_await session_.query(std::move(sql), std::move(parameters), deadline);
  if (!table.has_value()) co_return about(table.error());
  co_return std::move(table);
}

asio::awaitable<Result<void>> CitusNode::connect(TimePoint now, Duration deadline) {
  if (now < backoff_.next()) {
    Error waiting{ErrorCode::unavailable, last_error_};
    co_return waiting;
  }
  known_ = false;
  // Until it has answered: a frozen server makes somebody cancel this very wait.
  backoff_.failed(now);
  last_error_ = "node `" + name_ + "`: did not answer in time";
  Result<void> connected = co_await session_.connect(deadline);
  if (!connected.has_value()) {
    Error error = about(connected.error());
    last_error_ = error.context;
    co_return error;
  }
  backoff_.succeeded();
  co_return Result<void>{};
}

asio::awaitable<Result<void>> CitusNode::introduce(TimePoint now, Duration deadline) {
  if (!session_.connected()) {
    Result<void> connected = co_await connect(now, deadline);
    if (!connected.has_value()) co_return connected;
  }
  if (known_) co_return Result<void>{};
  Result<void> asked = co_await ask_who(deadline);
  known_ = asked.has_value();
  co_return asked;
}

asio::awaitable<Result<void>> CitusNode::ask_who(Duration deadline) {
  group_.reset();
  coordinator_ = false;
  Result<pg::Table> server = co_await query(sql::citus_shards_server, deadline);
  if (!server.has_value()) co_return server.error();
  version_ = server->string(0, 5);
  const bool standby = server->string(0, 4) == "t";
  outsider_ = citus_outsider(version_, standby);
  if (!outsider_.empty()) co_return Result<void>{};
  if (server->string(0, 2) != "t") {
    Error blind{ErrorCode::missing_privilege,
                "role " + server->string(0, 1) +
                    " may not read Citus' statistics: " + server->string(0, 3)};
    co_return about(blind);
  }
  Result<pg::Table> node = co_await query(sql::citus_shards_node, deadline);
  if (!node.has_value()) co_return node.error();
  const auto group = node->rows() == 1 ? node->integer(0, 1) : std::nullopt;
  coordinator_ = node->string(0, 2) == "t";
  // Alone, it takes itself for group 0 of nothing.
  if (!group || (*group == 0 && !coordinator_)) {
    outsider_ = "has the extension citus, and no cluster: citus_add_node() makes it one";
    co_return Result<void>{};
  }
  group_ = static_cast<int>(*group);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> CitusNode::read_rows(bool show_tenant, Duration deadline) {
  Result<pg::Table> table = co_await query(sql::citus_shards_rows, deadline);
  if (!table.has_value()) co_return table.error();
  rows_.clear();
  for (int row = 0; row < table->rows(); ++row) {
    rows_[table->string(row, 0)] = {table->number(row, 1).value_or(-1),
                                    table->number(row, 2).value_or(0),
                                    table->string(row, 3) == "t"};
  }
  tenants_.reset();
  if (citus_major(version_) < kTracksTenantsFrom) co_return Result<void>{};
  Result<void> tenants = co_await read_tenants(show_tenant, deadline);
  co_return tenants;
}

asio::awaitable<Result<void>> CitusNode::read_tenants(bool show_tenant, Duration deadline) {
  std::string statement{sql::citus_shards_tenants};
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(show_tenant ? "true" : "false");
  Result<pg::Table> table =
      co_await session_.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) co_return about(table.error());
  if (table->rows() == 0) co_return Result<void>{};
  TenantLoad load;
  load.sum = table->number(0, 0).value_or(0);
  load.most = table->number(0, 1).value_or(0);
  load.tenant = table->string(0, 2);
  tenants_ = std::move(load);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> CitusNode::read_bytes(Duration deadline) {
  bytes_.reset();
  Result<pg::Table> table = co_await query(sql::citus_shards_sizes, deadline);
  if (!table.has_value()) co_return table.error();
  auto& bytes = bytes_.emplace();
  for (int row = 0; row < table->rows(); ++row) {
    bytes[table->string(row, 0)] = table->number(row, 1).value_or(0);
  }
  co_return Result<void>{};
}

asio::awaitable<Result<void>> CitusNode::read_room(TimePoint now, Duration deadline) {
  if (room_due_ && now < *room_due_) co_return Result<void>{};
  room_due_ = now + kRoomEvery;
  room_.reset();
  room_unknown_ = "it has not answered";
  Result<pg::Table> table = co_await query(sql::citus_shards_room, deadline);
  if (!table.has_value()) {
    room_unknown_ = table.error().context;
    co_return table.error();
  }
  const auto whole = [&](int column) {
    return static_cast<int>(table->integer(0, column).value_or(0));
  };
  NodeRoom room;
  room.wal_level = table->string(0, 0);
  room.max_slots = whole(1);
  room.slots = whole(2);
  room.max_senders = whole(3);
  room.senders = whole(4);
  room.max_logical = whole(5);
  if (const auto plugins = table->text(0, 6)) room.plugins = std::string{*plugins};
  room.disk = table->number(0, 7);
  room.disk_free = table->number(0, 8);
  const auto readers = nlohmann::json::parse(table->string(0, 9), nullptr, false);
  if (readers.is_array()) room.readers = readers.get<std::vector<std::string>>();
  if (const auto kept = table->number(0, 10)) room.disk_kept = *kept / 100;
  room_ = std::move(room);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> CitusNode::read_counters(Duration deadline) {
  counters_.reset();
  Result<pg::Table> table = co_await query(sql::citus_shards_counters, deadline);
  if (!table.has_value()) co_return table.error();
  auto& counters = counters_.emplace();
  for (int row = 0; row < table->rows(); ++row) {
    counters.rows[table->string(row, 0)] = table->number(row, 1).value_or(0);
    counters.since = table->number(row, 2).value_or(0);
  }
  co_return Result<void>{};
}

}  // namespace homeostat
