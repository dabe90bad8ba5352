// SPDX-License-Identifier: Apache-2.0
// The consumer's session with PostgreSQL. It connects by itself, again and again.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deploy/demo/pipeline/batch.hpp"
#include "deploy/demo/pipeline/batch_costs.hpp"
#include "deploy/demo/pipeline/clocks.hpp"

namespace melodyud {

/// A partition that is ours.
struct Claim {
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;  ///< the first that is not applied
  std::int64_t owner_epoch = 0;
};

class Database {
 public:
  /// `conninfo`: as libpq takes it.
  Database(std::string conninfo, std::string group, std::string topic)
      : conninfo_{std::move(conninfo)}, group_{std::move(group)}, topic_{std::move(topic)} {}

  /// Takes these partitions over from whoever had them. Nothing: the database cannot be asked.
  std::optional<std::vector<Claim>> claim(const std::vector<std::int32_t>& partitions);

  enum class Outcome {
    applied,
    fenced,  ///< nothing was applied: another consumer has taken a partition over
    unknown  ///< no answer, or an error: the offsets in the database tell
  };

  /// In one transaction: the offsets, the plays and the impressions.
  Outcome apply(const Batch& batch);

  /// Rows that the last apply() wrote, and of its tracks those that nobody knows.
  std::int64_t rows_written() const { return rows_written_; }
  std::int64_t unknown_tracks() const { return unknown_tracks_; }

  /// Tells Homeostat what our batches cost, where it can be told.
  void report(const std::string& member, const BatchCosts& costs);

 private:
  struct Closer {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Answer = std::unique_ptr<PGresult, Closer>;

  bool connected();
  /// Whether Homeostat takes reports from us; asked once a minute while it does not.
  bool may_report();
  /// Nothing: it failed; the reason is on standard error.
  Answer ask(const char* statement, const std::vector<std::string>& values);
  void complain(const std::string& what) const;

  std::string conninfo_;
  std::string group_;
  std::string topic_;
  std::int64_t rows_written_ = 0;
  std::int64_t unknown_tracks_ = 0;
  bool may_report_ = false;
  Monotonic::time_point ask_again_{};  ///< whether we may
  std::string last_state_;             ///< SQLSTATE of the last error
  std::unique_ptr<PGconn, Closer> connection_;
};

}  // namespace melodyud
