// SPDX-License-Identifier: Apache-2.0
// A page as another parser sees it: Boost's, of XML, which takes nothing that is not well-formed.
#pragma once

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace homeostat::testing {

using Markup = boost::property_tree::ptree;

inline Markup parsed(const std::string& page) {
  std::istringstream in(page);
  Markup tree;
  boost::property_tree::read_xml(in, tree);  // throws when it is not well-formed
  return tree;
}

inline void collect(const Markup& in, const std::string& name, std::vector<Markup>& found) {
  for (const auto& [key, child] : in) {
    if (key == name) found.push_back(child);
    collect(child, name, found);
  }
}

/// Every element of that name, in the order of the page.
inline std::vector<Markup> elements(const Markup& in, const std::string& name) {
  std::vector<Markup> found;
  collect(in, name, found);
  return found;
}

inline std::string attribute(const Markup& of, const std::string& name) {
  return of.get("<xmlattr>." + name, "");
}

/// The elements of that name whose class is this one.
inline std::vector<Markup> of_class(const Markup& in, const std::string& name,
                                    const std::string& css_class) {
  std::vector<Markup> found;
  for (auto& each : elements(in, name)) {
    if (attribute(each, "class") == css_class) found.push_back(std::move(each));
  }
  return found;
}

/// Nothing in it is fetched or run.
inline void check_self_contained(const std::string& page) {
  using Catch::Matchers::Contains;
  for (const auto* wrong :
       {"<script", "<link", "<img", "src=", "href=", "url(", "@import", "://"}) {
    CHECK_THAT(page, !Contains(wrong));
  }
  CHECK_THAT(page, Contains("default-src 'none'"));
}

}  // namespace homeostat::testing
