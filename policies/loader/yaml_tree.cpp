// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "policies/loader/text_checks.hpp"

namespace homeostat::loader {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxNodes = 100'000;  // aliases of aliases multiply

std::size_t count(const YamlNode& node) {
  std::size_t nodes = 1 + node.keys.size();
  for (const auto& item : node.items) nodes += count(item);
  return nodes;
}

/// Builds the tree from the parser's events: YAML::Node would drop duplicate keys and quotes.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, const std::string& text) : file_(file), text_(text) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    root_ = YamlNode{};
    root_.place = place_of(mark);
    anchors_.clear();
    finished_ = 0;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    open(NodeKind::null, mark, anchor);
    close();
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw YAML::ParserException(mark, "the alias refers to itself");
    YamlNode copy = found->second;
    finished_ += count(copy);
    if (finished_ > kMaxNodes) throw YAML::ParserException(mark, "the aliases multiply too far");
    add(std::move(copy));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    const bool quoted = tag == "!";
    if (quoted && !quotes_close(text_, mark.line, mark.column)) {
      throw YAML::ParserException(mark, "the quotes are never closed");
    }
    open(NodeKind::scalar, mark, anchor);
    stack_.back().node.text = value;
    stack_.back().node.quoted = quoted;
    close();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    refuse_tag(mark, tag);
    open(NodeKind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    refuse_tag(mark, tag);
    open(NodeKind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  YamlNode take() { return std::move(root_); }

 private:
  struct Unfinished {
    YamlNode node;
    YAML::anchor_t anchor = 0;
  };

  Place place_of(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw YAML::ParserException(mark, "tags such as `!!str` are not used here");
  }

  void open(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (++finished_ > kMaxNodes) throw YAML::ParserException(mark, "too many values in one file");
    Unfinished unfinished;
    unfinished.node.kind = kind;
    unfinished.node.place = place_of(mark);
    unfinished.anchor = anchor;
    stack_.push_back(std::move(unfinished));
  }

  void close() {
    Unfinished done = std::move(stack_.back());
    stack_.pop_back();
    if (done.anchor != 0) anchors_[done.anchor] = done.node;
    add(std::move(done.node));
  }

  void add(YamlNode node) {
    if (stack_.empty()) {
      // An empty document is where its `---` is.
      if (node.kind == NodeKind::null) node.place = root_.place;
      root_ = std::move(node);
      return;
    }
    auto& parent = stack_.back().node;
    const bool is_key = parent.kind == NodeKind::map && parent.keys.size() == parent.items.size();
    // The parser puts a missing value where the next token begins; its key is the better place.
    if (!is_key && parent.kind == NodeKind::map && node.kind == NodeKind::null) {
      node.place = parent.keys.back().place;
    }
    (is_key ? parent.keys : parent.items).push_back(std::move(node));
  }

  const std::string& file_;
  const std::string& text_;
  YamlNode root_;
  std::vector<Unfinished> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t finished_ = 0;
};

/// Maps with their keys sorted, so that the order of writing does not matter.
nlohmann::json to_canonical(const YamlNode& node) {
  switch (node.kind) {
    case NodeKind::null:
      return nullptr;
    case NodeKind::scalar:
      return node.text;
    case NodeKind::sequence: {
      auto list = nlohmann::json::array();
      for (const auto& item : node.items) list.push_back(to_canonical(item));
      return list;
    }
    case NodeKind::map:
      break;
  }
  auto object = nlohmann::json::object();
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    object[node.keys[i].text] = to_canonical(node.items[i]);
  }
  return object;
}

}  // namespace

YamlFile parse_yaml(const std::string& file, std::string text) {
  YamlFile result;
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (auto broken = find_bad_character(text)) {
    result.errors.push_back({{file, broken->line, broken->column}, broken->message});
    return result;
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder(file, text);
    while (parser.HandleNextDocument(builder)) result.documents.push_back(builder.take());
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    result.errors.push_back(
        {{file, placed ? error.mark.line + 1 : 1, placed ? error.mark.column + 1 : 1},
         "this is not YAML: " + error.msg});
    return result;
  }
  if (result.documents.empty()) {
    result.errors.push_back({{file, 1, 1}, "the file is empty; expected `version: 1` and more"});
  }
  return result;
}

YamlFile read_yaml(const std::string& file) {
  const auto failed = [&file](const std::string& why) {
    YamlFile result;
    result.errors.push_back({{file, 0, 0}, why});
    return result;
  };
  std::error_code code;
  const auto status = std::filesystem::status(file, code);
  if (!std::filesystem::exists(status)) return failed("no such file");
  if (std::filesystem::is_directory(status)) {
    return failed("this is a folder; expected a file (`FOLDER/*.yaml` names those in it)");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return failed("the file cannot be read by this user");
  std::string text(kMaxBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return failed("the file cannot be read to its end");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxBytes) return failed("the file is larger than 1 MiB");
  return parse_yaml(file, std::move(text));
}

std::string canonical(const YamlNode& document) {
  auto json = to_canonical(document);
  if (json.is_object()) json.erase("version");
  return json.dump();
}

}  // namespace homeostat::loader
