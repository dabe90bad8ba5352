// SPDX-License-Identifier: Apache-2.0
// PgBouncer's pools beside the lever `admission`: no more server sessions than the zone has slots.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/clock.hpp"
#include "controller/ports/probe.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// One PgBouncer process that serves a zone. `console` is its administration console: database
/// `pgbouncer`, a user of admin_users.
struct PoolerProcess {
  std::string name;  ///< for people
  std::string zone;  ///< NAME of zone/NAME
  pg::Address console;
  friend bool operator==(const PoolerProcess&, const PoolerProcess&) = default;
};

/// Holds default_pool_size of each process at its zone's concurrency while a limit of ours stands,
/// never above what stood before, and gives that back afterwards. It remembers nothing: limits and
/// what stood before are in the database (homeostat.pool_size), where they are written, under the
/// fence, before each SET. RELOAD and a restart take the value from the process's file: it is set
/// again at the next keep(). A value that is neither what stood before nor ours is somebody else's:
/// the process is left alone until its zone has no limit. Never PAUSE.
///
/// PgBouncer itself knows no fence: a leader that was stopped between the database's yes and its
/// SET, for longer than its lease, would still send it.
class PoolSizes {
 public:
  /// `ledger` is the session that holds the lease; it and `clock` stay the caller's and must
  /// outlive this. `consoles` bounds what each keep() waits for the processes as a whole,
  /// `statement` each of its statements to the database.
  PoolSizes(boost::asio::any_io_executor executor, std::vector<PoolerProcess> processes,
            pg::Session& ledger, const Clock& clock,
            Duration consoles = std::chrono::milliseconds{500},
            Duration statement = std::chrono::seconds{2});
  ~PoolSizes();
  PoolSizes(const PoolSizes&) = delete;
  PoolSizes& operator=(const PoolSizes&) = delete;

  /// A process that fails is left for later, for 5 s at first and up to a minute, and the others
  /// are served all the same. Errors: the database's.
  [[nodiscard]] boost::asio::awaitable<Result<void>> keep();

  /// What is not as it should be, as of the last keep(): processes that fail or were left to
  /// somebody else, and those that have a size of ours and are not named any more.
  const std::vector<Note>& notes() const { return notes_; }

 private:
  struct Process;
  struct Written;
  struct Look;
  [[nodiscard]] boost::asio::awaitable<Result<Look>> look();
  [[nodiscard]] boost::asio::awaitable<Result<int>> found(Process& process);
  [[nodiscard]] boost::asio::awaitable<Result<std::string>> tell(
      std::string statement, std::vector<pg::Parameter> parameters);
  [[nodiscard]] boost::asio::awaitable<Result<void>> set(Process& process, int found, int size);
  [[nodiscard]] boost::asio::awaitable<Result<void>> release(Process& process);
  [[nodiscard]] boost::asio::awaitable<Result<void>> serve(Process& process,
                                                           std::optional<int> slots,
                                                           std::optional<Written> written);
  Duration left() const;

  std::vector<std::unique_ptr<Process>> processes_;
  pg::Session& ledger_;
  const Clock& clock_;
  Duration consoles_;
  Duration statement_;
  TimePoint until_{};  // for the process that is being served
  bool ledger_failed_ = false;
  std::vector<Note> notes_;
};

}  // namespace homeostat
