#include "heed/models/show/attention_page.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "heed/core/error.h"
#include "heed/core/io/html.h"
#include "heed/core/io/json.h"
#include "heed/models/show/attention_svg.h"
#include "heed/models/show/text.h"

namespace heed::show {
namespace {

constexpr std::size_t most_weights = 250'000;

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--page:#f2f4f7;--card:#fff;--text:#1c2128;--dim:#5d6670;
--rule:#dce1e8;--tint:37 69 184;--mono:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}
@media(prefers-color-scheme:dark){:root{--page:#0f1216;--card:#171b21;--text:#e8ebef;
--dim:#98a2ae;--rule:#2c333c;--tint:255 180 84}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1200px;padding:24px 20px 48px;background:var(--page);
color:var(--text);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:28px 0 10px;overflow-wrap:anywhere}
p{margin:0;color:var(--dim);max-width:90ch}
nav{display:flex;flex-wrap:wrap;gap:8px;margin-top:16px}
nav:empty{display:none}
select,nav button{font:inherit;color:inherit;background:var(--card);padding:6px 12px;
border:1px solid var(--rule);border-radius:8px}
select{flex:0 1 28rem;min-width:0}
.pair{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}
.card{background:var(--card);border:1px solid var(--rule);border-radius:12px;overflow-x:auto}
.heat-card{max-width:100%}
.heat-card svg{display:block;max-width:100%;height:auto}
.links{flex:1 1 300px;max-width:520px;padding:14px 16px}
.links:empty{display:none}
.links p{font-size:.875rem;min-height:3em;margin-bottom:8px;overflow-wrap:anywhere}
.heads{display:flex;justify-content:space-between;font-size:.8rem;color:var(--dim)}
.lists{display:flex}
.lists svg{flex:1 1 0;min-width:24%}
.list{display:flex;flex-direction:column;justify-content:space-around;max-width:38%}
.list button{flex:none;height:22px;padding:0 10px;border:0;border-radius:6px;color:inherit;
font:14px var(--mono);background:rgb(var(--tint)/calc(var(--w,0)*.5));white-space:pre;
overflow:hidden;text-overflow:ellipsis}
.list.from button{text-align:right}
.list.to button{text-align:left}
.list button.on{box-shadow:inset 0 0 0 2px rgb(var(--tint))}
:focus-visible{outline:2px solid rgb(var(--tint));outline-offset:2px}
line{stroke:rgb(var(--tint));vector-effect:non-scaling-stroke}
details{margin-top:12px}
summary{cursor:pointer;color:var(--dim);width:fit-content}
.table{margin-top:8px}
table{border-collapse:collapse;font:13px var(--mono)}
th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th{font-weight:600}
)";

// Text reaches the page through textContent only.
constexpr std::string_view script = R"('use strict';
(() => {
  const maps = JSON.parse(document.getElementById('maps').textContent);
  const sections = [...document.querySelectorAll('section')];
  const hint = 'Point at a token, or go to one with Tab and the arrow keys.';
  const add = (parent, tag, kind, text) => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  };

  function drawLinks(map, section) {
    const S = map.source.length, T = map.target.length, rows = Math.max(S, T);
    const height = rows * (rows > 16 ? 22 : 28);
    const weight = (side, i, j) => map.weights[side === 'to' ? i * S + j : j * S + i];
    const other = {from: 'to', to: 'from'};
    const tokens = {from: map.source, to: map.target};
    const box = section.querySelector('.links');
    const words = add(box, 'p', '', hint);
    words.setAttribute('aria-live', 'polite');
    const heads = add(box, 'div', 'heads');
    add(heads, 'span', '', 'source');
    add(heads, 'span', '', 'target');
    const lists = add(box, 'div', 'lists');
    const buttons = {};
    const fill = side => {
      const list = add(lists, 'div', 'list ' + side);
      list.setAttribute('role', 'group');
      list.setAttribute('aria-label', side === 'from' ? 'source tokens' : 'target tokens');
      buttons[side] = tokens[side].map((token, i) => {
        const button = add(list, 'button', '', token);
        button.type = 'button';
        button.tabIndex = i ? -1 : 0;
        button.title = token;
        return button;
      });
    };
    fill('from');
    const space = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', `0 0 100 ${height}`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('height', height);
    svg.setAttribute('aria-hidden', 'true');
    lists.append(svg);
    fill('to');
    const lines = [];
    const y = (i, n) => (i + .5) / n * height;
    map.weights.forEach((w, k) => {
      if (w < .01) return;
      const line = document.createElementNS(space, 'line');
      const s = k % S, t = (k - s) / S;
      const place = {x1: 2, y1: y(s, S), x2: 98, y2: y(t, T), 'stroke-width': 1 + 3 * w};
      for (const name in place) line.setAttribute(name, place[name]);
      svg.append(line);
      lines.push({line, from: s, to: t, w});
    });

    function show(side, i) {
      for (const l of lines)
        l.line.setAttribute('stroke-opacity', !side ? l.w * .6 : l[side] === i ? l.w : 0);
      for (const one of ['from', 'to'])
        buttons[one].forEach((button, j) => {
          button.classList.toggle('on', one === side && i === j);
          const w = side && one !== side ? weight(side, i, j) : 0;
          button.style.setProperty('--w', w);
        });
      if (!side) { words.textContent = hint; return; }
      const best = tokens[other[side]].map((token, j) => ({token, w: weight(side, i, j)}));
      best.sort((a, b) => b.w - a.w);
      words.textContent = tokens[side][i] + (side === 'to' ? ' reads ' : ' is read by ') +
        best.slice(0, 3).filter(b => b.w > 0).map(b => b.token + ' ' + b.w.toFixed(3)).join(', ');
    }
    const at = element => {
      for (const side of ['from', 'to']) {
        const i = buttons[side].indexOf(element);
        if (i >= 0) return [side, i];
      }
      return [];
    };
    const rest = () => show(...at(document.activeElement));
    const cells = [...section.querySelectorAll('.cells rect')];
    section.addEventListener('pointerover', event => {
      const cell = cells.indexOf(event.target);
      const [side, i] = cell < 0 ? at(event.target) : ['to', Math.floor(cell / S)];
      if (side) show(side, i); else rest();
    });
    section.addEventListener('pointerleave', rest);
    lists.addEventListener('click', event => { if (at(event.target)[0]) event.target.focus(); });
    lists.addEventListener('focusin', event => {
      const [side] = at(event.target);
      for (const button of buttons[side]) button.tabIndex = button === event.target ? 0 : -1;
      show(...at(event.target));
    });
    lists.addEventListener('focusout', () => show());
    lists.addEventListener('keydown', event => {
      const [side, i] = at(event.target);
      const n = buttons[side].length;
      const across = {ArrowLeft: 'from', ArrowRight: 'to'}[event.key];
      const along = {ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: n - 1}[event.key];
      if (across) buttons[across].find(b => b.tabIndex === 0)?.focus();
      else if (along !== undefined) buttons[side][(along + n) % n].focus();
      else return;
      event.preventDefault();
    });
    show();
  }

  const drawn = new Set();
  function choose(i) {
    sections.forEach((section, k) => { section.hidden = k !== i; });
    if (!drawn.has(i)) drawLinks(maps[i], sections[i]);
    drawn.add(i);
  }
  if (maps.length > 1) {
    const nav = document.querySelector('nav');
    const select = add(nav, 'select');
    select.setAttribute('aria-label', 'map');
    maps.forEach((map, i) => { add(select, 'option', '', `${i + 1}. ${map.title}`).value = i; });
    select.addEventListener('change', () => choose(select.selectedIndex));
    for (const [name, by] of [['Previous', -1], ['Next', 1]])
      add(nav, 'button', '', name).addEventListener('click', () => {
        select.selectedIndex = (select.selectedIndex + by + maps.length) % maps.length;
        choose(select.selectedIndex);
      });
  }
  if (maps.length) choose(0);
  document.body.dataset.ready = '1';
})();
)";

