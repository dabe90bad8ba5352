// SPDX-License-Identifier: Apache-2.0
// The policies that are shipped, whole and damaged.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <filesystem>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> shipped(const std::string& folder) {
  std::vector<std::string> files;
  const auto path = std::filesystem::path(HOMEOSTAT_SOURCE_DIR) / "policies" / folder;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// A site with Kafka and a zone. Nobody measures its queue, its own locks, nor Citus.
Vocabulary site_vocabulary() {
  auto known = kafka_vocabulary();
  known.subjects[SubjectKind::zone] = {{SubjectKind::zone, "main"}};
  known.holders = {{{SubjectKind::zone, "main"}, {SubjectKind::node, "main"}}};
  known.levers["admission"].targets = {"zone/main"};
  known.levers["zone"].targets = {"node/main", "zone/main"};
  for (const auto* const name : {"pg_open_transactions", "pg_waiters_over_500ms", "probe_up"}) {
    auto& signal = known.signals[name];
    signal.about = SubjectKind::node;
    signal.also_about = SubjectKind::zone;
    signal.provided = true;
  }
  known.signals["pg_blocked_ratio"].also_about = SubjectKind::zone;
  known.signals["pg_blocked_ratio"].also_provided = false;
  return known;
}

/// The same, and a Citus cluster that is measured, zone by zone, and may be rebalanced.
Vocabulary whole_vocabulary() {
  auto known = site_vocabulary();
  for (auto& [name, signal] : known.signals) signal.provided = signal.also_provided = true;
  known.levers["rebalance"].targets = {"cluster"};
  return known;
}

/// Without the names of other policies, which are not loaded with it.
std::string by_itself(std::string text) {
  const auto at = text.find("\nblocked_while:");
  if (at != std::string::npos) text.erase(at, text.find('\n', at + 1) - at);
  return text;
}

PolicyLoad load_shipped(const std::string& folder) {
  return load_policies(shipped(folder), site_vocabulary(), Mode::enforce, EngineSettings{}, 1);
}

const Policy& named(const PolicySet& set, const std::string& name) {
  const auto found = std::find_if(set.policies.begin(), set.policies.end(),
                                  [&name](const Policy& policy) { return policy.name == name; });
  REQUIRE(found != set.policies.end());
  return *found;
}

bool is_prefix(const std::string& part, const std::string& whole) {
  // A folded text ends with its last whole line: blanks at the end differ.
  auto trimmed = part;
  while (!trimmed.empty() && (trimmed.back() == ' ' || trimmed.back() == '\n')) trimmed.pop_back();
  return whole.starts_with(trimmed);
}

/// A cut further inside a comment is the same file again.
bool ends_inside_comment(const std::string& text) {
  const auto line = text.substr(text.rfind('\n') + 1);
  const auto begin = line.find_first_not_of(' ');
  return begin != std::string::npos && line[begin] == '#' && line.size() > begin + 2;
}

/// Whether each thing that a cut file says is what the whole file says, or the default.
void check_cut(const Policy& cut, const Policy& whole) {
  const Policy fresh;
  CHECK(is_prefix(cut.name, whole.name));
  CHECK(cut.kind == whole.kind);
  CHECK((cut.mode == whole.mode || cut.mode == fresh.mode));
  CHECK(is_prefix(cut.description, whole.description));
  CHECK((cut.every == whole.every || cut.every == fresh.every));
  CHECK(cut.subjects == whole.subjects);
  CHECK(cut.open.combination == whole.open.combination);
  REQUIRE(cut.open.arms.size() <= whole.open.arms.size());
  CHECK(std::equal(cut.open.arms.begin(), cut.open.arms.end(), whole.open.arms.begin()));
  REQUIRE(cut.ladder.size() <= whole.ladder.size());
  CHECK(std::equal(cut.ladder.begin(), cut.ladder.end(), whole.ladder.begin()));
  CHECK((cut.expect == whole.expect || !cut.expect));
  CHECK((cut.alert == whole.alert || !cut.alert));
  CHECK(cut.hold == whole.hold);
  CHECK((cut.restore == whole.restore || cut.restore == fresh.restore));
  CHECK((cut.limits == whole.limits || cut.limits == fresh.limits));
  CHECK((cut.priority == whole.priority || cut.priority == fresh.priority));
}

