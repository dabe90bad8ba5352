// SPDX-License-Identifier: Apache-2.0
// A leader with the lever `split`, on a RebalanceSite.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actuators/split.hpp"
#include "tests/actuators/rebalance_site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"

namespace homeostat::testing {

/// A supervisor's end of it.
struct Splitter {
  explicit Splitter(RebalanceSite& site, std::int64_t shard, int node)
      : next{shard, node, 1000, true, "splits it"},
        instance{site.cluster().coordinator(), "one"},
        lever{std::make_unique<SplitLever>(
            instance.io.get_executor(), instance.session,
            site.cluster().coordinator().address("homeostat_actuator"),
            [this](const LeverValue&) -> Result<ShardSplit> { return next; }, instance.clock,
            kPatient)} {
    instance.lead();
  }
  Change change(ChangeKind kind) {
    auto made = instance.change(kind, "cluster");
    made.desired.key = {"split", "cluster"};
    made.desired.value.arguments = {{"deviation", 0.1}, {"weight", std::string{"rows"}}};
    made.desired.policy = "shard-split";
    return made;
  }
  ChangeResult apply(Change made) {
    const auto result = run_coroutine(instance.io, lever->apply(std::move(made)));
    if (!result.has_value()) return {ChangeOutcome::unknown, "error: " + result.error().context};
    return *result;
  }
  ChangeResult order() { return apply(change(ChangeKind::apply)); }
  ChangeResult give_back() { return apply(change(ChangeKind::revert)); }
  /// How it is split, when the worker has answered: what a renewal says once. Empty: it never did.
  std::string how() {
    std::string said_so;
    static_cast<void>(eventually([&] {
      said_so = apply(change(ChangeKind::renew)).detail;
      return !said_so.empty();
    }));
    return said_so;
  }
  std::optional<JobPhase> phase() {
    instance.clock.advance(std::chrono::seconds{40});
    const auto stepped = run_coroutine(instance.io, lever->after_step());
    if (!stepped.has_value()) said = stepped.error().context;
    const auto jobs = lever->jobs();
    const auto found = jobs.find({"split", "cluster"});
    return found == jobs.end() ? std::nullopt : std::optional(found->second.phase);
  }
  bool comes_to(JobPhase wanted) {
    return eventually([&] { return phase() == wanted; });
  }

  ShardSplit next;   ///< what the next order splits
  std::string said;  ///< by the step that failed last
  Instance instance;
  std::unique_ptr<SplitLever> lever;
};

/// Holds every split of listener's shards up while it lives: it waits for writers to end.
struct OpenWrite {
  explicit OpenWrite(RebalanceSite& site) : client{site.cluster().coordinator().address()} {
    client.run("BEGIN; UPDATE listener SET note = 'held'");
  }
  PgClient client;
};

}  // namespace homeostat::testing
