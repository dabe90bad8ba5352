// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/profiles.hpp"

#include <utility>

#include "policies/loader/roles.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace loader {
namespace {

/// As PostgreSQL takes it and pg_db_role_setting shows it.
std::string as_setting(const Value& value) {
  if (const auto* const text = std::get_if<std::string>(&value.scalar)) return *text;
  if (const auto* const whole = std::get_if<std::int64_t>(&value.scalar)) {
    return std::to_string(*whole);
  }
  if (const auto* const number = std::get_if<double>(&value.scalar)) return format_number(*number);
  if (const auto* const duration = std::get_if<Duration>(&value.scalar)) {
    const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count();
    return whole % 1000 == 0 ? std::to_string(whole / 1000) + "s" : std::to_string(whole) + "ms";
  }
  return {};
}

class ProfileReader {
 public:
  ProfileReader(const std::set<std::string>& own_roles, std::vector<Finding>& errors)
      : own_roles_(own_roles), errors_(errors) {}

  ProfileConfig read(const Value& value) {
    ProfileConfig profile;
    profile.name = value.key;
    if (const auto* const settings = find(value, "settings")) {
      for (const auto& setting : settings->children) {
        auto text = as_setting(setting);
        if (!text.empty()) profile.settings[setting.key] = std::move(text);
      }
    }
    for (const auto* role : read_roles(value, own_roles_, errors_)) add_role(profile, *role);
    return profile;
  }

 private:
  void add_role(ProfileConfig& profile, const Value& value) {
    const auto& name = std::get<std::string>(value.scalar);
    profile.roles.push_back(name);
    for (const auto& [setting, text] : profile.settings) {
      const auto [owner, fresh] = owners_.emplace(std::pair{name, setting}, profile.name);
      if (fresh) continue;
      errors_.push_back({value.place, "profile `" + owner->second + "` sets `" + setting +
                                          "` of role `" + name + "` already"});
    }
  }

  const std::set<std::string>& own_roles_;
  std::vector<Finding>& errors_;
  std::map<std::pair<std::string, std::string>, std::string> owners_;  // role, setting -> profile
};

}  // namespace

Shape planner_settings_shape() {
  Shape shape{.name = "`settings`",
              .help = "What is set on each of the roles; the database holds the same list.",
              .keys = {{.name = "max_parallel_workers_per_gather",
                        .type = Type::integer,
                        .help = "Workers that one step of a plan may use; 0: none.",
                        .range = between(0, 8)},
                       {.name = "max_parallel_workers",
                        .type = Type::integer,
                        .help = "Workers that all parallel plans together may use.",
                        .range = between(0, 8)},
                       {.name = "jit",
                        .help = "Whether expensive plans are compiled.",
                        .allowed = {{"on", "off"}}},
                       {.name = "lock_timeout",
                        .type = Type::duration,
                        .help = "A statement that waits longer for a lock fails.",
                        .range = between(0.1, 60)},
                       {.name = "idle_in_transaction_session_timeout",
                        .type = Type::duration,
                        .help = "A session idle in a transaction for longer is ended.",
                        .range = between(1, 3600)},
                       {.name = "random_page_cost",
                        .type = Type::number,
                        .help = "Higher favours sequential reading.",
                        .range = between(1, 10)}}};
  Rule some{.kind = RuleKind::at_least_one};
  for (const auto& key : shape.keys) some.keys.push_back(key.name);
  shape.rules.push_back(std::move(some));
  return shape;
}

Key profiles_key() {
  Shape profile{.name = "a profile",
                .help = "Settings that the lever planner_profile sets on roles together.",
                .keys = {roles_key("Roles of non-critical work; their sessions to come are meant."),
                         {.name = "settings",
                          .type = Type::record,
                          .required = true,
                          .shapes = {planner_settings_shape()}}}};
  return {.name = "profiles",
          .type = Type::records,
          .help = "Planner profiles by name; policies set profile/NAME.",
          .pattern = kInventoryName,
          .shapes = {std::move(profile)}};
}

std::vector<ProfileConfig> read_profiles(const Value& inventory,
                                         const std::set<std::string>& own_roles,
                                         std::vector<Finding>& errors) {
  std::vector<ProfileConfig> profiles;
  const auto* const written = find(inventory, "profiles");
  if (written == nullptr) return profiles;
  ProfileReader reader(own_roles, errors);
  for (const auto& value : written->children) profiles.push_back(reader.read(value));
  return profiles;
}

}  // namespace loader

LeverValue profile_value(const ProfileConfig& profile) {
  LeverValue value;
  for (const auto& role : profile.roles) {
    for (const auto& [setting, text] : profile.settings) {
      value.arguments[role + "/" + setting] = text;
    }
  }
  return value;
}

}  // namespace homeostat