bool ends_inside_word(const std::string& text, std::size_t length) {
  return length > 0 && std::isalpha(static_cast<unsigned char>(text[length - 1])) != 0 &&
         std::isalpha(static_cast<unsigned char>(text[length])) != 0;
}

bool ends_inside_indent(const std::string& text, std::size_t length) {
  return length > 0 && text[length - 1] == ' ' && text[length] == ' ';
}

/// Part of a word or of an indent is as good as another part of it.
bool is_worth_a_cut(const std::string& text, std::size_t length) {
  if (ends_inside_comment(text.substr(0, length))) return false;
  return length % 16 == 0 || !(ends_inside_word(text, length) || ends_inside_indent(text, length));
}

void check_cuts(const std::string& folder) {
  for (const auto& file : shipped(folder)) {
    const auto text = by_itself(
        source_text("policies/" + folder + "/" + std::filesystem::path(file).filename().string()));
    const auto known = whole_vocabulary();
    const auto whole = load_one(text, known);
    int loaded = 0;
    for (std::size_t length = 0; length < text.size(); ++length) {
      if (!is_worth_a_cut(text, length)) continue;
      const auto load = load_texts({text.substr(0, length)}, known);
      INFO(file << " cut at byte " << length);
      CHECK(load.set.has_value() == load.errors.empty());
      for (const auto& finding : load.errors) CHECK(finding.place.line > 0);
      if (!load.set) continue;
      ++loaded;
      REQUIRE(load.set->policies.size() == 1);
      check_cut(load.set->policies.front(), whole);
    }
    CHECK(loaded > 0);
  }
}

}  // namespace

TEST_CASE("the recommended policies load, and say which conditions are dropped") {
  const auto load = load_shipped("recommended");
  CHECK(texts_of(load.errors) == std::vector<std::string>{});
  REQUIRE(load.set.has_value());
  CHECK(load.notes.size() == 4);
  const auto& breaker_policy = named(*load.set, "circuit-breaker");
  CHECK(breaker_policy.kind == PolicyKind::breaker);
  CHECK(breaker_policy.mode == Mode::enforce);
  REQUIRE(breaker_policy.open.arms.size() == 2);
  CHECK(std::get<CusumTest>(breaker_policy.open.arms[0].test) == CusumTest{0.20, 1, 0.15, 4, 0.08});
  CHECK(breaker_policy.open.arms[0].clear_level == 0.15);
  CHECK(breaker_policy.open.arms[1].signal == "pg_row_blocked_ratio");
  CHECK(std::get<CusumTest>(breaker_policy.open.arms[1].test) == CusumTest{0.40, 1, 0.35, 4, 0.08});
  CHECK(breaker_policy.open.arms[1].clear_level == 0.15);
  REQUIRE(breaker_policy.ladder.size() == 3);
  CHECK(breaker_policy.ladder[0].target == "class/rebuildable");
  CHECK(breaker_policy.ladder[1].target == "class/batch");
  CHECK(breaker_policy.ladder[2].target == "class/non_critical");
  CHECK(breaker_policy.expect ==
        Expectation{"pg_blocked_ratio", ExpectedMove::falls_by, 0.2, 3min});
  CHECK(breaker_policy.alert->severity == "page");
  const auto& contention = named(*load.set, "lock-contention");
  CHECK(contention.kind == PolicyKind::breaker);
  REQUIRE(contention.ladder.size() == 1);
  CHECK(contention.ladder[0].lever == "planner_profile");
  CHECK(contention.ladder[0].target == "profile/contention");
  CHECK(contention.ladder[0].ttl == 30min);
  REQUIRE(contention.open.arms.size() == 2);
  CHECK(std::get<CusumTest>(contention.open.arms[0].test) == CusumTest{0.15, 1, 0.15, 4, 0.08});
  CHECK(contention.open.arms[0].clear_level == 0.10);
  CHECK(contention.alert->severity == "warning");
}

