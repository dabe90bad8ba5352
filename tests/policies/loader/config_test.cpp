// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Texts = std::vector<std::string>;

namespace {

Config load_text(const std::string& text) {
  const TempFolder folder;
  const auto load = load_config(folder.write("homeostat.yaml", text));
  INFO((load.errors.empty() ? std::string{} : to_text(load.errors.front())));
  REQUIRE(load.config.has_value());
  return *load.config;
}

}  // namespace

TEST_CASE("a small configuration has the defaults of the model") {
  const auto config = load_text(small_config());
  const Config defaults;
  CHECK(config.mode_ceiling == Mode::shadow);
  CHECK(config.tick == defaults.tick);
  CHECK(config.engine == defaults.engine);
  CHECK(config.speed_up == 1);
  CHECK(config.policies == Texts{"policies/*.yaml"});
  REQUIRE(config.nodes.size() == 1);
  const NodeConfig node;
  CHECK(config.nodes[0].name == "main");
  CHECK(config.nodes[0].host == "db1");
  CHECK(config.nodes[0].dbname == "melodyud");
  CHECK(config.nodes[0].port == node.port);
  CHECK(config.nodes[0].user == node.user);
  CHECK(config.nodes[0].sslmode == node.sslmode);
  CHECK(config.nodes[0].password_file.empty());
  CHECK(config.nodes[0].place.line == 5);
  CHECK_FALSE(config.ledger.has_value());
  CHECK_FALSE(config.injected.has_value());
  CHECK(config.alertmanagers.empty());
  CHECK(config.listen_host == defaults.listen_host);
  CHECK(config.listen_port == defaults.listen_port);
  CHECK(config.journal_path == defaults.journal_path);
  CHECK(config.journal_keep == defaults.journal_keep);
  CHECK(config.journal_max_bytes == defaults.journal_max_bytes);
  CHECK(config.on_exit == OnExit::revert);
  CHECK_FALSE(config.show_queries);
  CHECK(config.log_format == LogFormat::text);
  CHECK(config.log_level == defaults.log_level);
  CHECK(config.features.empty());
}

TEST_CASE("the example of the policy language loads") {
  const TempFolder folder;
  folder.write("secrets/monitor", "x");
  folder.write("secrets/actuator", "x");
  const auto load = load_config(folder.write(
      "homeostat.yaml",
      "version: 1\n"
      "mode_ceiling: shadow                    # shadow until you raise it\n"
      "tick: 30s\n"
      "sampling: {every: 1s, fold: 5s, stale_after: 10s}\n"
      "policies: [/etc/homeostat/policies/*.yaml]\n"
      "postgres:\n"
      "  nodes:\n"
      "    - {name: main, host: db1, dbname: melodyud, user: homeostat_monitor, "
      "password_file: secrets/monitor, sslmode: verify-full}\n"
      "  ledger: {node: main, user: homeostat_actuator, password_file: secrets/actuator}\n"
      "alertmanager: {urls: [\"http://127.0.0.1:9093\"]}\n"
      "http: {listen: \"127.0.0.1:9780\"}\n"
      "journal: {path: /var/lib/homeostat/journal.db, keep: 14d, max_size: 100MB}\n"
      "on_exit: revert                         # or keep\n"
      "show_queries: false\n"
      "inventory:\n"
      "  features:\n"
      "    - {name: recommendations, class: non_critical}\n"
      "    - {name: monthly_report, class: batch}\n"
      "    - {name: top_tracks_view, class: rebuildable}\n"
      "  profiles:\n"
      "    contention: {roles: [reporting, app_batch], settings: {max_parallel_workers_per_gather: "
      "0, jit: \"off\", lock_timeout: 2s, idle_in_transaction_session_timeout: 10s}}\n"));
  CHECK(texts_of(load.errors).empty());
  REQUIRE(load.config.has_value());
  CHECK(load.config->nodes[0].password_file == folder.path("secrets/monitor"));
  REQUIRE(load.config->ledger.has_value());
  CHECK(load.config->ledger->node == "main");
  CHECK(load.config->ledger->password_file == folder.path("secrets/actuator"));
  CHECK(load.config->alertmanagers == Texts{"http://127.0.0.1:9093"});
  REQUIRE(load.config->features.size() == 3);
  CHECK(load.config->features[1].name == "monthly_report");
  CHECK(load.config->features[1].klass == "batch");
  REQUIRE(load.config->profiles.size() == 1);
  CHECK(load.config->profiles[0].name == "contention");
  CHECK(load.config->profiles[0].roles == Texts{"reporting", "app_batch"});
}

