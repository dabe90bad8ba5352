// SPDX-License-Identifier: Apache-2.0
// The signals and levers that the wiring knows of: what a policy may name. The loader learns them
// from here, never from the probes and actuators themselves.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policies/model/policy.hpp"

namespace homeostat {

struct SignalDescription {
  SignalTraits traits;
  SubjectKind about = SubjectKind::cluster;    ///< what its samples are about
  std::string unit;                            ///< ratio, seconds, events, …
  std::string help;                            ///< one line, for metrics, schema and errors
  bool provided = false;                       ///< a configured probe samples it
  SignalName denominator = {};                 ///< of a ratio: the gauge that has it, if one does
  std::optional<SubjectKind> also_about = {};  ///< a probe gives the same about these, too
  bool also_provided = true;                   ///< … of this configuration

  bool is_about(SubjectKind kind) const { return kind == about || kind == also_about; }
  /// Whether a configured probe samples it for subjects of this kind, or for the cluster.
  bool provided_for(SubjectKind kind) const {
    return provided && (kind == about || kind != also_about || also_provided);
  }
};

enum class ArgumentType { share, duration, number, text };

struct ArgumentDescription {
  std::string name;
  ArgumentType type = ArgumentType::number;
  bool required = true;
  std::string help;
  std::optional<double> min = {};  ///< of a number: what the lever takes
  std::optional<double> max = {};
  std::string fallback = {};  ///< as it is written: what an act says that does not name it
};

/// The argument of a lever that a policy of kind regulator computes; an act does not name it then.
struct RegulatedArgument {
  std::string name;
  ArgumentType type = ArgumentType::number;  ///< share, duration (seconds) or number
  std::string unit;                          ///< for people: seconds, transactions …
  double min = 0;                            ///< what the lever takes, in base units
  double max = 0;
  bool baseline_is_max = false;  ///< which end restricts least: a limit's is its maximum
  std::string help;
};

struct LeverDescription {
  LeverTraits traits;
  std::vector<ArgumentDescription> arguments;
  std::vector<std::string> targets;  ///< every target that a policy may name, `class/batch` …
  /// For levers whose acts only name a target: where the inventory says that it should stand. A
  /// target that is not in it is known, but not declared.
  std::optional<std::map<std::string, LeverValue>> declared = {};
  std::set<std::string> undeclared = {};  ///< of `targets`: the inventory has nothing there
  std::string inventory = {};             ///< the key of `inventory` where its targets are declared
  std::optional<RegulatedArgument> regulated = {};  ///< nothing: no regulator can move it
  std::string help;
};

struct Vocabulary {
  std::map<std::string, SignalDescription, std::less<>> signals;
  std::map<std::string, LeverDescription, std::less<>> levers;
  std::map<SubjectKind, std::vector<Subject>> subjects;  ///< of the inventory
  std::map<Subject, Subject> holders = {};               ///< which node a zone is on
};

}  // namespace homeostat
