// SPDX-License-Identifier: Apache-2.0
// PgBouncer's pools beside the lever `admission`: no more server sessions than the zone has slots.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// One PgBouncer process that serves a zone. `console` is its administration console: database
/// `pgbouncer`, a user of admin_users.
struct PoolerProcess {
  std::string zone;  ///< NAME of zone/NAME
  pg::Address console;
  friend bool operator==(const PoolerProcess&, const PoolerProcess&) = default;
};

/// Holds default_pool_size of each process at its zone's concurrency while a limit stands, never
/// above what stood before, and gives that back afterwards. RELOAD and a restart take the value
/// from the process's file: it is set again at the next keep(), and what was found is what will be
/// given back. Never PAUSE. What stood before is known to this object only.
class PoolSizes {
 public:
  /// `deadline` bounds each keep() as a whole, so that no process delays the step by more.
  PoolSizes(boost::asio::any_io_executor executor, std::vector<PoolerProcess> processes,
            Duration deadline);
  ~PoolSizes();
  PoolSizes(const PoolSizes&) = delete;
  PoolSizes& operator=(const PoolSizes&) = delete;

  /// `slots`: the concurrency of each zone that is limited, by its name; 1 to 10,000.
  /// Never an error: a process that fails is left for the next call, and the others are served all
  /// the same.
  [[nodiscard]] boost::asio::awaitable<Result<void>> keep(std::map<std::string, int> slots);

  /// What went wrong in the last keep(), one line a process: `main at 127.0.0.1:6432: …`.
  const std::vector<std::string>& problems() const { return problems_; }

  /// Whether any process still has to be given back what stood before.
  bool pending() const;

 private:
  struct Process;
  [[nodiscard]] boost::asio::awaitable<Result<int>> found(Process& process, Duration each);
  [[nodiscard]] boost::asio::awaitable<Result<void>> set(Process& process, int size, Duration each);
  [[nodiscard]] boost::asio::awaitable<Result<void>> serve(Process& process,
                                                           std::optional<int> slots, Duration each);
  std::vector<std::unique_ptr<Process>> processes_;
  Duration deadline_;
  std::vector<std::string> problems_;
};

}  // namespace homeostat