TEST_CASE("keys that are not in the example are read too") {
  const auto config = load_text(
      replaced(small_config("injected: {path: samples.txt}\n"
                            "log: {format: json, level: debug}\n"
                            "on_exit: keep\n"
                            "show_queries: true\n"
                            "http: {listen: \"[::1]:0\"}\n"
                            "journal: {path: j.db, keep: 2d, max_size: 2MiB}\n"),
               "host: db1", "host: /run/postgresql, port: 5433, user: eye, sslmode: disable"));
  CHECK(config.injected->path.ends_with("/samples.txt"));
  CHECK(config.log_format == LogFormat::json);
  CHECK(config.log_level == "debug");
  CHECK(config.on_exit == OnExit::keep);
  CHECK(config.show_queries);
  CHECK(config.listen_host == "::1");
  CHECK(config.listen_port == 0);
  CHECK(config.journal_path.ends_with("/j.db"));
  CHECK(config.journal_keep == 48h);
  CHECK(config.journal_max_bytes == 2 * 1024 * 1024);
  CHECK(config.nodes[0].host == "/run/postgresql");
  CHECK(config.nodes[0].port == 5433);
  CHECK(config.nodes[0].user == "eye");
  CHECK(config.nodes[0].sslmode == "disable");
}

TEST_CASE("speed_up is applied to the tick and the engine's settings") {
  const auto config = load_text(small_config("speed_up: 10\nsampling: {fold: 4s}\n"));
  CHECK(config.speed_up == 10);
  CHECK(config.tick == 3s);
  EngineSettings written;
  written.fold = 4s;
  CHECK(config.engine == sped_up(written, 10));
}

TEST_CASE("a ceiling above shadow needs a ledger: rungs that nobody can set would be shown") {
  CHECK(config_errors_of(small_config("mode_ceiling: enforce\n")) ==
        Texts{"6:15: `mode_ceiling` is `enforce`, which needs `postgres.ledger`: every lever is "
              "recorded there before it is set"});
  const auto acting = replaced(small_config("mode_ceiling: enforce\n"), "postgres:\n",
                               "postgres:\n  ledger: {node: main}\n");
  CHECK(load_text(acting).mode_ceiling == Mode::enforce);
}

TEST_CASE("every mistake of a configuration is named at once") {
  CHECK(config_errors_of(small_config("tik: 30s\nlog: {level: loud}\nspeed_up: 1000\n")) ==
        Texts{"6:1: unknown key `tik` in the configuration; did you mean `tick`?",
              "7:14: `level` is `loud`, which is not known; expected one of `debug`, `info`, "
              "`warning`, `error`",
              "8:11: `speed_up` is `1000`; expected a whole number from 1 up to 100"});
}

TEST_CASE("sections to come are refused as such") {
  for (const auto* const key : {"roles", "groups", "views"}) {
    INFO(key);
    CHECK(config_errors_of(small_config("inventory: {" + std::string(key) + ": {}}\n")) ==
          Texts{"6:13: `" + std::string(key) + "` is not in this version yet"});
  }
}

TEST_CASE("a zone is on a node that is configured, where the ledger is, and there once") {
  const TempFolder folder;
  const auto load = [&folder](const std::string& zones) {
    return load_config(folder.write(
        "homeostat.yaml",
        "version: 1\npolicies: []\npostgres:\n  nodes:\n"
        "    - {name: main, host: db1, dbname: x}\n    - {name: other, host: db2, dbname: x}\n"
        "  ledger: {node: main}\ninventory: {zones: " +
            zones + "}\n"));
  };
  const auto good = load("[{name: shop, node: main}, {name: api, node: main}]");
  CHECK(texts_of(good.errors).empty());
  REQUIRE(good.config.has_value());
  CHECK(good.config->zones == std::vector<ZoneConfig>{{"shop", "main"}, {"api", "main"}});
  const auto errors = texts_of(
      load("[{name: a, node: mian}, {name: b, node: other}, {name: c, node: main}, {name: c, "
           "node: main}]")
          .errors);
  REQUIRE(errors.size() == 3);
  CHECK_THAT(errors[0], Contains("`mian`, which is none of postgres.nodes; did you mean `main`?"));
  CHECK_THAT(errors[1],
             Contains("`other`, but homeostat.admit() is where the ledger is: on `main`"));
  CHECK_THAT(errors[2], Contains("zone `c` is there twice"));
}

