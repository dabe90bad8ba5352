// SPDX-License-Identifier: Apache-2.0
// What doctor makes of what it was told, without a server.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/cli/doctor/check_connection.hpp"
#include "controller/cli/doctor/check_kafka.hpp"
#include "controller/cli/doctor/check_ledger.hpp"
#include "controller/cli/doctor/check_policies.hpp"
#include "controller/cli/doctor/check_server.hpp"
#include "controller/cli/text/doctor_text.hpp"

namespace homeostat::doctor {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

ServerFacts sound() {
  ServerFacts facts;
  facts.system_identifier = "7301";
  facts.database = "melodyud";
  facts.started = "1767268805.25";
  facts.version_num = 150020;
  facts.version = "15.20";
  facts.role = "homeostat_monitor";
  facts.max_connections = 100;
  facts.superuser_reserved = 3;
  facts.connections = 10;
  return facts;
}

Finding judged(void (*judge)(const ServerFacts&, Findings&), const ServerFacts& facts) {
  Findings findings("node/main");
  judge(facts, findings);
  REQUIRE(findings.all().size() == 1);
  return findings.all().front();
}

Grade grade_of(void (*judge)(const ServerFacts&, Findings&), const ServerFacts& facts) {
  return judged(judge, facts).grade;
}

TEST_CASE("versions 15 to 18 are ok, others a warning") {
  auto facts = sound();
  for (const auto& [number, grade] : {std::pair{140011, Grade::warn},
                                      {150000, Grade::ok},
                                      {180004, Grade::ok},
                                      {190000, Grade::warn}}) {
    facts.version_num = number;
    CHECK(grade_of(judge_version, facts) == grade);
  }
}

TEST_CASE("a clock more than five seconds off is a warning, either way") {
  auto facts = sound();
  for (const auto& [ahead, grade] :
       {std::pair{0.0, Grade::ok}, {-5.0, Grade::ok}, {5.5, Grade::warn}, {-3600.0, Grade::warn}}) {
    facts.clock_ahead = ahead;
    CHECK(grade_of(judge_clock, facts) == grade);
  }
  facts.clock_ahead = -3600;
  CHECK_THAT(judged(judge_clock, facts).found, Contains("behind"));
}

TEST_CASE("the time that the question took is no error of a clock") {
  CHECK(seconds_ahead(11, 10, 12) == 0);
  CHECK(seconds_ahead(14, 10, 12) == 2);
  CHECK(seconds_ahead(7, 10, 12) == -3);
}

TEST_CASE("from 16 on a reserve is asked for, before that there is none to ask for (H11)") {
  auto facts = sound();
  CHECK(grade_of(judge_headroom, facts) == Grade::ok);
  facts.version_num = 160004;
  CHECK_THAT(judged(judge_headroom, facts).advice.mend,
             Contains("GRANT pg_use_reserved_connections TO homeostat_monitor WITH INHERIT TRUE;"));
  facts.uses_reserved = true;
  CHECK_THAT(judged(judge_headroom, facts).advice.mend, Contains("reserved_connections = 5"));
  facts.reserved = 5;
  facts.connections = 100;
  CHECK(grade_of(judge_headroom, facts) == Grade::ok);
}

TEST_CASE("before 16 it is the role that inherits, from then on each membership") {
  auto facts = sound();
  CHECK(grant_inherited(facts, "pg_monitor", "m", true) == "GRANT pg_monitor TO m;");
  CHECK(grant_inherited(facts, "pg_monitor", "m", false) ==
        "GRANT pg_monitor TO m;\nALTER ROLE m INHERIT;");
  facts.version_num = 160004;
  for (const bool inherits : {true, false}) {
    CHECK(grant_inherited(facts, "pg_monitor", "m", inherits) ==
          "GRANT pg_monitor TO m WITH INHERIT TRUE;");
  }
}

TEST_CASE("only TCP to another machine without a verified certificate is a warning") {
  const auto grade = [](const std::string& host, const std::string& sslmode) {
    pg::Address address;
    address.host = host;
    address.sslmode = sslmode;
    Findings findings("node/main");
    judge_encryption(address, findings);
    return worst(findings.all());
  };
  CHECK(grade("db1", "verify-full") == Grade::ok);
  CHECK(grade("db1", "verify-ca") == Grade::warn);
  CHECK(grade("10.0.0.7", "disable") == Grade::warn);
  CHECK(grade("127.0.0.1", "disable") == Grade::ok);
  CHECK(grade("::1", "prefer") == Grade::ok);
  CHECK(grade("/run/postgresql", "disable") == Grade::ok);
}

TEST_CASE("a connection that was refused gets the advice for its reason") {
  Login login;
  login.address.host = "db1";
  login.address.dbname = "melodyud";
  login.address.user = "homeostat_monitor";
  login.grants = "homeostat grants --monitor";
  const auto mend = [&](const std::string& said) {
    Findings findings("node/main");
    judge_refusal(login, Error{ErrorCode::refused, said}, findings);
    return findings.all().front().advice.mend;
  };
  const std::string at = "connection to server at \"10.0.0.7\", port 5432 failed: ";
  CHECK_THAT(mend(at + "fe_sendauth: no password supplied"), Contains("password_file"));
  CHECK_THAT(mend(at + "FATAL:  28P01: password authentication failed for user \"x\""),
             Contains("\\password homeostat_monitor"));
  const std::string no_entry = at + "FATAL:  28000: no pg_hba.conf entry for host ";
  CHECK_THAT(mend(no_entry + "\"10.0.0.8\", user \"x\", database \"y\", SSL encryption"),
             Contains("\nhostssl melodyud homeostat_monitor 10.0.0.8/32 scram-sha-256"));
  CHECK_THAT(mend(no_entry + "\"fd00::8\", user \"x\", database \"y\", no encryption"),
             Contains("\nhost melodyud homeostat_monitor fd00::8/128 scram-sha-256"));
  CHECK(mend(at + "server does not support SSL, but SSL was required") ==
        "switch TLS on at the server: ssl = on, with a certificate");
  CHECK_THAT(mend(at + "FATAL:  28000: role \"x\" does not exist"),
             Contains("grants --monitor | psql -X -v ON_ERROR_STOP=1 -d melodyud"));
  CHECK_THAT(mend(at + "FATAL:  3D000: database \"melodyud\" does not exist"), Contains("dbname"));
  CHECK_THAT(mend(at + "FATAL:  53300: sorry, too many clients already"),
             Contains("max_connections"));
  CHECK_THAT(mend(at + "SSL error: certificate verify failed"), Contains("sslrootcert"));
  CHECK_THAT(mend(at + "Connection refused"), Contains("pg_isready -h db1 -p 5432"));
  login.roles_from = "head";
  for (const std::string said : {"28000: role \"x\" does not exist",
                                 "28P01: password authentication failed for user \"x\""}) {
    CHECK_THAT(mend(at + "FATAL:  " + said),
               Contains(", on node head, which makes it so on every node"));
  }
  login.address.host = "127.0.0.1";
  CHECK_THAT(mend(at + "server does not support SSL, but SSL was required"),
             Contains("sslmode: prefer"));
}

TEST_CASE("a clone is another server, though it shares identifier and database (H53)") {
  const auto monitor = sound();
  auto actuator = sound();
  const auto grade = [&] {
    Findings findings("ledger");
    judge_same_server(monitor, actuator, findings);
    return worst(findings.all());
  };
  CHECK(grade() == Grade::ok);
  actuator.started = "1767268999";
  CHECK(grade() == Grade::fail);
  actuator = sound();
  actuator.database = "staging";
  CHECK(grade() == Grade::fail);
}

TEST_CASE("policies are listed with their modes, and what was dropped is said") {
  PolicySet set;
  set.policies.emplace_back();
  set.policies.front().name = "circuit-breaker";
  set.policies.front().mode = Mode::shadow;
  const homeostat::Finding note{{"p.yaml", 7, 3}, "this condition is dropped"};
  const auto findings = check_policies(set, {note});
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].check == "circuit-breaker");
  CHECK_THAT(findings[0].found, Contains("mode shadow"));
  CHECK_THAT(findings[1].found, Contains("p.yaml:7:3: this condition is dropped"));
  CHECK(worst(check_policies({}, {})) == Grade::warn);
}

