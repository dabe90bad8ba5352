// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/yaml_tree.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using namespace homeostat::loader;

namespace {

std::string error_of(const std::string& text) {
  const auto file = parse_yaml("f", text);
  REQUIRE(file.errors.size() == 1);
  return to_text(file.errors.front());
}

std::string canonical_of(const std::string& text) {
  const auto file = parse_yaml("f", text);
  REQUIRE(file.errors.empty());
  return canonical(file.documents.front());
}

}  // namespace

TEST_CASE("the tree keeps duplicate keys, quotes and places") {
  const auto file = parse_yaml("f", "# first\na: 1\na: \"2\"\nb: [x, {c: }]\n");
  REQUIRE(file.errors.empty());
  REQUIRE(file.documents.size() == 1);
  const auto& map = file.documents.front();
  REQUIRE(map.keys.size() == 3);
  CHECK(map.keys[1].text == "a");
  CHECK(map.keys[1].place == Place{"f", 3, 1});
  CHECK(map.items[0].text == "1");
  CHECK_FALSE(map.items[0].quoted);
  CHECK(map.items[1].quoted);
  CHECK(map.items[1].place == Place{"f", 3, 4});
  const auto& null = map.items[2].items[1].items[0];
  CHECK(null.kind == NodeKind::null);
  CHECK(null.place == Place{"f", 4, 9});
}

TEST_CASE("anchors are resolved") {
  const auto file = parse_yaml("f", "a: &x {k: 1}\nb: *x\n");
  REQUIRE(file.errors.empty());
  CHECK(file.documents.front().items[1].items[0].text == "1");
}

TEST_CASE("broken syntax is one finding with its place") {
  CHECK(error_of("a: 1\n]\n") == "f:2:1: this is not YAML: illegal flow end");
  CHECK(error_of("a: {b: 1\n").starts_with("f:2:1: "));
  CHECK(error_of("a: *b\n").starts_with("f:1:4: "));
  CHECK(error_of("a: x: y\n").starts_with("f:1:5: "));
}

TEST_CASE("an empty file is an error") {
  CHECK(error_of("").starts_with("f:1:1: the file is empty"));
  CHECK(error_of("# nothing but this\n").starts_with("f:1:1: the file is empty"));
}

TEST_CASE("quotes that the end of the file cuts off are an error") {
  CHECK(error_of("a: 1\nb: \"x\n") == "f:2:4: this is not YAML: the quotes are never closed");
  CHECK(error_of("a: 1\nb: 'it''s\n").starts_with("f:2:4: "));
  CHECK(error_of("b: &n \"x\\\"\n").starts_with("f:1:4: "));
  CHECK(error_of("a: 1\nb: \"x").starts_with("f:2:"));
  CHECK(parse_yaml("f", "b: &n \"x\\\"\"\nc: 'it''s'\nd: |\n  \"\n").errors.empty());
}

TEST_CASE("control characters and what is not UTF-8 are refused") {
  CHECK(error_of(std::string("a: 1\nb: 2\x04\nc: 3\n")).starts_with("f:2:5: a control character"));
  CHECK(error_of(std::string("a: \0", 4)).starts_with("f:1:4: "));
  for (const auto* const text :
       {"a: \xFF", "a: \xC0\xAF", "a: \xE9", "a: \xED\xA0\x80", "a: \xF5\x80\x80\x80"}) {
    CHECK(error_of(text) == "f:1:4: this is not UTF-8 text");
  }
  CHECK(parse_yaml("f",
                   "\xEF\xBB\xBF"
                   "a: \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8E\xB5\n")
            .errors.empty());
}

TEST_CASE("tags are refused") {
  CHECK(error_of("a: !!str 5\n").starts_with("f:1:4: "));
  CHECK(error_of("a: !mine {b: 1}\n").starts_with("f:1:4: "));
}

TEST_CASE("aliases cannot multiply without end") {
  CHECK(error_of("a: &a [*a]\n").starts_with("f:1:8: "));
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) text += before + ", ";
    text += "x]\n";
  }
  CHECK(error_of(text).find("multiply") != std::string::npos);
}

TEST_CASE("nesting without end is an error and no crash") {
  CHECK(parse_yaml("f", std::string(100'000, '[')).errors.size() == 1);
}

TEST_CASE("files that cannot be read are findings without a line") {
  const test::TempFolder folder;
  CHECK(to_text(read_yaml(folder.path("none")).errors.at(0)) ==
        folder.path("none") + ": no such file");
  CHECK(to_text(read_yaml(folder.path("")).errors.at(0)).find("this is a folder") !=
        std::string::npos);
  const auto large = folder.write("large", std::string((1 << 20) + 1, '#'));
  CHECK(to_text(read_yaml(large).errors.at(0)) == large + ": the file is larger than 1 MiB");
}

TEST_CASE("comments, layout, quotes and order do not change the canonical text") {
  const auto text = canonical_of("version: 1\na: 1 # why\nb: [x, y]\n");
  CHECK(text == canonical_of("b:\n  - x\n  - \"y\"\na: 1\n"));
  CHECK(text != canonical_of("a: 1\nb: [y, x]\n"));
}
