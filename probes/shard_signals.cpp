// SPDX-License-Identifier: Apache-2.0
#include "probes/shard_signals.hpp"

#include <algorithm>
#include <cmath>

#include "probes/placement_rules.hpp"
#include "probes/relative_sample.hpp"

namespace homeostat {
namespace {

std::string percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

void add_spread(const std::string& prefix, const ShardTotals& totals, TimePoint now,
                Reading& reading) {
  const auto found = spread(counted(totals));
  reading.samples.push_back(relative(prefix + "_cv", found.deviation, found.mean, now));
  reading.samples.push_back(relative(prefix + "_max_deviation", found.above, found.mean, now));
}

void add_absent(std::initializer_list<const char*> signals, AbsentReason reason, TimePoint now,
                Reading& reading) {
  for (const auto* signal : signals) {
    reading.samples.push_back(absent(signal, {}, reason, now));
  }
}

void add_details(const std::string& name, const ShardTotals& totals, Reading& reading) {
  for (const auto& node : totals.nodes) {
    reading.details.push_back({{}, name, {{"node", node.name}}, node.total});
  }
}

}  // namespace

void add_rows(const ShardTotals& rows, const std::set<std::int64_t>& single, TimePoint now,
              Reading& reading) {
  add_spread("citus_node", rows, now, reading);
  std::vector<Holding> groups;
  for (const auto& [shard, count] : rows.shard_groups) groups.push_back({count});
  const auto found = spread(groups);
  reading.samples.push_back(relative("citus_shard_cv", found.deviation, found.mean, now));
  const auto top = hottest(rows);
  const auto splittable = hottest(rows, single);
  reading.samples.push_back(relative("citus_hottest_shard_share", top.value, top.sum, now));
  double capacity = 0;
  double most = 0;
  for (const auto& node : counted(rows)) {
    capacity += node.capacity;
    most = std::max(most, node.capacity);
  }
  reading.samples.push_back(
      relative("citus_hottest_shard_fair_share", splittable.value * capacity, top.sum * most, now));
  if (top.sum > 0) {
    reading.notes.push_back({{},
                             "hottest_shard",
                             "shard " + std::to_string(top.shard) +
                                 " and those that move with it hold " +
                                 percent(top.value / top.sum) + " of the rows"});
  }
  add_details("citus_node_rows", rows, reading);
  for (const auto& node : rows.nodes) {
    reading.details.push_back(
        {{}, "citus_node_shards", {{"node", node.name}}, static_cast<double>(node.shards)});
  }
}

void add_bytes(const Result<ShardTotals>& bytes, TimePoint now, Reading& reading) {
  if (!bytes.has_value()) {
    add_absent({"citus_node_bytes_cv", "citus_node_bytes_max_deviation"}, AbsentReason::failed, now,
               reading);
    return;
  }
  add_spread("citus_node_bytes", *bytes, now, reading);
  add_details("citus_node_bytes", *bytes, reading);
}

void add_load(const Result<ShardTotals>& load, TimePoint now, Reading& reading) {
  if (!load.has_value()) {
    // Nothing has failed: it is not known yet, which is nobody's blindness.
    add_absent({"citus_node_load_cv", "citus_node_load_max_deviation"}, AbsentReason::never_sampled,
               now, reading);
    reading.notes.push_back({{}, "load_unknown", load.error().context});
    return;
  }
  add_spread("citus_node_load", *load, now, reading);
  add_details("citus_node_load_rows_per_second", *load, reading);
}

void add_tenants(const std::vector<std::optional<TenantLoad>>& loads, TimePoint now,
                 Reading& reading) {
  double sum = 0;
  TenantLoad top;
  for (const auto& load : loads) {
    if (!load) {
      add_absent({"citus_hottest_tenant_share"}, AbsentReason::never_sampled, now, reading);
      return;
    }
    sum += load->sum;
    if (load->most > top.most) top = *load;
  }
  reading.samples.push_back(relative("citus_hottest_tenant_share", top.most, sum, now));
  if (!top.tenant.empty()) {
    reading.notes.push_back(
        {{}, "hottest_tenant", top.tenant + ": " + percent(top.most / sum) + " of the load"});
  }
}

void add_misplaced(const ShardLayout& layout, TimePoint now, Reading& reading) {
  const std::string signal = "citus_misplaced_shards";
  if (layout.unmet.empty()) {
    reading.samples.push_back(gauge(signal, {}, static_cast<double>(misplaced(layout)), now));
  } else {
    reading.samples.push_back(absent(signal, {}, AbsentReason::failed, now));
  }
  for (const auto& why : layout.unmet) reading.notes.push_back({{}, "placement_rule", why});
}

}  // namespace homeostat