TEST_CASE("doctor's text has why and mend below what is not ok, and a count") {
  Findings findings("node/main");
  findings.ok("version", "PostgreSQL 15.20");
  findings.fail("statistics", "cannot see\x1b[2J", {"because", "GRANT one;\nGRANT two;"});
  CHECK(text::doctor(findings.all()) ==
        "node/main\n"
        "  ok    version     PostgreSQL 15.20\n"
        "  FAIL  statistics  cannot see?[2J\n"
        "        why:  because\n"
        "        mend: GRANT one;\n"
        "              GRANT two;\n"
        "\n"
        "1 ok, 0 warnings, 1 failure\n");
}

TEST_CASE("doctor's JSON has the same, for scripts") {
  Findings findings("ledger");
  findings.ok("schema", "version 3");
  findings.warn("features", "missing", {"because", "reload"});
  const auto json = to_json(findings.all());
  CHECK(json["worst"] == "warn");
  CHECK(json["ok"] == 1);
  CHECK(json["warn"] == 1);
  CHECK(json["fail"] == 0);
  CHECK(json["findings"][1] == nlohmann::json{{"about", "ledger"},
                                              {"check", "features"},
                                              {"grade", "warn"},
                                              {"found", "missing"},
                                              {"why", "because"},
                                              {"mend", "reload"}});
}

