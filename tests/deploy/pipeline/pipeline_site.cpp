// SPDX-License-Identifier: Apache-2.0
#include "tests/deploy/pipeline/pipeline_site.hpp"

#include <signal.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "tests/support/eventually.hpp"
#include "tests/support/melodyud.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {

nlohmann::json Program::last_line() const {
  std::istringstream lines{read_file(log)};
  nlohmann::json last = nlohmann::json::object();
  for (std::string line; std::getline(lines, line);) {
    // The line that is being written is not whole.
    if (line.empty() || line.front() != '{' || lines.eof()) continue;
    last = nlohmann::json::parse(line);
  }
  return last;
}

bool Program::says(const std::string& text) const {
  return read_file(log).find(text) != std::string::npos;
}

void furnish(const PostgresCluster& postgres) {
  postgres.sql(melodyud_script("schema.sql"));
  postgres.sql(melodyud_script("pipeline.sql"));
  postgres.sql(
      "INSERT INTO melodyud.track (track_id, title, creator) SELECT t, '', '' FROM "
      "generate_series(1, " +
      std::to_string(kTracks) +
      ") AS t;"
      "INSERT INTO melodyud.track_stats (track_id) SELECT track_id FROM melodyud.track");
}

PipelineSite::PipelineSite()
    : broker_{BrokerSettings{{"group.min.session.timeout.ms", "500"}}},
      kafka_{broker_.bootstrap()} {
  furnish(postgres_);
  create_topic("play_events", kPartitions);
}

Program PipelineSite::start(const std::string& program, std::vector<std::string> arguments) {
  Program started;
  started.log = scratch_.path() + "/" + program + std::to_string(++started_) + ".log";
  arguments.insert(arguments.begin(), {std::string{HOMEOSTAT_PIPELINE} + "/" + program, "--brokers",
                                       broker_.bootstrap()});
  ProcessOptions options;
  options.log = started.log;
  started.process = ChildProcess{std::move(arguments), options};
  return started;
}

Program PipelineSite::producer(const std::string& profile, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"--profile", profile, "--tracks", std::to_string(kTracks)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return start("play_producer", std::move(arguments));
}

Program PipelineSite::consumer(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"--postgres",
                                     "host=127.0.0.1 port=" + std::to_string(postgres_.port()) +
                                         " dbname=postgres user=melodyud_pipeline"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return start("play_consumer", std::move(arguments));
}

std::int64_t PipelineSite::number(const std::string& sql) const {
  return std::stoll(postgres_.sql(sql));
}

std::int64_t PipelineSite::applied() const {
  return number("SELECT coalesce(sum(next_offset), 0) FROM melodyud.consumer_offset");
}

std::int64_t PipelineSite::plays() const {
  return number("SELECT sum(plays) FROM melodyud.track_stats");
}

std::int64_t PipelineSite::impressions() const {
  return number("SELECT count(*) FROM melodyud.ad_impression");
}

std::int64_t PipelineSite::claims() const {
  return number("SELECT coalesce(sum(owner_epoch), 0) FROM melodyud.consumer_offset");
}

std::int64_t PipelineSite::committed() const {
  std::int64_t sum = 0;
  for (int partition = 0; partition < kPartitions; ++partition) {
    sum += kafka_.committed("play-counts", "play_events", partition).value_or(0);
  }
  return sum;
}

void PipelineSite::require_exactly_once(Program& producer, std::int64_t besides) const {
  producer.process.signal(SIGTERM);
  REQUIRE(producer.process.wait(kPatience) == 0);
  const auto made = producer.last_line();
  INFO(made.dump());
  const auto expected = made.at("delivered").get<std::int64_t>() + besides;
  REQUIRE(eventually([&] { return applied() == expected; }));
  CHECK(plays() == made.at("plays"));
  CHECK(impressions() == made.at("impressions"));
}

}  // namespace homeostat::testing
