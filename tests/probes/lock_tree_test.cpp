// SPDX-License-Identifier: Apache-2.0
#include "probes/lock_tree.hpp"

#include <catch2/catch.hpp>

namespace homeostat {
namespace {

LockRow holds(int pid, std::string object, std::string mode) {
  return {std::move(object), pid, std::move(mode), true, 0};
}
LockRow waits(int pid, std::string object, std::string mode, double seconds) {
  return {std::move(object), pid, std::move(mode), false, seconds};
}

}  // namespace

TEST_CASE("nobody waits, nobody blocks") {
  REQUIRE_FALSE(root_blocker({}).has_value());
  REQUIRE_FALSE(root_blocker({holds(1, "t", "ExclusiveLock")}).has_value());
}

TEST_CASE("on a hot row the first waiter holds the tuple, and the root is behind it") {
  const auto root = root_blocker({
      holds(10, "transactionid:7", "ExclusiveLock"),
      waits(20, "transactionid:7", "ShareLock", 5),
      holds(20, "tuple:1:2:0:1", "ExclusiveLock"),
      waits(30, "tuple:1:2:0:1", "ExclusiveLock", 4),
      waits(40, "tuple:1:2:0:1", "ExclusiveLock", 3),
  });
  REQUIRE(root.has_value());
  REQUIRE(root->pid == 10);
  REQUIRE(root->victims == 3);
}

TEST_CASE("a queued exclusive request holds back whoever queues behind it, not who goes along") {
  // ALTER TABLE waits for a reader; new readers queue behind ALTER TABLE.
  const auto root = root_blocker({
      holds(1, "relation:1:2", "AccessShareLock"),
      waits(2, "relation:1:2", "AccessExclusiveLock", 9),
      waits(3, "relation:1:2", "AccessShareLock", 8),
      waits(4, "relation:1:2", "AccessShareLock", 7),
  });
  REQUIRE(root.has_value());
  REQUIRE(root->pid == 1);
  REQUIRE(root->victims == 3);
}

TEST_CASE("a holder whose mode does not conflict is no blocker") {
  const auto root = root_blocker({
      holds(1, "relation:1:2", "AccessShareLock"),
      holds(5, "relation:1:2", "ShareLock"),
      waits(3, "relation:1:2", "RowExclusiveLock", 8),
  });
  REQUIRE(root.has_value());
  REQUIRE(root->pid == 5);
  REQUIRE(root->victims == 1);
}

TEST_CASE("of several trees the one with the most victims is named") {
  const auto root = root_blocker({
      holds(1, "a", "ExclusiveLock"),
      waits(2, "a", "ExclusiveLock", 1),
      holds(5, "b", "ExclusiveLock"),
      waits(6, "b", "ExclusiveLock", 2),
      waits(7, "b", "ExclusiveLock", 1),
  });
  REQUIRE(root->pid == 5);
  REQUIRE(root->victims == 2);
}

TEST_CASE("a circle has no root, and does not hang") {
  REQUIRE_FALSE(root_blocker({
                                 holds(1, "a", "ExclusiveLock"),
                                 waits(2, "a", "ExclusiveLock", 1),
                                 holds(2, "b", "ExclusiveLock"),
                                 waits(1, "b", "ExclusiveLock", 1),
                             })
                    .has_value());
}

TEST_CASE("predicate locks block nobody") {
  REQUIRE_FALSE(root_blocker({
                                 holds(1, "a", "SIReadLock"),
                                 waits(2, "a", "ExclusiveLock", 1),
                             })
                    .has_value());
}

}  // namespace homeostat
