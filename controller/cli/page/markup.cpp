// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/page/markup.hpp"

#include <string_view>

namespace homeostat::page {
namespace {

// l0 to l5 are lines, p0 to p3 the levels of policies. On a phone the charts keep their height and
// get narrower; their texts are no part of the drawing, and keep their size.
constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; --grid: #8884;
  --l0: #0969da; --l1: #bf5700; --l2: #1b7c83; --l3: #8250df; --l4: #57606a; --l5: #a40e6b;
  --p0: #cf222e; --p1: #9a6700; --p2: #8250df; --p3: #1b7c83; --blip: #8882; --trouble: #f852; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --warn: #d29922;
  --l0: #58a6ff; --l1: #f0883e; --l2: #39c5cf; --l3: #bc8cff; --l4: #8b949e; --l5: #f778ba;
  --p0: #ff7b72; --p1: #e3b341; --p2: #d2a8ff; --p3: #56d4dd; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
ul { padding-left: 1.2rem; margin: .5rem 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
th { font-weight: 600; }
td { font-variant-numeric: tabular-nums; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.quiet { opacity: .7; }
figure { margin: .8rem 0; }
figcaption { font-size: .85rem; line-height: 1.3; }
.key { margin-left: .8rem; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 1.1em; margin-right: .3em; vertical-align: middle;
  border-top: 3px solid var(--c); }
.key.dashed::before { border-top-style: dashed; }
.plot { position: relative; }
.plot svg { display: block; width: 100%; height: 7rem; border: 1px solid var(--grid); box-sizing: border-box; }
.strip svg { height: 2.2rem; }
.plot span { position: absolute; left: .3rem; font-size: .7rem; opacity: .75; pointer-events: none; }
.plot .high { top: 0; } .plot .low { bottom: 0; }
.axis { position: relative; height: 1.2rem; font-size: .7rem; opacity: .75; }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
path, line { vector-effect: non-scaling-stroke; }
.line { fill: none; stroke: var(--c); stroke-width: 1.3; stroke-linejoin: round; stroke-linecap: round; }
.level { stroke: var(--c); stroke-width: 1.2; } .dashed { stroke-dasharray: 5 4; }
.grid { fill: none; stroke: var(--grid); stroke-width: 1; }
.blip { fill: var(--blip); } .trouble { fill: var(--trouble); }
.open { fill: var(--bad); opacity: .75; } .half { fill: var(--warn); opacity: .6; }
.forward { fill: none; stroke: var(--bad); stroke-width: 2; }
.back { fill: none; stroke: var(--good); stroke-width: 2; }
.l0 { --c: var(--l0); } .l1 { --c: var(--l1); } .l2 { --c: var(--l2); }
.l3 { --c: var(--l3); } .l4 { --c: var(--l4); } .l5 { --c: var(--l5); }
.p0 { --c: var(--p0); } .p1 { --c: var(--p1); } .p2 { --c: var(--p2); } .p3 { --c: var(--p3); }
)css";

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char byte : text::printable(text)) {
    switch (byte) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += byte;
    }
  }
  return out;
}

std::string element(const std::string& name, const std::string& text,
                    const std::string& css_class) {
  const auto attribute = css_class.empty() ? "" : " class=\"" + css_class + "\"";
  return "<" + name + attribute + ">" + escaped(text) + "</" + name + ">";
}

std::string html_table(const std::vector<text::Row>& rows) {
  if (rows.empty()) return {};
  std::string out = "<div class=\"table\"><table>\n";
  const char* cell_name = "th";
  for (const auto& row : rows) {
    out += "<tr>";
    for (const auto& cell : row) out += element(cell_name, cell);
    out += "</tr>\n";
    cell_name = "td";
  }
  return out + "</table></div>\n";
}

std::string document(const std::string& title, const std::string& body) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
  out += element("title", title) + "\n<style>";
  out.append(kStyle).append("</style>\n</head>\n<body>\n");
  return out + element("h1", title) + "\n" + body + "</body>\n</html>\n";
}

}  // namespace homeostat::page
