// SPDX-License-Identifier: Apache-2.0
#include "controller/api/status_page.hpp"

#include <openssl/evp.h>

#include <array>
#include <string>
#include <string_view>

namespace homeostat {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
th { font-weight: 600; }
.good { color: #1a7f37; } .bad { color: #cf222e; } .warn { color: #9a6700; }
.quiet { opacity: .7; }
)css";

// Everything goes through textContent: names and errors from servers are text, never markup.
constexpr std::string_view kScript = R"js(
'use strict';
const byId = id => document.getElementById(id);
const seconds = us => (us / 1e6).toFixed(us < 1e7 ? 1 : 0) + ' s';
const clock = us => us > 0 ? new Date(us / 1000).toLocaleTimeString() : 'never';
const round = x => typeof x === 'number' ? String(Number(x.toPrecision(4))) : String(x);
const cell = (text, mark) => ({text, mark});
const values = object => Object.entries(object).map(([k, v]) => k + ' ' + round(v)).join(', ') || 'baseline';

function fill(id, head, rows, none) {
  const table = byId(id);
  table.replaceChildren();
  if (!rows.length) { head = [none]; }
  for (const [row, kind] of [[head, 'th'], ...rows.map(r => [r, 'td'])]) {
    const line = table.insertRow();
    for (const item of row) {
      const box = document.createElement(kind);
      const plain = item === null || typeof item !== 'object';
      box.textContent = plain ? item : item.text;
      if (!plain && item.mark) box.className = item.mark;
      line.append(box);
    }
  }
}

function sampled(s) {
  if (s.quality === 'absent') return cell('unknown: ' + s.reason, 'bad');
  if (s.quality === 'empty') return cell('idle', 'quiet');
  const part = s.denominator === 1 ? '' : ' (' + round(s.numerator) + '/' + round(s.denominator) + ')';
  return round(s.numerator / s.denominator) + part;
}

function held(v) {
  const failed = v.gates.filter(g => !g.passed);
  return failed.map(g => g.kind + ' ' + round(g.value) + ' of ' + round(g.threshold)).join(', ');
}

function show(r) {
  byId('who').textContent = 'Homeostat ' + r.version + ' on ' + r.instance + ', ' + clock(r.wall_us);
  const lead = !r.ledger_configured ? 'no ledger: watches only' :
      r.leader ? 'leads (epoch ' + r.epoch + ')' : 'stands by; leader: ' + (r.lease_holder || 'unknown');
  fill('state', ['', ''], [
    ['Role', lead],
    ['Mode ceiling', r.mode_ceiling],
    ['Forward acts', r.bar === 'none' ? cell('allowed', 'good') : cell('barred: ' + r.bar + ' ' + r.bar_detail, 'warn')],
    ['Last tick', clock(r.last_tick_us) + ', ' + r.ticks + ' in all, ' + r.ticks_skipped + ' skipped'],
    ['Journal', r.journal_usable ? 'writable' : cell('cannot be written', 'bad')],
    ['Last reload', r.reload_ok ? 'in force' : cell('refused: ' + r.reload_error, 'bad')],
  ]);
  fill('policies', ['Policy', 'Subject', 'Mode', 'State', 'Rung', 'Last step', 'Gates that say no'],
    r.verdicts.map(v => [v.policy, v.subject, v.mode,
      cell(v.state, v.state === 'closed' ? 'good' : 'bad'), v.rung + '/' + v.rungs, v.step,
      cell(held(v), 'quiet')]), 'no policy has been evaluated yet');
  fill('levers', ['Lever', 'Target', 'Stands at', 'Policy', 'Expires in', ''],
    r.levers.map(l => [l.lever, l.target, values(l.value), l.policy, seconds(l.remaining_us),
      l.held && !l.last_error ? 'kept until every breaker is closed' :
      cell(l.drifted ? 'somebody else has written it' : l.last_error, 'bad')]),
    'every lever is at its baseline');
  fill('would', ['Lever', 'Target', 'Would stand at', 'Policy'],
    r.would.map(l => [l.lever, l.target, values(l.value), l.policy]), 'nothing');
  fill('stale', ['Role', 'Sessions that began before its settings last changed'],
    Object.entries(r.stale_sessions).filter(([role, count]) => count > 0), 'none');
  fill('signals', ['Signal', 'Subject', 'Value', 'Age'],
    r.samples.map(s => [s.signal, s.subject, sampled(s), seconds(r.at_us - s.taken_us)]), 'none yet');
  fill('probes', ['Probe', 'Subject', ''],
    r.probes.map(p => [p.probe, p.subject, p.up ? cell('up', 'good') : cell(p.error, 'bad')]), 'none');
  fill('alerts', ['Alert', 'Severity', 'Since', 'Summary'],
    r.alerts.filter(a => a.labels.severity !== 'none').map(a => [cell(a.labels.alertname, 'bad'),
      a.labels.severity, clock(a.starts_us), a.annotations.summary]), 'none');
}

async function refresh() {
  try {
    const answer = await fetch('/v1/status');
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    show(body);
    byId('trouble').textContent = '';
  } catch (error) {
    byId('trouble').textContent = 'Not current: ' + error.message;
  }
  setTimeout(refresh, 2000);
}
refresh();
)js";

constexpr std::string_view kBody = R"html(<h1 id="who">Homeostat</h1>
<p id="trouble" class="bad"></p>
<noscript><p>This page needs JavaScript; <a href="/v1/status">/v1/status</a> and
<code>homeostat status</code> do not.</p></noscript>
<table id="state"></table>
<h2>Policies</h2><table id="policies"></table>
<h2>Levers away from their baseline</h2><table id="levers"></table>
<h2>Older sessions</h2><table id="stale"></table>
<h2>What policies in shadow would do</h2><table id="would"></table>
<h2>Alerts</h2><table id="alerts"></table>
<h2>Signals</h2><table id="signals"></table>
<h2>Probes</h2><table id="probes"></table>
)html";

/// The source expression that allows exactly `text` inline (CSP level 2).
std::string source_hash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string(reinterpret_cast<const char*>(base64.data())) + "'";
}

}  // namespace

HttpAnswer status_page() {
  HttpAnswer answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.body.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
      .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
      .append("<title>Homeostat</title>\n<style>")
      .append(kStyle)
      .append("</style>\n</head>\n<body>\n")
      .append(kBody)
      .append("<script>")
      .append(kScript)
      .append("</script>\n</body>\n</html>\n");
  answer.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'; script-src " +
          source_hash(kScript) + "; style-src " + source_hash(kStyle));
  return answer;
}

}  // namespace homeostat
