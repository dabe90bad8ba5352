// SPDX-License-Identifier: Apache-2.0
#include "policies/model/job.hpp"

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<JobPhase, 4> kPhases{{
    {JobPhase::running, "running"},
    {JobPhase::finished, "finished"},
    {JobPhase::stopped, "stopped"},
    {JobPhase::failed, "failed"},
}};

constexpr NameTable<JobStop, 7> kStops{{
    {JobStop::none, "none"},
    {JobStop::time_budget, "time_budget"},
    {JobStop::byte_budget, "byte_budget"},
    {JobStop::bytes_per_day, "bytes_per_day"},
    {JobStop::deadline, "deadline"},
    {JobStop::blocked, "blocked"},
    {JobStop::outside, "outside"},
}};

}  // namespace

std::string_view to_text(JobPhase phase) { return name_of(kPhases, phase); }
std::optional<JobPhase> parse_job_phase(std::string_view text) { return value_of(kPhases, text); }
std::string_view to_text(JobStop stop) { return name_of(kStops, stop); }
std::optional<JobStop> parse_job_stop(std::string_view text) { return value_of(kStops, text); }

}  // namespace homeostat
