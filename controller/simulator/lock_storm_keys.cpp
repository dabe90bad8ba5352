// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/lock_storm_keys.hpp"

#include <cstdint>
#include <utility>

namespace homeostat::loader {
namespace {

Key count(std::string name, std::string fallback, std::string help, double least, double most) {
  return {.name = std::move(name),
          .type = Type::integer,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = between(least, most)};
}

Key rate(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::number,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = {0.0, 100'000.0, true, false}};
}

Key time(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::duration,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = between(0.01, 60)};
}

}  // namespace

Shape lock_storm_shape() {
  return {.name = "`lock_storm`",
          .help = "A server that more concurrency makes slower, and clients that ask again.",
          .keys = {rate("requests_per_second", "700", "Of all classes, without retries."),
                   {.name = "critical",
                    .type = Type::share,
                    .fallback = "65%",
                    .help = "Of the requests; the rest is of the three classes in equal parts.",
                    .range = between(0, 1)},
                   rate("peak_throughput", "1600", "Transactions a second, at best."),
                   count("peak_connections", "100", "Where that is.", 2, 10'000),
                   count("max_connections", "400", "Of the server.", 3, 10'000),
                   rate("throughput_at_max", "788", "With all connections in use."),
                   {.name = "lock_share",
                    .type = Type::share,
                    .fallback = "50%",
                    .help = "Of the time lost to others, that is waiting for locks.",
                    .range = between(0, 1)},
                   time("client_timeout", "2s", "After which a client gives a try up."),
                   count("retries", "3", "After the first try.", 0, 20),
                   time("backoff", "100ms", "Before the first retry; doubles with each."),
                   count("concurrency", "0", "At once, by itself; 0: as many as connections.", 0,
                         10'000),
                   time("queue_limit", "2s", "Who waits longer is turned away."),
                   {.name = "cancel_abandoned",
                    .type = Type::boolean,
                    .fallback = "false",
                    .help = "What nobody waits for is taken out of the server."}}};
}

LockStormParameters read_lock_storm(const Value& value, std::vector<Finding>& errors) {
  LockStormParameters plant;
  assign<double>(plant.requests_per_second, value, "requests_per_second");
  assign<double>(plant.critical, value, "critical");
  assign<double>(plant.peak_throughput, value, "peak_throughput");
  assign<std::int64_t>(plant.peak_connections, value, "peak_connections");
  assign<std::int64_t>(plant.max_connections, value, "max_connections");
  assign<double>(plant.throughput_at_max, value, "throughput_at_max");
  assign<double>(plant.lock_share, value, "lock_share");
  assign_duration(plant.client_timeout, value, "client_timeout");
  assign<std::int64_t>(plant.retries, value, "retries");
  assign_duration(plant.backoff, value, "backoff");
  assign<std::int64_t>(plant.concurrency, value, "concurrency");
  assign_duration(plant.queue_limit, value, "queue_limit");
  assign<bool>(plant.cancel_abandoned, value, "cancel_abandoned");
  if (Throughput::possible(plant)) return plant;
  errors.push_back({place_of(value, "throughput_at_max"),
                    "no curve goes through its peak (`peak_throughput` at `peak_connections`) and "
                    "`throughput_at_max` at `max_connections`"});
  return LockStormParameters{};
}

}  // namespace homeostat::loader
