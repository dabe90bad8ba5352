// SPDX-License-Identifier: Apache-2.0
// The ledger and the lease in PostgreSQL, through the functions of sql/schema.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "controller/loop/thresholds.hpp"
#include "controller/ports/clock.hpp"
#include "controller/ports/ledger.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/loader/config.hpp"

namespace homeostat {

struct PgLedgerOptions {
  std::string holder = {};                   ///< this instance: host:pid
  Duration ttl = std::chrono::seconds{15};   ///< of the lease
  std::vector<FeatureConfig> features = {};  ///< the inventory, registered by each new leader
  std::vector<ProfileConfig> profiles = {};  ///< as well
  std::vector<SessionsConfig> sessions = {};
  std::vector<ZoneConfig> zones = {};                          ///< whose counters are registered
  int sessions_per_hour = EngineSettings{}.sessions_per_hour;  ///< of all policies; registered, too
  std::vector<Threshold> thresholds = {};  ///< of the live policies, written likewise
  std::uint32_t jitter_seed = 1;           ///< of the reconnect back-off
};

/// One session, shared with the levers whose effect is SQL: it carries the leader's advisory lock,
/// so that losing it is losing the lease. It must be of the actuator role, and direct: one that
/// a pooler lends out is refused. Only hold_lease() ever connects it, with jittered back-off
/// (250 ms to 10 s): nothing that was decided under an old session is written through a new one.
/// One operation at a time over the session, whoever uses it.
class PgLedger : public Ledger {
 public:
  /// `session` and `clock` stay the caller's and must outlive this.
  PgLedger(pg::Session& session, const Clock& clock, PgLedgerOptions options);

  /// `refused` when somebody of another role holds the leader's key: named, and left alone (H54).
  [[nodiscard]] boost::asio::awaitable<Result<Lease>> hold_lease(Duration deadline) override;
  [[nodiscard]] boost::asio::awaitable<Result<void>> release_lease(Duration deadline) override;
  [[nodiscard]] boost::asio::awaitable<Result<LedgerImage>> load(TimePoint now, Duration recall,
                                                                 Duration deadline) override;
  [[nodiscard]] boost::asio::awaitable<Result<void>> keep(Kept kept, std::int64_t epoch,
                                                          TimePoint now,
                                                          Duration deadline) override;
  [[nodiscard]] boost::asio::awaitable<Result<Orders>> orders(Duration deadline) override;
  /// System identifier, database and start of the server: `7301…/melodyud@1764…`.
  std::string identity() const override { return identity_; }

  /// A new inventory (reload): registered with the next renewal of the lease.
  void set_inventory(std::vector<FeatureConfig> features, std::vector<ProfileConfig> profiles,
                     std::vector<SessionsConfig> sessions = {},
                     int sessions_per_hour = EngineSettings{}.sessions_per_hour);

  /// New policies (reload): their thresholds are written with the next renewal of the lease.
  void set_thresholds(std::vector<Threshold> thresholds);

 private:
  struct Claim;

  Duration left(TimePoint until) const;
  boost::asio::awaitable<Result<void>> open(TimePoint until);
  boost::asio::awaitable<Result<void>> check_role(TimePoint until);
  boost::asio::awaitable<Result<Claim>> claim(TimePoint until);
  boost::asio::awaitable<Result<void>> end_session(const Claim& claim, TimePoint until);
  // What could not be told, in words; empty when the database knows it.
  boost::asio::awaitable<std::string> tell_inventory(TimePoint until);
  boost::asio::awaitable<std::string> tell_thresholds(TimePoint until);
  boost::asio::awaitable<std::string> tell(std::string_view what, std::string_view sql,
                                           nlohmann::json list, TimePoint until);
  void back_off(Error failure);

  pg::Session& session_;
  const Clock& clock_;
  PgLedgerOptions options_;
  std::string identity_;
  std::int64_t epoch_ = 0;            // last one that was ours
  std::int64_t inventory_told_ = 0;   // epoch under which the database was told
  std::int64_t thresholds_told_ = 0;  // as well
  Error failure_;                     // of the last attempt to connect
  Duration backoff_{};
  TimePoint retry_at_{};
  std::minstd_rand jitter_;
};

}  // namespace homeostat
