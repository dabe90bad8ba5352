// SPDX-License-Identifier: Apache-2.0
// The lever `split`: takes a group of shards apart that is too large for any node of Citus.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// What is to be split: the group of a shard. Its largest tenant is isolated where that has at
/// least half of the rows, otherwise it is halved in the middle of its hash range; the lower half
/// stays.
struct ShardSplit {
  std::int64_t shard = 0;      ///< one of the group, whose others are split with it
  int node_group = 0;          ///< pg_dist_node.groupid of where a part goes
  double bytes = 0;            ///< of the whole group
  bool larger_leaves = false;  ///< an isolated tenant is that part; otherwise what is left of it
  std::string what;            ///< for people
};

/// Chooses by the newest knowledge of where shards lie, for a value of the lever. An Error says why
/// nothing is to be split.
using ChooseSplit = std::function<Result<ShardSplit>(const LeverValue&)>;

/// Writes down what is to be split through homeostat.split_apply(), where the fence, the ledger and
/// the preflight are; when that is durable, the worker is asked for the largest tenant's share over
/// a session of its own, and then Citus does it within one statement, which lasts as long as the
/// copying. Nothing undoes a split: giving the lever back cancels one that is under way, and leaves
/// one that is done. One that failed is not tried again by itself. The only target is `cluster`.
class SplitLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it stays the caller's and must outlive
  /// this, as the clock. `address` is that of the same server and role. Every statement ends by
  /// `deadline`, the split itself by `longest`, whoever lives then.
  SplitLever(boost::asio::any_io_executor executor, pg::Session& session, pg::Address address,
             ChooseSplit choose, const Clock& clock, Duration deadline = std::chrono::seconds{2},
             Duration longest = std::chrono::hours{1});
  ~SplitLever() override;

  std::string_view name() const override { return "split"; }

  /// Where the ledger says that it stands: nothing else of it stands anywhere.
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  /// `detail` says what is split, or why nothing is. How it is split is known when the worker has
  /// answered, which is not waited for: the note says so from the next look on, and once the
  /// `detail` of a later renewal, or of giving back what is done.
  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

  std::map<LeverKey, JobProgress> jobs() const override { return jobs_; }

  std::map<LeverKey, NotStarted> not_started() const override;

  /// `split`: how the one under way is split.
  std::vector<Note> notes() const override { return notes_; }

  /// Looks how the split stands, and begins one that has not been.
  [[nodiscard]] boost::asio::awaitable<Result<void>> after_step() override;

 private:
  struct Carrying;
  static boost::asio::awaitable<std::string> carry_out(std::shared_ptr<Carrying> carrying,
                                                       std::int64_t epoch, Duration deadline,
                                                       Duration longest);
  void begin();
  std::string finding();
  void count_tries(bool ordered);

  boost::asio::any_io_executor executor_;
  pg::Session& session_;
  pg::Address address_;
  ChooseSplit choose_;
  const Clock& clock_;
  Duration deadline_;
  Duration longest_;
  std::int64_t epoch_ = 0;  ///< under which we last wrote
  std::optional<TimePoint> looked_;
  std::shared_ptr<Carrying> carrying_;  ///< the newest; null: none since the start
  NotStarted tried_;                    ///< no tries: none failed, of what is only ordered
  std::map<LeverKey, JobProgress> jobs_;
  std::vector<Note> notes_;
};

}  // namespace homeostat