TEST_CASE("a zone's PgBouncer processes are read, each of one zone only") {
  const TempFolder folder;
  const auto secret = folder.write("admin.password", "hunter2\n");
  ::chmod(secret.c_str(), 0640);
  const auto load = [&folder](const std::string& zones) {
    return load_config(folder.write(
        "homeostat.yaml",
        "version: 1\npolicies: []\npostgres:\n  nodes: [{name: main, host: db1, dbname: shop}]\n"
        "  ledger: {node: main}\ninventory: {zones: " +
            zones + "}\n"));
  };
  const auto good = load(
      "[{name: a, node: main, pgbouncer: [{name: front, host: pb1}, {name: back, host: pb1, "
      "port: 6433, user: boss, password_file: admin.password, sslmode: disable, "
      "database: live}]}]");
  CHECK(texts_of(good.errors).empty());
  REQUIRE(good.config.has_value());
  PoolerConfig front;
  front.name = "front";
  front.host = "pb1";
  front.database = "shop";
  PoolerConfig back{"back", "pb1", 6433, "boss", secret, "disable", "", "live"};
  CHECK(good.config->zones.at(0).pgbouncer == std::vector<PoolerConfig>{front, back});
  const auto errors =
      texts_of(load("[{name: a, node: main, pgbouncer: [{name: p, host: x}, {name: p, host: y}]},\n"
                    "  {name: b, node: main, pgbouncer: [{name: q, host: x}]}]")
                   .errors);
  REQUIRE(errors.size() == 2);
  CHECK_THAT(errors[0], Contains("PgBouncer `p` is there twice: in zone `a` already"));
  CHECK_THAT(errors[1], Contains("7:") && Contains("`q` is at x:6432, as `p` is") &&
                            Contains("one default_pool_size"));
  CHECK_THAT(texts_of(load("[{name: a, node: main, pgbouncer: [{name: p, hots: x}]}]").errors)[0],
             Contains("`hots`") && Contains("did you mean `host`?"));
}

TEST_CASE("a zone's counters are read, each of one zone only") {
  const TempFolder folder;
  const auto load = [&folder](const std::string& zones) {
    return load_config(folder.write("homeostat.yaml",
                                    "version: 1\nspeed_up: 5\npolicies: []\n"
                                    "postgres:\n  nodes: [{name: main, host: db1, dbname: shop}]\n"
                                    "  ledger: {node: main}\ninventory: {zones: " +
                                        zones + "}\n"));
  };
  const auto good = load(
      "[{name: a, node: main, counters: [{name: plays, slots: 64}, {name: likes, slots: 8, "
      "slots_at_rest: 2, below: 400, hold: 5m}]}]");
  CHECK(texts_of(good.errors).empty());
  REQUIRE(good.config.has_value());
  CHECK(good.config->zones.at(0).counters ==
        std::vector<CounterConfig>{
            {"plays", 64, 1, std::nullopt, std::chrono::minutes{2}},
            {"likes", 8, 2, 400, std::chrono::minutes{1}},
        });
  const auto errors =
      texts_of(load("[{name: a, node: main, counters: [{name: p, slots: 4, slots_at_rest: 5},\n"
                    "  {name: q, slots: 4, hold: 1m}]},\n"
                    "  {name: b, node: main, counters: [{name: p, slots: 4}]}]")
                   .errors);
  REQUIRE(errors.size() == 3);
  CHECK_THAT(errors[0], Contains("`slots_at_rest` is 5: more than `slots`, 4"));
  CHECK_THAT(errors[1], Contains("8:") && Contains("`hold` is nothing without `below`"));
  CHECK_THAT(errors[2], Contains("9:") && Contains("counter `p` is there twice: in zone `a`"));
  for (const auto* wrong : {"slots: 1", "slots: 1025", "slots: 4, below: 1", "slots_at_rest: 1"}) {
    CHECK(load(std::string{"[{name: a, node: main, counters: [{name: p, "} + wrong + "}]}]")
              .errors.size() == 1);
  }
}

TEST_CASE("where the ledger is on Citus' coordinator a zone may be on any node") {
  const TempFolder folder;
  const auto load = [&folder](const std::string& ledger) {
    return load_config(folder.write(
        "homeostat.yaml",
        "version: 1\npolicies: []\npostgres:\n  nodes:\n"
        "    - {name: main, host: db1, dbname: x}\n    - {name: worker, host: db2, dbname: x}\n"
        "  citus: {coordinator: main}\n  ledger: {node: " +
            ledger + "}\ninventory: {zones: [{name: shop, node: worker}]}\n"));
  };
  CHECK(texts_of(load("main").errors).empty());
  CHECK(load("main").config->zones == std::vector<ZoneConfig>{{"shop", "worker"}});
}