TEST_CASE("the source document's policies load with its literal rules") {
  const auto load = load_shipped("source");
  CHECK(texts_of(load.errors).empty());
  REQUIRE(load.set.has_value());
  CHECK(load.notes.size() == 2);
  const auto& breaker_policy = named(*load.set, "circuit-breaker");
  REQUIRE(breaker_policy.open.arms.size() == 1);
  CHECK(std::get<LevelTest>(breaker_policy.open.arms[0].test) ==
        LevelTest{Comparison::above, 0.20, std::nullopt, 1});
  CHECK(breaker_policy.every == 30s);
  const auto& contention = named(*load.set, "lock-contention");
  CHECK(std::get<LevelTest>(contention.open.arms[0].test) ==
        LevelTest{Comparison::above, 0.15, std::nullopt, 1});
}

TEST_CASE("each policy of the source has a recommended one of its name, kind and ladder") {
  const auto recommended = load_shipped("recommended");
  const auto source = load_shipped("source");
  REQUIRE(recommended.set.has_value());
  REQUIRE(source.set.has_value());
  CHECK(source.set->policies.size() == 6);
  for (auto policy : source.set->policies) {
    const auto& ours = named(*recommended.set, policy.name);
    CHECK(policy.kind == ours.kind);
    if (policy.name == "batch-window") {  // draining is the extension
      policy.ladder[0].value.arguments["drain_limit"] = 10'000.0;
    }
    CHECK(policy.ladder == ours.ladder);
  }
}

TEST_CASE("on a server without Kafka the policies about consumer groups are left out, each named") {
  for (const auto& [folder, count] : {std::pair{"recommended", 4}, std::pair{"source", 2}}) {
    auto known = kafka_vocabulary();
    known.subjects.erase(SubjectKind::group);
    known.levers["batch_window"].targets.clear();
    const auto load = load_policies(shipped(folder), known, Mode::enforce, EngineSettings{}, 1);
    REQUIRE(load.set.has_value());
    CHECK(load.set->policies.size() == 2);
    CHECK(std::count_if(load.notes.begin(), load.notes.end(), [](const Finding& note) {
            return note.message.ends_with(
                "is left out: `for_each` is `group`, and no group is configured");
          }) == count);
  }
}

TEST_CASE("back-pressure says what the policy language says, and is left out without zones") {
  const auto load = load_shipped("recommended");
  REQUIRE(load.set.has_value());
  const auto& policy = named(*load.set, "back-pressure");
  CHECK(policy.subjects == std::vector<Subject>{{SubjectKind::zone, "main"}});
  REQUIRE(policy.regulator.has_value());
  REQUIRE(policy.regulator->aimd.has_value());
  CHECK(*policy.regulator->aimd == Aimd{0.7, 0.05, 3s});
  CHECK(policy.regulator->bounds.min == 40);
  CHECK(policy.regulator->bounds.max == 400);
  CHECK(policy.regulator->baseline == 400);
  REQUIRE(policy.ladder.size() == 1);
  CHECK(policy.ladder[0].lever == "admission");
  CHECK(policy.ladder[0].value.arguments == std::map<std::string, Argument>{{"queue_limit", 0.5}});
  auto without = kafka_vocabulary();
  const auto fewer = load_policies(shipped("recommended"), without, Mode::enforce, {}, 1);
  REQUIRE(fewer.set.has_value());
  CHECK(fewer.set->policies.size() + 2 == load.set->policies.size());  // and isolation
  // On a node's signals that no zone has it stays refused.
  auto of_nodes = site_vocabulary();
  of_nodes.signals["pg_waiters_over_500ms"].also_about.reset();
  CHECK_FALSE(load_policies(shipped("recommended"), of_nodes, Mode::enforce, {}, 1).set);
}

