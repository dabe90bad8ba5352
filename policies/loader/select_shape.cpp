// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/select_shape.hpp"

#include <algorithm>
#include <cstddef>

#include "policies/loader/nearest.hpp"
#include "policies/loader/read_scalar.hpp"

namespace homeostat::loader {
namespace {

const YamlNode* item_of(const YamlNode& map, const std::string& key) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    if (map.keys[i].kind == NodeKind::scalar && map.keys[i].text == key) return &map.items[i];
  }
  return nullptr;
}

bool is_meant(const Selector& selector, const YamlNode& map) {
  if (selector.key.empty()) return true;
  const auto* const item = item_of(map, selector.key);
  if (item == nullptr) return false;
  return selector.value.empty() || (item->kind == NodeKind::scalar && item->text == selector.value);
}

/// The shape that knows most of the keys that are written.
const Shape& best_fit(const YamlNode& map, const std::vector<Shape>& shapes) {
  const auto known = [&map](const Shape& shape) {
    return std::count_if(map.keys.begin(), map.keys.end(), [&shape](const YamlNode& key) {
      return find_key(shape, key.text) != nullptr;
    });
  };
  return *std::max_element(shapes.begin(), shapes.end(), [&known](const Shape& a, const Shape& b) {
    return known(a) < known(b);
  });
}

std::vector<std::string> values_of(const std::vector<Shape>& shapes) {
  std::vector<std::string> values;
  for (const auto& shape : shapes) {
    if (!shape.later) values.push_back(shape.selector.value);
  }
  return values;
}

}  // namespace

Selection select_shape(const YamlNode& map, const std::vector<Shape>& shapes,
                       const std::string& what) {
  Selection selection;
  if (shapes.empty()) {
    selection.problem = "there is nothing that `" + what + "` could name here";
    return selection;
  }
  const auto meant = std::find_if(shapes.begin(), shapes.end(), [&map](const Shape& shape) {
    return is_meant(shape.selector, map);
  });
  if (meant != shapes.end()) {
    selection.shape = &*meant;
    if (meant->later) {
      const auto* const item = item_of(map, meant->selector.key);
      selection.problem = "`" + meant->selector.key + "` is `" + meant->selector.value +
                          "`, which is not in this version yet; expected one of " +
                          in_quotes(values_of(shapes));
      selection.place = item->place;
      selection.key = meant->selector.key;
    }
    return selection;
  }
  const auto& key = shapes.front().selector.key;
  const auto values = values_of(shapes);
  const auto* const item = item_of(map, key);
  selection.key = key;
  selection.shape = &best_fit(map, shapes);
  if (item == nullptr || item->kind != NodeKind::scalar) {
    selection.problem = "`" + key + "` is missing; expected one of " + in_quotes(values);
    if (item != nullptr) selection.place = item->place;
    return selection;
  }
  selection.problem = "`" + key + "` is " + shown(*item) + ", which is not known; " +
                      suggestion(item->text, values);
  selection.place = item->place;
  if (const auto near = nearest(item->text, values)) {
    selection.shape = &*std::find_if(shapes.begin(), shapes.end(), [&near](const Shape& shape) {
      return shape.selector.value == *near;
    });
  }
  return selection;
}

}  // namespace homeostat::loader