std::string heading(const AttentionMap& map) {
  return map.title.empty() ? "Attention map" : printable_line(map.title);
}

std::string table(const AttentionMap& map) {
  std::string out =
      "<details><summary>Table of weights</summary>\n"
      "<div class=\"table card\" tabindex=\"0\" role=\"region\" aria-label=\"weights\"><table>\n"
      "<tr><th scope=\"col\">target \\ source</th>";
  for (const std::string& token : map.source)
    out += "<th scope=\"col\">" + escape_html(printable(token)) + "</th>";
  out += "</tr>\n";
  for (std::size_t t = 0; t < map.target.size(); ++t) {
    out += "<tr><th scope=\"row\">" + escape_html(printable(map.target[t])) + "</th>";
    for (std::size_t s = 0; s < map.source.size(); ++s)
      out += "<td>" + fixed(std::max(map.at(t, s), 0.0), 3) + "</td>";
    out += "</tr>\n";
  }
  return out + "</table></div></details>\n";
}

std::string section(const AttentionMap& map) {
  return "<section>\n<h2>" + escape_html(heading(map)) +
         "</h2>\n<div class=\"pair\">\n<div class=\"heat-card card\">" + svg_for_page(map) +
         "</div>\n<div class=\"links card\"></div>\n</div>\n" + table(map) + "</section>\n";
}

Json printable_tokens(const std::vector<std::string>& tokens) {
  Json out = Json::array();
  for (const std::string& token : tokens) out.push(printable(token));
  return out;
}

// What the script reads. Four digits are more than a screen can show.
Json data(std::span<const AttentionMap> maps) {
  Json out = Json::array();
  for (const AttentionMap& map : maps) {
    Json weights = Json::array();
    for (double weight : map.weights) weights.push(std::round(std::max(weight, 0.0) * 1e4) / 1e4);
    Json one = Json::object();
    one.set("title", heading(map));
    one.set("source", printable_tokens(map.source));
    one.set("target", printable_tokens(map.target));
    one.set("weights", std::move(weights));
    out.push(std::move(one));
  }
  return out;
}

}  // namespace

std::string attention_page(std::span<const AttentionMap> maps, std::string_view title) {
  std::size_t weights = 0;
  for (const AttentionMap& map : maps) {
    validate(map);
    weights += map.weights.size();
  }
  require(weights <= most_weights, "attention_page: ", maps.size(), " maps have ", weights,
          " weights together, a page takes at most ", most_weights);
  const std::string name = escape_html(printable_line(title));
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>";
  out += name + "</title>\n<style>";
  out.append(style).append(svg_style()) += "</style>\n</head>\n<body>\n<h1>" + name + "</h1>\n";
  out +=
      "<p>Each row is a token that was written; its cells show how strongly each source token was "
      "read for it.</p>\n<nav></nav>\n";
  for (const AttentionMap& map : maps) out += section(map);
  out += "<script type=\"application/json\" id=\"maps\">" + json_for_script(data(maps)) +
         "</script>\n<script>\n";
  return out.append(script) + "</script>\n</body>\n</html>\n";
}

}  // namespace heed::show