TEST_CASE("zones by themselves: so many of each node but the coordinator") {
  const TempFolder folder;
  const auto load = [&folder](const std::string& inventory, const std::string& citus,
                              const std::string& worker = "worker") {
    return load_config(folder.write(
        "homeostat.yaml",
        "version: 1\npolicies: []\npostgres:\n  nodes:\n"
        "    - {name: main, host: db1, dbname: x}\n    - {name: " +
            worker + ", host: db2, dbname: x}\n    - {name: w2, host: db3, dbname: x}\n" + citus +
            "inventory:\n" + inventory));
  };
  const std::string citus = "  citus: {coordinator: main}\n  ledger: {node: main}\n";
  const auto two = load("  zones: auto\n  zones_per_node: 2\n", citus);
  CHECK(texts_of(two.errors).empty());
  REQUIRE(two.config.has_value());
  CHECK(two.config->zones ==
        std::vector<ZoneConfig>{
            {"worker.1", "worker"}, {"worker.2", "worker"}, {"w2.1", "w2"}, {"w2.2", "w2"}});
  const auto plain = load("  zones: auto\n", citus);
  REQUIRE(plain.config.has_value());
  CHECK(plain.config->zones.size() == 16);
  CHECK(plain.config->zones.back() == ZoneConfig{"w2.8", "w2"});

  const auto error_of = [](const ConfigLoad& wrong) {
    REQUIRE(wrong.errors.size() == 1);
    return texts_of(wrong.errors)[0];
  };
  CHECK(error_of(load("  zones: auto\n", "")) ==
        "homeostat.yaml:9:10: `zones` is `auto`, which needs `postgres.citus`: the shards of a "
        "node are dealt out "
        "to its zones");
  CHECK_THAT(
      error_of(load("  zones: auto\n", "  citus: {coordinator: main}\n  ledger: {node: w2}\n")),
      Contains("11:10: `zones` is `auto`, but homeostat.admit() is where the ledger is"));
  CHECK_THAT(error_of(load("  zones: auto\n", citus, std::string(62, 'w'))),
             Contains("is too long to be followed by a number: 63 characters at most"));
  CHECK(error_of(load("  zones_per_node: 2\n", citus)) ==
        "homeostat.yaml:11:3: `zones_per_node` only goes with `zones: auto`");
  CHECK(error_of(load("  zones: [{name: a, node: w2}]\n  zones_per_node: 8\n", citus)) ==
        "homeostat.yaml:12:3: `zones_per_node` only goes with `zones: auto`");
  CHECK_THAT(error_of(load("  zones: all\n", citus)),
             Contains("11:10: `zones` is `all`; expected `auto` or a list, each a map of"));
  CHECK_THAT(
      texts_of(load_config(folder.write("homeostat.yaml",
                                        "version: 1\npolicies: []\npostgres:\n  nodes: [{name: m, "
                                        "host: a, dbname: x}]\n  citus: {coordinator: m}\n"
                                        "inventory: {zones: auto}\n"))
                   .errors)
          .at(0),
      Contains("but no node is configured beside the coordinator"));
}

TEST_CASE("Kafka's brokers, groups and properties are read, the properties as a secret") {
  const TempFolder folder;
  const auto secret = folder.write("kafka.properties", "sasl.password=hunter2\n");
  const auto file = folder.write(
      "homeostat.yaml",
      small_config("kafka: {bootstrap: [\"b1:9092\", \"[::1]:9092\"], properties_file: "
                   "kafka.properties, groups: [play-counts, ads], per_partition_metrics: true}\n"));
  ::chmod(secret.c_str(), 0640);
  const auto load = load_config(file);
  REQUIRE(load.config.has_value());
  REQUIRE(load.config->kafka.has_value());
  CHECK(load.config->kafka->bootstrap == std::vector<std::string>{"b1:9092", "[::1]:9092"});
  CHECK(load.config->kafka->groups == std::vector<std::string>{"play-counts", "ads"});
  CHECK(load.config->kafka->properties_file == secret);
  CHECK(load.config->kafka->per_partition_metrics);
  CHECK(load.config->kafka->control_topic == "homeostat.control");
  ::chmod(secret.c_str(), 0644);
  CHECK(texts_of(load_config(file).errors).size() == 1);
}

