// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/nearest.hpp"

#include <catch2/catch.hpp>

using namespace homeostat::loader;

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("abc", "axc") == 1);
  CHECK(edit_distance("abc", "acb") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest name is found when it is near enough") {
  const std::vector<std::string> names{"pg_blocked_ratio", "pg_open_transactions", "for"};
  CHECK(nearest("pg_bloked_ratio", names) == "pg_blocked_ratio");
  CHECK(nearest("fro", names) == "for");
  CHECK_FALSE(nearest("temperature", names));
  CHECK_FALSE(nearest("", {}));
  CHECK_FALSE(nearest(std::string(100'000, 'x'), names));
}

TEST_CASE("a suggestion is a name when one is near and the choice otherwise") {
  CHECK(suggestion("brekaer", {"breaker", "alert"}) == "did you mean `breaker`?");
  CHECK(suggestion("x", {"breaker", "alert"}) == "expected one of `breaker`, `alert`");
  CHECK(suggestion("zebra", {"alert"}) == "expected `alert`");
  CHECK(suggestion("zebra", {}) == "there is none to choose from");
}
