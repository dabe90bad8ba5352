// SPDX-License-Identifier: Apache-2.0
// homeostat.allowed(), as applications call it.
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::PgClient;

constexpr int kKeys = 10'000;

// As documented: first 8 bytes of SHA-256 of salt and key, big-endian, unsigned, modulo 10,000.
unsigned bucket(const std::string& salt, const std::string& key) {
  const auto text = salt + key;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::uint64_t number = 0;
  for (std::size_t byte = 0; byte < 8; ++byte) number = number << 8U | digest[byte];
  return static_cast<unsigned>(number % 10'000);
}

struct Application {
  Application() {
    superuser.run(
        "INSERT INTO homeostat.feature VALUES ('report', 'batch'), "
        "('recommendations', 'non_critical')");
  }

  // A restriction that runs out in (or ran out before) so many seconds.
  void restrict(const std::string& target, double admit, const std::string& salt = "pepper",
                double seconds_left = 3600) {
    superuser.run("INSERT INTO homeostat.admission (target, admit, salt, expires_at) VALUES ('" +
                  target + "', " + std::to_string(admit) + ", convert_to('" + salt +
                  "', 'UTF8'), clock_timestamp() + make_interval(secs => " +
                  std::to_string(seconds_left) +
                  ")) ON CONFLICT (target, identity) DO UPDATE SET admit = excluded.admit, "
                  "salt = excluded.salt, expires_at = excluded.expires_at");
  }
  // Of kKeys keys, one character each: t or f.
  std::string answers(const std::string& feature = "report") {
    return app.run("SELECT string_agg(left(homeostat.allowed('" + feature +
                   "', 'user-' || i)::text, 1), '' ORDER BY i) FROM generate_series(1, " +
                   std::to_string(kKeys) + ") AS i");
  }
  long admitted(const std::string& feature = "report") {
    const auto all = answers(feature);
    return std::count(all.begin(), all.end(), 't');
  }

  testing::LedgerCluster cluster;
  PgClient superuser{cluster.address()};
  PgClient app{application()};

 private:
  pg::Address application() {
    cluster.create_role("application");
    return cluster.address("application");
  }
};

TEST_CASE_METHOD(Application,
                 "everybody is allowed while nothing is restricted, registered or not") {
  CHECK(admitted() == kKeys);
  CHECK(admitted("nobody registered this") == kKeys);
  restrict("class/batch", 0);
  CHECK(admitted() == 0);
  CHECK(admitted("recommendations") == kKeys);
  CHECK(admitted("nobody registered this") == kKeys);
  CHECK(app.run("SELECT homeostat.allowed(NULL, NULL)") == "t");
}

TEST_CASE_METHOD(Application, "the share is decided by the documented hash of salt and key alone") {
  restrict("class/batch", 0.25);
  const auto all = answers();
  REQUIRE(all.size() == kKeys);
  int wrong = 0;
  for (int key = 1; key <= kKeys; ++key) {
    const bool expected = bucket("pepper", "user-" + std::to_string(key)) < 2500;
    if ((all[static_cast<std::size_t>(key - 1)] == 't') != expected) ++wrong;
  }
  CHECK(wrong == 0);
  // 25 % of 10,000 keys, give or take five standard deviations of a fair draw.
  CHECK(std::abs(std::count(all.begin(), all.end(), 't') - 2500) < 217);
  CHECK(answers() == all);
}

TEST_CASE_METHOD(Application, "who is let in at a small share stays in at a larger one") {
  restrict("class/batch", 0.05);
  const auto few = answers();
  restrict("class/batch", 0.25);
  const auto more = answers();
  int thrown_out = 0;
  for (std::size_t key = 0; key < few.size(); ++key) {
    if (few[key] == 't' && more[key] == 'f') ++thrown_out;
  }
  CHECK(thrown_out == 0);
  CHECK(few != more);
}

TEST_CASE_METHOD(Application, "another salt lets other keys in (H60)") {
  restrict("class/batch", 0.5, "pepper");
  const auto first = answers();
  restrict("class/batch", 0.5, "thyme");
  const auto second = answers();
  int both = 0;
  for (std::size_t key = 0; key < first.size(); ++key) {
    if (first[key] == 't' && second[key] == 't') ++both;
  }
  CHECK(std::abs(both - 2500) < 217);  // independent draws
}

TEST_CASE_METHOD(Application, "the strictest of class and feature wins") {
  restrict("class/batch", 0.5, "class salt");
  restrict("feature/report", 0.1, "own salt");
  CHECK((app.run("SELECT homeostat.allowed('report', 'user-7')") == "t") ==
        (bucket("own salt", "user-7") < 1000));
  CHECK(std::abs(admitted() - 1000) < 150);
  restrict("feature/report", 1);
  CHECK(std::abs(admitted() - 5000) < 250);
}

TEST_CASE_METHOD(Application, "without a key each call is drawn by itself") {
  restrict("class/batch", 0.25);
  const auto count =
      std::stoi(app.run("SELECT count(*) FILTER (WHERE homeostat.allowed('report')) "
                        "FROM generate_series(1, 10000)"));
  // Seven standard deviations: once in 400 billion runs.
  CHECK(std::abs(count - 2500) < 304);
  restrict("class/batch", 0);
  CHECK(app.run("SELECT bool_or(homeostat.allowed('report')) FROM generate_series(1, 100)") == "f");
}

TEST_CASE_METHOD(Application, "an expiry that nobody announced ramps back over a minute (H61)") {
  restrict("class/batch", 0.2, "pepper", 5);
  CHECK(std::abs(admitted() - 2000) < 250);
  restrict("class/batch", 0.2, "pepper", -30);  // half of the way from 0.2 to 1
  const auto half_way = admitted();
  CHECK(half_way > 5700);
  CHECK(half_way < 9000);  // a slow machine is further on its way
  restrict("class/batch", 0, "pepper", -61);
  CHECK(admitted() == kKeys);

  // The share itself, on a clock of its own.
  const auto share = [&](int seconds) {
    return superuser.run("SELECT homeostat.admitted_share(0.2, t, t + make_interval(secs => " +
                         std::to_string(seconds) + ")) FROM (SELECT now()) AS c(t)");
  };
  CHECK(share(-1) == "0.2");
  CHECK(share(0) == "0.2");
  CHECK(std::stod(share(30)) == Approx(0.6));
  CHECK(std::stod(share(45)) == Approx(0.8));
  CHECK(share(60) == "1");
  CHECK(share(100000) == "1");
}

TEST_CASE_METHOD(Application, "a restriction without an expiry stands") {
  restrict("class/batch", 0);
  superuser.run("UPDATE homeostat.admission SET expires_at = NULL");
  CHECK(admitted() == 0);
}

TEST_CASE_METHOD(Application, "rows of another database are ignored (H52)") {
  restrict("class/batch", 0);
  superuser.run("UPDATE homeostat.admission SET identity = '42/elsewhere'");
  CHECK(admitted() == kKeys);
  restrict("class/batch", 0.5);  // ours beside it
  CHECK(std::abs(admitted() - 5000) < 250);
}

TEST_CASE_METHOD(Application, "the answer changes within a transaction that began before") {
  app.run("BEGIN");
  CHECK(app.run("SELECT homeostat.allowed('report', 'x')") == "t");
  restrict("class/batch", 0);
  CHECK(app.run("SELECT homeostat.allowed('report', 'x')") == "f");
  app.run("COMMIT");
}

TEST_CASE_METHOD(Application, "an application may ask and nothing else") {
  CHECK(app.run("SELECT homeostat.allowed('report')") == "t");
  CHECK_THROWS_WITH(app.run("SELECT * FROM homeostat.admission"), Contains("permission denied"));
  CHECK_THROWS_WITH(app.run("SELECT * FROM homeostat.lease"), Contains("permission denied"));
  CHECK_THROWS_WITH(app.run("SELECT homeostat.bucket('', '')"), Contains("permission denied"));
  CHECK_THROWS_WITH(app.run("CREATE TABLE homeostat.mine ()"), Contains("permission denied"));
}

TEST_CASE_METHOD(Application,
                 "names and keys are data, and a caller's search path is not used (H44)") {
  restrict("class/batch", 0.5);
  app.run("SET search_path = pg_temp");
  app.run("CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'");
  app.run("CREATE TEMP TABLE feature (name text, class text)");
  CHECK(app.run("SELECT homeostat.allowed('report', '''; DROP TABLE homeostat.act; --')") ==
        (bucket("pepper", "'; DROP TABLE homeostat.act; --") < 5000 ? "t" : "f"));
  CHECK(app.run("SELECT homeostat.allowed('''; DROP TABLE homeostat.act; --', 'x')") == "t");
  CHECK(app.run("SELECT homeostat.allowed('report', 'Zoë')") ==
        (bucket("pepper", "Zo\xc3\xab") < 5000 ? "t" : "f"));
}

}  // namespace
}  // namespace homeostat
