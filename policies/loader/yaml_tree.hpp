// SPDX-License-Identifier: Apache-2.0
// A YAML file as a plain tree in which nothing is lost: every key (duplicates too), every place,
// whether a scalar was quoted. Knows nothing of policies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policies/loader/loader.hpp"

namespace homeostat::loader {

enum class NodeKind { null, scalar, sequence, map };

struct YamlNode {
  NodeKind kind = NodeKind::null;
  std::string text;     ///< of a scalar, as written, without its quotes
  bool quoted = false;  ///< a scalar in quotes or a block (`|`): text, whatever it looks like
  Place place;
  std::vector<YamlNode> keys;   ///< of a map, in order of writing; keys[i] belongs to items[i]
  std::vector<YamlNode> items;  ///< of a sequence or a map
};

struct YamlFile {
  std::vector<YamlNode> documents;  ///< those before the first syntax error
  std::vector<Finding> errors;      ///< at most one: unreadable, or broken syntax
};

/// Reads a file of at most 1 MiB of UTF-8. An unreadable file is a finding with line 0.
YamlFile read_yaml(const std::string& file);

/// `file` is only for the places. Anchors are resolved; tags are refused. An empty text is an
/// error; an empty document is a node of kind null.
YamlFile parse_yaml(const std::string& file, std::string text);

/// The document as one line that comments, layout, the order of keys and `version` do not change.
std::string canonical(const YamlNode& document);

}  // namespace homeostat::loader