KafkaConfig two_brokers() {
  KafkaConfig config;
  config.bootstrap = {"b1:9092", "b2:9092"};
  config.groups = {"counts"};
  return config;
}

std::vector<Finding> judged_group(const Result<kafka::GroupOffsets>& found) {
  Findings findings("group/counts");
  judge_group(two_brokers(), "counts", found, findings);
  return std::move(findings.all());
}

std::vector<Finding> judged_outage(ErrorCode code, bool keeps_out = true) {
  Findings findings("kafka");
  CHECK(judge_outage(two_brokers(), {code, "what was said", {"kafka.properties", 2, 1}},
                     findings) == keeps_out);
  return std::move(findings.all());
}

TEST_CASE("what keeps us from every Kafka broker is told with what to correct") {
  CHECK_THAT(judged_outage(ErrorCode::unavailable).at(0).advice.mend,
             Contains("kafka-broker-api-versions.sh --bootstrap-server b1:9092"));
  CHECK(judged_outage(ErrorCode::timeout).at(0).check == "connection");
  const auto login = judged_outage(ErrorCode::refused).at(0);
  CHECK(login.check == "login");
  CHECK_THAT(login.advice.mend, Contains("sasl.password") && Contains("ssl.ca.location"));
  CHECK(judged_outage(ErrorCode::invalid_input).at(0).found == "what was said, line 2");
  CHECK(judged_outage(ErrorCode::missing_privilege, false).empty());
  CHECK(judged_outage(ErrorCode::not_found, false).empty());
}

TEST_CASE("a Kafka group that cannot be read is told with the ACL or the list of groups") {
  const auto denied = judged_group(Error{ErrorCode::missing_privilege, "allow Describe"}).at(0);
  CHECK(denied.grade == Grade::fail);
  CHECK(denied.check == "privileges");
  CHECK_THAT(denied.advice.mend, Contains("kafka-acls.sh --bootstrap-server b1:9092 --add") &&
                                     Contains("--operation Describe --group counts"));
  const auto missing = judged_group(Error{ErrorCode::not_found, "has committed no offset"}).at(0);
  CHECK(missing.check == "group");
  CHECK_THAT(missing.advice.mend, Contains("--list") && Contains("--topic TOPIC"));
}

TEST_CASE("a Kafka group that is read: its topics, its members, what is missing and what is lost") {
  kafka::GroupOffsets offsets;
  offsets.partitions = {{{"ads", 0}, 5, 9, 0}, {{"plays", 0}, 5, 9, 7}};
  offsets.partitions.push_back({{"plays", 1}, std::nullopt, 9, 0});
  offsets.partitions.push_back({{"plays", 2}, std::nullopt, 4, 4});  // nothing to read
  offsets.state = kafka::GroupState::stable;
  const auto found = judged_group(offsets);
  REQUIRE(found.size() == 4);
  CHECK(found[0].found == "reads ads (1 partition), plays (3 partitions)");
  CHECK(found[1].grade == Grade::ok);
  CHECK_THAT(found[2].found, EndsWith("in plays/1"));
  CHECK_THAT(found[3].found, EndsWith("in plays/0"));
  offsets.state = kafka::GroupState::empty;
  CHECK(judged_group(offsets)[1].grade == Grade::warn);
  offsets.state.reset();
  CHECK(judged_group(offsets)[1].grade == Grade::warn);
}

}  // namespace
}  // namespace homeostat::doctor
