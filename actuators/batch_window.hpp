// SPDX-License-Identifier: Apache-2.0
// The lever `batch_window`: how long the consumers of a Kafka group gather events before they write
// them as one batch, and how many of a backlog a batch takes at most.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/transport/keyed_topic.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// Looks at the control topic, writes through homeostat.window_apply(), _renew() and _revert()
/// (fence, ledger and mirror are one transaction there; they judge whose the topic's record is),
/// and when that is committed sends the message. Consumers of the topic obey it until it expires;
/// who cannot read the topic asks homeostat.batch_window(). Targets are `group/NAME`; a value's
/// arguments are `window`, in seconds, and `drain_limit`, in events.
///
/// - The topic cannot be read: apply and renew are refused before anything is written, and what
///   stands runs out by itself. A revert closes the ledger's row all the same, and is `unknown`:
///   the message lives until it expires.
/// - It was written down, and the topic did not confirm the message: `unknown`. The ledger is read
///   back then, and the next renewal sends it again.
/// - A topic that does not exist is made, where we may.
class BatchWindowLever : public Lever {
 public:
  /// `session` is the ledger's own, which holds the lease; it and `clock` stay the caller's and
  /// must outlive this. Each statement and each call of the topic ends by
  /// `deadline`.
  BatchWindowLever(pg::Session& session, std::unique_ptr<KeyedTopic> topic, const Clock& clock,
                   Duration deadline = std::chrono::seconds{2});

  std::string_view name() const override { return "batch_window"; }

  /// What the topic's last record of the group says, ours or not, when it differs from the mirror;
  /// otherwise what the mirror has. The baseline when the topic has no message.
  [[nodiscard]] boost::asio::awaitable<Result<LeverValue>> read(std::string target) override;

  [[nodiscard]] boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override;

  std::vector<BatchWindow> batch_windows() const override { return windows_; }

  /// Reads the mirror anew: after each change, and every five seconds.
  [[nodiscard]] boost::asio::awaitable<Result<void>> after_step() override;

 private:
  boost::asio::awaitable<Result<std::optional<KeyedRecord>>> look(std::string group,
                                                                  ChangeKind kind);
  boost::asio::awaitable<Result<ChangeResult>> write(Change change,
                                                     Result<std::optional<KeyedRecord>> seen);

  pg::Session& session_;
  std::unique_ptr<KeyedTopic> topic_;
  const Clock& clock_;
  Duration deadline_;
  std::vector<BatchWindow> windows_;
  std::optional<TimePoint> read_;  ///< when the mirror was read; nothing: it has changed since
};

}  // namespace homeostat