TEST_CASE("isolation says what the policy language says, and holds up moves of shards") {
  const auto load =
      load_policies(shipped("recommended"), whole_vocabulary(), Mode::enforce, EngineSettings{}, 1);
  REQUIRE(load.set.has_value());
  const auto& policy = named(*load.set, "isolation");
  CHECK(policy.every == 1s);
  REQUIRE(policy.open.arms.size() == 1);
  CHECK(policy.open.arms[0].signal == "probe_up");
  CHECK(std::get<LevelTest>(policy.open.arms[0].test) ==
        LevelTest{Comparison::below, 0.5, std::nullopt, 3});
  REQUIRE(policy.ladder.size() == 1);
  CHECK(policy.ladder[0].lever == "zone");
  CHECK(policy.ladder[0].value.arguments == std::map<std::string, Argument>{{"admit", 0.0}});
  CHECK(policy.restore.steps == std::vector<double>{0.05, 0.25, 1});
  REQUIRE(policy.escalate.has_value());
  CHECK(policy.escalate->at == 0.5);
  CHECK(named(*load.set, "shard-balance").blocked_while ==
        std::vector<std::string>{"circuit-breaker", "lock-contention", "zone-contention",
                                 "isolation"});
  // Where it is left out it holds up nothing.
  auto without = whole_vocabulary();
  without.subjects.erase(SubjectKind::zone);
  const auto fewer =
      load_policies(shipped("recommended"), without, Mode::enforce, EngineSettings{}, 1);
  REQUIRE(fewer.set.has_value());
  CHECK(named(*fewer.set, "shard-balance").blocked_while ==
        std::vector<std::string>{"circuit-breaker", "lock-contention"});
}

TEST_CASE("zone-contention is partial, and left out by name where no zone has locks of its own") {
  const auto load =
      load_policies(shipped("recommended"), whole_vocabulary(), Mode::enforce, EngineSettings{}, 1);
  REQUIRE(load.set.has_value());
  const auto& policy = named(*load.set, "zone-contention");
  CHECK(policy.every == 5s);
  REQUIRE(policy.open.arms.size() == 1);
  CHECK(std::get<CusumTest>(policy.open.arms[0].test) == CusumTest{0.5, 1, 0.15, 4, 0.08});
  CHECK(policy.open.arms[0].clear_level == 0.3);
  REQUIRE(policy.ladder.size() == 2);
  for (const auto& act : policy.ladder) {
    CHECK(act.lever == "zone");
    CHECK(act.target.empty());
  }
  CHECK(policy.ladder[0].value.arguments == std::map<std::string, Argument>{{"admit", 0.5}});
  CHECK(policy.ladder[1].value.arguments == std::map<std::string, Argument>{{"admit", 0.1}});
  REQUIRE(policy.escalate.has_value());
  CHECK(policy.escalate->at == 0.5);
  // Of eight zones on one node as many may open as the escalation needs.
  CHECK(policy.limits.max_subjects >= policy.escalate->at);
  CHECK(named(*load.set, "isolation").limits.max_subjects >= policy.escalate->at);

  const auto site = load_shipped("recommended");
  REQUIRE(site.set.has_value());
  CHECK(std::none_of(site.set->policies.begin(), site.set->policies.end(),
                     [](const Policy& one) { return one.name == "zone-contention"; }));
  CHECK(std::count_if(site.notes.begin(), site.notes.end(), [](const Finding& note) {
          return note.message ==
                 "policy `zone-contention` is left out: what it is about is not measured of each "
                 "zone here: that takes several zones on some worker of Citus, as `zones: auto` "
                 "makes "
                 "them, and none on its coordinator";
        }) == 1);
}