TEST_CASE("a broker without a port and a group that is there twice are refused") {
  CHECK(config_errors_of(small_config("kafka: {bootstrap: [b1], groups: [a]}\n")).size() == 1);
  CHECK(config_errors_of(small_config("kafka: {bootstrap: [\"b1:1\"], groups: [a, a]}\n")) ==
        Texts{"6:38: group `a` is there twice"});
}

TEST_CASE("a file that holds a secret is open to nobody beyond owner and group") {
  const TempFolder folder;
  const auto secret = folder.write("secret", "hunter2");
  const auto file = folder.write(
      "homeostat.yaml", replaced(small_config(), "host: db1", "host: db1, password_file: secret"));
  const auto errors = [&file] { return texts_of(load_config(file).errors); };
  for (const unsigned mode : {0600U, 0640U, 0400U}) {
    ::chmod(secret.c_str(), mode);
    CHECK(errors().empty());
  }
  for (const unsigned mode : {0644U, 0604U, 0601U, 0602U}) {
    ::chmod(secret.c_str(), mode);
    REQUIRE(errors().size() == 1);
    CHECK(errors()[0].find("is open to everybody (mode 06") != std::string::npos);
    CHECK(errors()[0].ends_with("expected `chmod 0640` or `chmod 0600`"));
    CHECK(errors()[0].find("hunter2") == std::string::npos);
  }
}

TEST_CASE("who only wants to know where the ledger is need not be able to read the secrets") {
  const TempFolder folder;
  const auto file = folder.write(
      "homeostat.yaml", replaced(small_config(), "host: db1", "host: db1, password_file: none"));
  CHECK_FALSE(load_config(file).config.has_value());
  const auto load = load_config(file, Secrets::left_alone);
  REQUIRE(load.config.has_value());
  CHECK(load.config->nodes.at(0).password_file.ends_with("/none"));
}

TEST_CASE("a missing secret file and one that is no file are refused") {
  CHECK(config_errors_of(replaced(small_config(), "host: db1", "host: db1, password_file: none"))[0]
            .find("No such file") != std::string::npos);
  CHECK(config_errors_of(replaced(small_config(), "host: db1", "host: db1, password_file: /"))[0]
            .ends_with("is not a regular file"));
  CHECK(config_errors_of(small_config("  ledger: {node: main, password_file: none}\n")).size() ==
        1);
  CHECK(config_errors_of(replaced(small_config(), "host: db1", "host: db1, sslrootcert: none"))
            .size() == 1);
}

TEST_CASE("the ledger's node is one of the nodes") {
  CHECK(config_errors_of(small_config("  ledger: {node: mian}\n")) ==
        Texts{"6:18: `node` is `mian`, which is none of postgres.nodes; did you mean `main`?"});
}

TEST_CASE("a partitioned table has a node and a schema") {
  CHECK_THAT(config_errors_of(small_config("  partitions: {node: mian, table: public.plays}\n"))[0],
             Contains("did you mean `main`?"));
  CHECK_THAT(config_errors_of(small_config("  partitions: {node: main, table: plays}\n"))[0],
             Contains("SCHEMA.TABLE"));
  CHECK(
      config_errors_of(small_config("  partitions: {node: main, table: public.plays}\n")).empty());
}

TEST_CASE("nodes and features are there once") {
  CHECK(config_errors_of(small_config("    - {name: main, host: db2, dbname: melodyud}\n")) ==
        Texts{"6:14: node `main` is there twice"});
  CHECK(config_errors_of(small_config("inventory: {features: [{name: a, class: x}, {name: a, "
                                      "class: y}]}\n")) ==
        Texts{"6:52: feature `a` is there twice"});
}

TEST_CASE("a host, a database and something to watch are required") {
  CHECK(config_errors_of(replaced(small_config(), "host: db1, ", "")).size() == 1);
  CHECK(config_errors_of(replaced(small_config(), ", dbname: melodyud", "")).size() == 1);
  CHECK(config_errors_of(replaced(small_config(), "host: db1", "host: \"db1,db2\"")).size() == 1);
  CHECK(config_errors_of("version: 1\npolicies: []\n") ==
        Texts{"1:1: expected one of `postgres`, `kafka`, `injected` in the configuration"});
}

