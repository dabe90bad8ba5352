// SPDX-License-Identifier: Apache-2.0
// Which shard sql/queries/citus_locks_sample.sql takes a statement to be about. The names are those
// of shards; that takes no Citus.
#include <regex>

#include "sql/embedded.hpp"
#include "tests/probes/pg_locks_bench.hpp"

namespace homeostat::testing {
namespace {

/// The query's column `shards`, of nobody's own roles.
std::string shards_in(const Server& server) {
  auto query = std::string{sql::citus_locks_sample};
  query = std::regex_replace(query, std::regex(R"(\$1::oid\[\])"), "'{}'::oid[]");
  query =
      std::regex_replace(query, std::regex(R"(\$2::oid)"),
                         "(SELECT oid FROM pg_database WHERE datname = current_database())::oid");
  query = std::regex_replace(query, std::regex(R"(--[^\n]*\n)"), "\n");
  return server.sql("SELECT f.shards FROM (" + query + ") f");
}

}  // namespace

TEST_CASE("a statement is about the first shard that it reads or writes, not what it selects") {
  const Server server;
  server.sql(
      "CREATE TABLE plays_102008 (id bigint, note_20240101 text);"
      "CREATE TABLE \"Odd_102009\" (id bigint)");
  server.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO app");
  const auto app = server.client();
  for (const std::string statement :
       {"SELECT note_20240101 FROM public.plays_102008 plays WHERE note_20240101 = ''",
        "SELECT 'of_20240101', id FROM (public.plays_102008 p JOIN \"Odd_102009\" o USING (id))",
        "INSERT INTO public.plays_102008 AS t (id, note_20240101) SELECT 1, '' FROM \"Odd_102009\"",
        "UPDATE public.plays_102008 SET note_20240101 = '' FROM \"Odd_102009\" o",
        "DELETE FROM public.plays_102008 WHERE note_20240101 = ''",
        "SELECT 'public.plays_102008'::regclass"}) {
    INFO(statement);
    app->run("BEGIN");
    app->run(statement);
    CHECK(eventually([&] { return shards_in(server) == "[[102008, 1, 0, 0, 0]]"; },
                     std::chrono::seconds{10}));
    app->run("ROLLBACK");
  }
}

}  // namespace homeostat::testing