TEST_CASE("the policies about consumer groups say what the policy language says") {
  const auto load = load_shipped("recommended");
  REQUIRE(load.set.has_value());
  const auto& window = named(*load.set, "batch-window");
  REQUIRE(window.regulator.has_value());
  CHECK(window.regulator->bounds.max == 0.1);
  CHECK(window.regulator->bounds.dead_band == 0.1);
  CHECK(window.ladder[0].ttl == 60s);
  const auto& lag = named(*load.set, "consumer-lag");
  CHECK(std::get<TrendTest>(lag.open.arms.at(0).test) == TrendTest{100, 5min, 5min});
  CHECK(std::get<AbsenceTest>(lag.open.arms.at(1).test) == AbsenceTest{5min});
  CHECK(std::get<LevelTest>(named(*load.set, "reporting-lag").open.arms.at(0).test).threshold ==
        300);
  const auto& breaker_policy = named(*load.set, "lag-breaker");
  REQUIRE(breaker_policy.ladder.size() == 2);
  CHECK(breaker_policy.ladder[0].lever == "batch_window");
  CHECK(breaker_policy.ladder[0].value.arguments ==
        std::map<std::string, Argument>{{"drain_limit", 100'000.0}, {"window", 0.1}});
  CHECK(breaker_policy.ladder[1].target == "class/non_critical");
  CHECK(breaker_policy.priority > window.priority);
  // The variant, in its place.
  const auto measured = load_policies(
      {std::string(HOMEOSTAT_SOURCE_DIR) + "/policies/recommended/measured/batch-window.yaml"},
      kafka_vocabulary(), Mode::enforce, EngineSettings{}, 1);
  REQUIRE(measured.set.has_value());
  CHECK(measured.set->policies[0].ladder == window.ladder);
}

TEST_CASE("without a profile in the inventory both lock-contention policies tell and set nothing") {
  auto known = kafka_vocabulary();
  known.levers["planner_profile"].declared->clear();
  for (const std::string folder : {"recommended", "source"}) {
    const auto load = load_policies(shipped(folder), known, Mode::enforce, EngineSettings{}, 1);
    REQUIRE(load.set.has_value());
    const auto& contention = named(*load.set, "lock-contention");
    CHECK(contention.kind == PolicyKind::alert);
    CHECK(contention.ladder.empty());
    CHECK_FALSE(contention.expect.has_value());
    CHECK(contention.alert->severity == "warning");
    CHECK(std::any_of(load.notes.begin(), load.notes.end(), [](const Finding& note) {
      return note.message ==
             "policy `lock-contention`: the inventory declares no `profile/contention`, and no "
             "other rung of this policy is left: it tells, and acts on nothing";
    }));
    // Declared at a reload it is another policy, and starts closed.
    CHECK(contention.hash != named(*load_shipped(folder).set, "lock-contention").hash);
  }
}

TEST_CASE("without a feature in the inventory both circuit breakers tell and shed nothing") {
  auto known = whole_vocabulary();
  known.levers["feature"].undeclared = {"class/batch", "class/non_critical", "class/rebuildable"};
  for (const std::string folder : {"recommended", "source"}) {
    const auto load = load_policies(shipped(folder), known, Mode::enforce, EngineSettings{}, 1);
    REQUIRE(load.set.has_value());
    const auto& breaker = named(*load.set, "circuit-breaker");
    CHECK(breaker.kind == PolicyKind::alert);
    CHECK(breaker.alert->severity == "page");
    CHECK(std::any_of(load.notes.begin(), load.notes.end(), [](const Finding& note) {
      return note.message.find("policy `circuit-breaker`: the inventory declares no `class/") ==
                 0 &&
             note.message.find(": it tells, and acts on nothing") != std::string::npos;
    }));
    for (const auto& policy : load.set->policies) {
      INFO(policy.name);
      CHECK(std::none_of(policy.ladder.begin(), policy.ladder.end(),
                         [](const Act& act) { return act.lever == "feature"; }));
    }
  }
}

TEST_CASE("with every probe the circuit breaker has all its arms") {
  const auto load = load_policies(shipped("recommended"), whole_vocabulary(), Mode::enforce, {}, 1);
  REQUIRE(load.set.has_value());
  CHECK(load.notes.empty());
  const auto& arms = named(*load.set, "circuit-breaker").open.arms;
  REQUIRE(arms.size() == 4);
  CHECK(arms[2].signal == "admission_queue_age_seconds");
  CHECK(arms[3].max_rung == 1);
  CHECK(arms[3].max_open == 1h);
}

TEST_CASE("a recommended policy cut off anywhere is refused or says nothing else than before") {
  check_cuts("recommended");
}

TEST_CASE("a source policy cut off anywhere is refused or says nothing else than before") {
  check_cuts("source");
}

TEST_CASE("a shipped file with any one byte damaged is refused or loads, and never crashes") {
  constexpr std::string_view kDamage(
      "\n\0\"{]:&*\xFF"
      "0",
      10);
  const auto text = source_text("policies/recommended/circuit-breaker.yaml");
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_worth_a_cut(text, at)) continue;
    auto damaged = text;
    damaged[at] = kDamage[at % kDamage.size()];
    INFO("byte " << at << " is " << static_cast<int>(damaged[at]));
    const auto load = load_texts({damaged});
    CHECK(load.set.has_value() == load.errors.empty());
  }
}