TEST_CASE("sslmode is one of libpq's") {
  CHECK(
      config_errors_of(replaced(small_config(), "host: db1", "host: db1, sslmode: verify_full")) ==
      Texts{"5:40: `sslmode` is `verify_full`, which is not known; did you mean `verify-full`?"});
}

TEST_CASE("addresses of Alertmanager are http or https with host and port") {
  for (const auto* const url :
       {"http://127.0.0.1:9093", "https://alerts.example.org:443", "http://[::1]:9093"}) {
    INFO(url);
    CHECK(config_errors_of(small_config("alertmanager: {urls: [\"" + std::string(url) + "\"]}\n"))
              .empty());
  }
  for (const auto* const url : {"ftp://127.0.0.1:9093", "127.0.0.1:9093", "http://127.0.0.1",
                                "http://me:hunter2@127.0.0.1:9093", ""}) {
    INFO(url);
    const auto errors =
        config_errors_of(small_config("alertmanager: {urls: [\"" + std::string(url) + "\"]}\n"));
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].find("hunter2") == std::string::npos);
  }
}

TEST_CASE("the daemon listens on loopback only") {
  const auto listen = [](const std::string& address) {
    return config_errors_of(small_config("http: {listen: \"" + address + "\"}\n"));
  };
  CHECK(listen("localhost:9780").empty());
  CHECK(listen("127.9.9.9:9780").empty());
  CHECK(listen("0.0.0.0:9780") ==
        Texts{"6:16: `listen` is `0.0.0.0:9780`: loopback only in this version; expected "
              "127.0.0.1, [::1] or localhost"});
  CHECK(listen("9780") ==
        Texts{"6:16: `listen` is `9780`; expected HOST:PORT, such as 127.0.0.1:9780"});
}

TEST_CASE("sampling intervals fit to each other") {
  CHECK(config_errors_of(small_config("sampling: {every: 10s}\n")).size() == 2);
  CHECK(config_errors_of(small_config("sampling: {every: 5s, stale_after: 5s}\n")).size() == 1);
  CHECK(config_errors_of(small_config("tick: 1s\nsampling: {every: 2s}\n")).size() == 1);
}

TEST_CASE("a sample is stale after 45 s at most, and a fold is a minute at most (S5)") {
  CHECK(config_errors_of(small_config("sampling: {stale_after: 45s, fold: 60s}\n")).empty());
  CHECK(config_errors_of(small_config("sampling: {stale_after: 46s}\n")) ==
        Texts{"6:25: `stale_after` is `46s`; expected a duration from 100ms up to 45s, such as "
              "500ms, 30s or 1h30m"});
  CHECK(
      config_errors_of(small_config("sampling: {fold: 61s}\n")) ==
      Texts{"6:18: `fold` is `61s`; expected a duration from 100ms up to 1m, such as 500ms, 30s or "
            "1h30m"});
}

TEST_CASE("a configuration is one document") {
  CHECK(config_errors_of(small_config("---\nversion: 1\n")).size() == 1);
  CHECK(config_errors_of("").size() == 1);
  CHECK(to_text(load_config("/nowhere/at/all.yaml").errors.at(0)) ==
        "/nowhere/at/all.yaml: no such file");
}

TEST_CASE("what all policies together may do, and how changed ones start, can be set") {
  const auto config =
      load_text(small_config("limits: {per_hour: 4, brake: {acts: 8, within: 1h},\n"
                             "         sessions_per_hour: 7, bytes_per_day: 400GB}\n"
                             "changed_policies: canary\n"));
  CHECK(config.engine.cluster_per_hour == 4);
  CHECK(config.engine.brake_acts == 8);
  CHECK(config.engine.brake_window == std::chrono::hours{1});
  CHECK(config.engine.sessions_per_hour == 7);
  CHECK(config.engine.bytes_per_day == 400e9);
  CHECK_FALSE(load_text(small_config("")).engine.bytes_per_day);
  CHECK(config_errors_of(small_config("limits: {sessions_per_hour: 0}\n")).size() == 1);
  CHECK(config_errors_of(small_config("limits: {bytes_per_day: 0GB}\n")).size() == 1);
  CHECK(config.engine.changed_policies == ChangedPolicies::canary);
  CHECK(load_text(small_config("changed_policies: shadow\n")).engine.changed_policies ==
        ChangedPolicies::shadow);
  CHECK(config_errors_of(small_config("limits: {per_hour: 0}\n")).size() == 1);
  CHECK(config_errors_of(small_config("limits: {brake: {within: 1s}}\n")).size() == 1);
}
