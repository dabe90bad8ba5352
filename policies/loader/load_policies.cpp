// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "policies/loader/canary_builder.hpp"
#include "policies/loader/digest.hpp"
#include "policies/loader/findings.hpp"
#include "policies/loader/formula_builder.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/policy_builder.hpp"
#include "policies/loader/policy_checks.hpp"
#include "policies/loader/policy_keys.hpp"
#include "policies/loader/reader.hpp"
#include "policies/loader/yaml_tree.hpp"

namespace homeostat {
namespace loader {
namespace {

class PolicyFiles {
 public:
  PolicyFiles(const Vocabulary& vocabulary, PolicyLoad& load)
      : vocabulary_(vocabulary), shapes_(policy_shapes(vocabulary)), load_(load) {}

  void read(const std::string& file) {
    const auto yaml = read_yaml(file);
    whole_ = whole_ && yaml.errors.empty();
    load_.errors.insert(load_.errors.end(), yaml.errors.begin(), yaml.errors.end());
    for (std::size_t i = 0; i < yaml.documents.size(); ++i) read(yaml.documents[i], i == 0);
  }

  std::vector<PolicyDraft> finish() {
    check_names(drafts_, load_.errors);
    check_targets(drafts_, load_.errors);
    // What could not be read may be the policy that seems to be missing.
    if (whole_) check_blockers(drafts_, load_.errors);
    leave_out();
    return std::move(drafts_);
  }

 private:
  void read(const YamlNode& node, bool first) {
    const auto extended = with_records(vocabulary_, node);
    const auto& known = extended ? *extended : vocabulary_;
    const auto document =
        read_document(node, extended ? policy_shapes(known) : shapes_, load_.errors);
    if (node.kind != NodeKind::map) return;
    const bool has_version = std::any_of(node.keys.begin(), node.keys.end(),
                                         [](const auto& key) { return key.text == "version"; });
    if (first && !has_version) {
      load_.errors.push_back({document.key_place,
                              "`version` is missing in the file's first document; expected "
                              "`version: 1`"});
    }
    auto draft = build_policy(document, known, load_.errors, load_.notes);
    whole_ = whole_ && !draft.policy.name.empty();
    auto text = canonical(node);
    for (const auto& target : draft.dropped) text.append("\nwithout ").append(target);
    draft.policy.hash = short_digest(text);
    drafts_.push_back(std::move(draft));
  }

  /// What is left out blocks nobody.
  void leave_out() {
    std::set<std::string> gone;
    for (const auto& draft : drafts_) {
      if (draft.left_out) gone.insert(draft.policy.name);
    }
    std::erase_if(drafts_, [](const PolicyDraft& draft) { return draft.left_out; });
    for (auto& draft : drafts_) {
      std::erase_if(draft.policy.blocked_while,
                    [&gone](const std::string& name) { return gone.contains(name); });
    }
  }

  const Vocabulary& vocabulary_;
  std::vector<Shape> shapes_;
  PolicyLoad& load_;
  std::vector<PolicyDraft> drafts_;
  bool whole_ = true;
};

/// What is to be enforced and cannot be tried on a share stays in shadow under a canary ceiling.
void cap_mode(Policy& policy, Mode ceiling, std::vector<Finding>& notes) {
  policy.mode = std::min(policy.mode, ceiling);
  if (policy.mode != Mode::canary) return;
  const auto why = why_no_canary(policy);
  if (why.empty()) return;
  policy.mode = Mode::shadow;
  notes.push_back({policy.place, "policy `" + policy.name +
                                     "` stays in shadow under `mode_ceiling: canary`: " + why});
}

PolicySet make_set(std::vector<PolicyDraft> drafts, const Vocabulary& vocabulary, Mode ceiling,
                   const EngineSettings& settings, int speed_up, std::vector<Finding>& notes) {
  PolicySet set;
  set.settings = settings;
  for (auto& draft : drafts) {
    cap_mode(draft.policy, ceiling, notes);
    set.policies.push_back(sped_up(std::move(draft.policy), speed_up));
  }
  std::sort(set.policies.begin(), set.policies.end(),
            [](const Policy& a, const Policy& b) { return a.name < b.name; });
  for (const auto& [name, signal] : vocabulary.signals) set.signals.emplace(name, signal.traits);
  for (const auto& [name, lever] : vocabulary.levers) set.levers.emplace(name, lever.traits);
  return set;
}

}  // namespace
}  // namespace loader

PolicyLoad load_policies(const std::vector<std::string>& files, const Vocabulary& vocabulary,
                         Mode ceiling, const EngineSettings& settings, int speed_up) {
  PolicyLoad load;
  loader::PolicyFiles reader(vocabulary, load);
  for (const auto& file : files) reader.read(file);
  auto drafts = reader.finish();
  loader::put_in_order(load.errors, files);
  if (load.errors.empty()) {
    load.set =
        loader::make_set(std::move(drafts), vocabulary, ceiling, settings, speed_up, load.notes);
  }
  loader::put_in_order(load.notes, files);
  return load;
}

}  // namespace homeostat
