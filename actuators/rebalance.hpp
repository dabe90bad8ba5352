// SPDX-License-Identifier: Apache-2.0
// The lever `rebalance`: while it stands, Citus' own background job moves shards to where a plan of
// ours has them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// What is to be moved; of shards that move together, one is named.
struct ShardMoves {
  struct Move {
    std::int64_t shard = 0;
    int node_group = 0;  ///< pg_dist_node.groupid of where it goes
    double bytes = 0;    ///< of all that move with it
  };
  std::vector<Move> moves;
  std::string remark;  ///< what moves cannot mend; empty: everything is even afterwards
};

/// Plans by the newest knowledge of where shards lie, for a value of the lever. An Error says why
/// nothing can be planned.
using PlanShards = std::function<Result<ShardMoves>(const LeverValue&)>;

/// Writes the plan down through homeostat.rebalance_apply(), where the fence, the ledger and the
/// preflight are; when that is durable, homeostat.rebalance_start() has Citus carry it out, over a
/// session of its own: that may hang as long as a worker does. A job that could not be started is
/// tried again at later steps. Giving the lever back stops the job; what is moved stays there. The
/// only target is `cluster`.
class RebalanceLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it stays the caller's and must outlive
  /// this, as the clock. `address` is that of the same server and role. Every statement ends by
  /// `deadline`.
  RebalanceLever(boost::asio::any_io_executor executor, pg::Session& session, pg::Address address,
                 PlanShards plan, const Clock& clock, Duration deadline = std::chrono::seconds{2});

  std::string_view name() const override { return "rebalance"; }

  /// Where the ledger says that it stands: nothing else of it stands anywhere.
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  /// `detail` says how much is moved, and what moves cannot mend; or why nothing is.
  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

  std::map<LeverKey, JobProgress> jobs() const override { return jobs_; }

  std::map<LeverKey, NotStarted> not_started() const override;

  /// Looks how the job stands; starts one that has not been; stops it when a change of a table
  /// waits for one of its moves, for everybody who wants that table queues behind that.
  [[nodiscard]] boost::asio::awaitable<Result<void>> after_step() override;

 private:
  /// Nothing: it is started, or was before. Otherwise why not.
  boost::asio::awaitable<std::string> start();
  boost::asio::awaitable<std::string> ask_to_start();
  boost::asio::awaitable<Result<bool>> look();
  boost::asio::awaitable<Result<bool>> still_wanted();
  boost::asio::awaitable<Result<void>> make_way();

  boost::asio::any_io_executor executor_;
  pg::Session& session_;
  pg::Address address_;
  PlanShards plan_;
  const Clock& clock_;
  Duration deadline_;
  std::int64_t epoch_ = 0;  ///< under which we last wrote
  std::optional<TimePoint> looked_;
  std::optional<TimePoint> tried_to_start_;
  std::optional<TimePoint> ordered_;  ///< since when what stands has not been started
  NotStarted tried_;                  ///< no tries: none failed, of what stands
  std::map<LeverKey, JobProgress> jobs_;
};

}  // namespace homeostat
