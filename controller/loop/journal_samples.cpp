// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/journal_samples.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace homeostat::journal {
namespace {

using nlohmann::json;

/// Counts are whole numbers: `3` is shorter than `3.0`.
json short_number(double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: every integer below has its own double
  if (!std::isfinite(value)) return nullptr;
  if (std::trunc(value) == value && std::abs(value) < kExact) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

json pack(const Sample& sample, std::int64_t series) {
  json out = {series, short_number(sample.numerator)};
  const bool whole = sample.quality == Quality::whole;
  if (whole && sample.denominator == 1) return out;
  out.push_back(short_number(sample.denominator));
  if (whole) return out;
  out.push_back(to_text(sample.quality));
  out.push_back(to_text(sample.reason));
  return out;
}

Error unreadable() { return {ErrorCode::storage, "the journal holds samples that are no samples"}; }

bool unpack_number(const json& in, double& out) {
  if (in.is_null()) {
    out = std::nan("");
    return true;
  }
  if (!in.is_number()) return false;
  out = in.get<double>();
  return true;
}

bool unpack(const json& in, const std::map<std::int64_t, Series>& series, Sample& sample) {
  if (!in.is_array() || in.size() < 2 || in.size() == 4 || in.size() > 5) return false;
  if (!in[0].is_number_integer()) return false;
  const auto found = series.find(in[0].get<std::int64_t>());
  if (found == series.end()) return false;
  std::tie(sample.signal, sample.subject) = found->second;
  sample.quality = Quality::whole;
  sample.reason = AbsentReason::none;
  if (!unpack_number(in[1], sample.numerator)) return false;
  if (in.size() > 2 && !unpack_number(in[2], sample.denominator)) return false;
  if (in.size() < 5) return true;
  if (!in[3].is_string() || !in[4].is_string()) return false;
  const auto quality = parse_quality(in[3].get<std::string>());
  const auto reason = parse_absent_reason(in[4].get<std::string>());
  if (!quality || !reason) return false;
  sample.quality = *quality;
  sample.reason = *reason;
  return true;
}

bool is_group(const json& in) {
  return in.is_array() && in.size() == 2 && in[0].is_number_integer() && in[1].is_array();
}

}  // namespace

std::string pack_samples(const std::vector<Sample>& samples, TimePoint step,
                         const std::map<Series, std::int64_t>& numbers) {
  auto groups = json::array();
  for (const auto& sample : samples) {
    const auto offset = (sample.taken - step).count();
    if (groups.empty() || groups.back()[0] != offset) {
      groups.push_back(json::array({offset, json::array()}));
    }
    const auto number = numbers.at({sample.signal, sample.subject});
    groups.back()[1].push_back(pack(sample, number));
  }
  return groups.dump();
}

Result<std::vector<Sample>> unpack_samples(std::string_view text, TimePoint step,
                                           const std::map<std::int64_t, Series>& series) {
  const auto groups = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!groups.is_array()) return unreadable();
  std::vector<Sample> samples;
  for (const auto& group : groups) {
    if (!is_group(group)) return unreadable();
    const auto taken = step + Duration{group[0].get<std::int64_t>()};
    for (const auto& packed : group[1]) {
      Sample sample;
      sample.taken = taken;
      if (!unpack(packed, series, sample)) return unreadable();
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

}  // namespace homeostat::journal
