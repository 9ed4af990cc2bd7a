#include "heed/models/show/attention_page_parts.h"

namespace heed::show {
namespace {

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
.graph{display:block;margin:0 auto;max-width:100%;height:auto}
.graph path{fill:none;stroke:rgb(var(--tint))}
.graph .other{stroke-dasharray:4 3}
.graph rect{fill:rgb(var(--tint)/calc(.06 + var(--w,0)*.5));stroke:none}
.graph circle{fill:rgb(var(--tint))}
.graph text{fill:var(--text);font:13px var(--mono)}
.graph .node{cursor:pointer;outline:none}
.graph .on rect,.graph .node:focus-visible rect{stroke:rgb(var(--tint));stroke-width:2}
.choose{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:0 0 10px}
.choose label{color:var(--dim);font-size:.875rem}
.thumbs{display:flex;flex-wrap:wrap;gap:8px;margin-top:12px}
.thumbs button{font:12px var(--mono);color:var(--dim);background:var(--card);padding:6px;
border:1px solid var(--rule);border-radius:8px}
.thumbs .on{border-color:rgb(var(--tint));color:var(--text)}
.small{display:block;width:64px;height:64px;margin-bottom:4px;fill:rgb(var(--tint))}
)";

constexpr std::string_view script = R"('use strict';
(() => {
  const groups = JSON.parse(document.getElementById('maps').textContent);
  const sections = [...document.querySelectorAll('section')];
  const hint = 'Point at a token, or go to one with Tab and the arrow keys.';
  const space = 'http://www.w3.org/2000/svg';
  const add = (parent, tag, kind, text) => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  };
  const draw = (parent, tag, attributes) => {
    const element = document.createElementNS(space, tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    parent.append(element);
    return element;
  };
  // Weights come as numbers, or as base64 of 16 bits each.
  const weightsOf = map => map.weights ??= (() => {
    const bytes = atob(map.packed), weights = [];
    for (let i = 0; i < bytes.length; i += 2)
      weights.push((bytes.charCodeAt(i) + 256 * bytes.charCodeAt(i + 1)) / 65535);
    return weights;
  })();
  const largest = (tokens, weight) => tokens.map((token, j) => ({token, w: weight(j)}))
    .sort((a, b) => b.w - a.w).slice(0, 3).filter(b => b.w > 0)
    .map(b => b.token + ' ' + b.w.toFixed(3)).join(', ');

  // Two columns of tokens with lines between them. A view has fill(weights), show(side, i) and
  // at(element), which says whose token an element is.
  function linksView(group, section, weight) {
    const S = group.source.length, T = group.target.length, rows = Math.max(S, T);
    const height = rows * (rows > 16 ? 22 : 28);
    const other = {from: 'to', to: 'from'};
    const tokens = {from: group.source, to: group.target};
    const box = section.querySelector('.links');
    const words = add(box, 'p', '', hint);
    words.setAttribute('aria-live', 'polite');
    const heads = add(box, 'div', 'heads');
    add(heads, 'span', '', 'source');
    add(heads, 'span', '', 'target');
    const lists = add(box, 'div', 'lists');
    const buttons = {};
    const list = side => {
      const column = add(lists, 'div', 'list ' + side);
      column.setAttribute('role', 'group');
      column.setAttribute('aria-label', side === 'from' ? 'source tokens' : 'target tokens');
      buttons[side] = tokens[side].map((token, i) => {
        const button = add(column, 'button', '', token);
        button.type = 'button';
        button.tabIndex = i ? -1 : 0;
        button.title = token;
        return button;
      });
    };
    list('from');
    const svg = draw(lists, 'svg', {viewBox: `0 0 100 ${height}`, preserveAspectRatio: 'none',
                                    height, 'aria-hidden': true});
    list('to');
    let lines = [];
    const y = (i, n) => (i + .5) / n * height;

    function fill(weights) {
      svg.replaceChildren();
      lines = [];
      weights.forEach((w, k) => {
        if (w < .01) return;
        const s = k % S, t = (k - s) / S;
        const line = draw(svg, 'line',
                          {x1: 2, y1: y(s, S), x2: 98, y2: y(t, T), 'stroke-width': 1 + 3 * w});
        lines.push({line, from: s, to: t, w});
      });
    }
    function show(side, i) {
      for (const l of lines)
        l.line.setAttribute('stroke-opacity', !side ? l.w * .6 : l[side] === i ? l.w : 0);
      const at = (one, j) => one === 'from' ? weight(j, i) : weight(i, j);
      for (const one of ['from', 'to'])
        buttons[one].forEach((button, j) => {
          button.classList.toggle('on', one === side && i === j);
          button.style.setProperty('--w', side && one !== side ? at(side, j) : 0);
        });
      words.textContent = !side ? hint :
        tokens[side][i] + (side === 'to' ? ' reads ' : ' is read by ') +
        largest(tokens[other[side]], j => at(side, j));
    }
    const at = element => {
      for (const side of ['from', 'to']) {
        const i = buttons[side].indexOf(element);
        if (i >= 0) return [side, i];
      }
      return [];
    };
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
    return {fill, show, at};
  }

  // Tokens as nodes, weights as edges: the page's own picture, drawn again for other weights.
  function graphView(group, section, weight) {
    const n = group.source.length;
    const svg = section.querySelector('.graph');
    const edges = svg.querySelector('.edges');
    const nodes = [...svg.querySelectorAll('.node')];
    const {step, left, right, reach, top} =
      Object.fromEntries(Object.entries(svg.dataset).map(([name, value]) => [name, +value]));
    const words = document.createElement('p');
    words.setAttribute('aria-live', 'polite');
    svg.before(words);
    let paths = [];

    function fill(weights) {
      edges.replaceChildren();
      paths = [];
      nodes.forEach((node, i) =>
        node.querySelector('circle').setAttribute('fill-opacity', weights[i * n + i]));
      weights.forEach((w, k) => {
        const s = k % n, t = (k - s) / n;
        if (w < .02 || s === t) return;
        const side = s < t ? left : right;
        const out = (10 + (reach - 10) * Math.abs(t - s) / Math.max(n - 1, 1)) * 4 / 3;
        const bend = s < t ? side - out : side + out;
        const [a, b] = [top + t * step, top + s * step];
        const path = draw(edges, 'path', {d: `M${side} ${a}C${bend} ${a} ${bend} ${b} ${side} ${b}`,
                                          'stroke-width': 1 + 3 * w});
        paths.push({path, s, t, w});
      });
    }
    function show(side, i) {
      for (const p of paths) {
        const mine = !side || p.t === i || p.s === i;
        p.path.setAttribute('stroke-opacity', mine ? p.w : p.w * .06);
        p.path.classList.toggle('other', Boolean(side) && p.s === i);
      }
      nodes.forEach((node, j) => {
        node.classList.toggle('on', Boolean(side) && i === j);
        node.style.setProperty('--w', side ? weight(i, j) : 0);
      });
      words.textContent = !side ? hint : group.source[i] + ' reads ' +
        largest(group.source, j => weight(i, j)) + '; it is read by ' +
        largest(group.source, j => j === i ? 0 : weight(j, i));
    }
    const at = element => {
      const i = nodes.indexOf(element.closest?.('.node'));
      return i < 0 ? [] : ['to', i];
    };
    nodes.forEach((node, i) => {
      node.setAttribute('role', 'button');
      node.setAttribute('tabindex', i ? -1 : 0);
      node.setAttribute('aria-label', group.source[i]);
    });
    svg.addEventListener('click', event => event.target.closest('.node')?.focus());
    svg.addEventListener('focusin', event => {
      for (const node of nodes) node.setAttribute('tabindex', node === event.target ? 0 : -1);
      show(...at(event.target));
    });
    svg.addEventListener('focusout', () => show());
    svg.addEventListener('keydown', event => {
      const [, i] = at(event.target);
      const to = {ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: n - 1}[event.key];
      if (to === undefined) return;
      nodes[(to + n) % n].focus();
      event.preventDefault();
    });
    return {fill, show, at};
  }

  // Selectors of layer and head, and the small pictures as buttons.
  function chooser(group, section, choose) {
    const box = document.createElement('div');
    box.className = 'choose';
    section.querySelector('h2').after(box);
    const select = (name, options) => {
      const label = add(box, 'label', '', name + ' ');
      const element = add(label, 'select');
      options.forEach((option, i) => { add(element, 'option', '', option).value = i; });
      return element;
    };
    const layers = [...new Set(group.maps.map(map => map.layer))]
      .sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
    const headsOf = layer =>
      group.maps.map((map, k) => ({...map, k})).filter(map => map.layer === layer);
    const layer = select('layer', layers), head = select('head', []);
    const thumbs = [...section.querySelectorAll('.thumbs button')];
    const set = k => {
      const one = group.maps[k];
      layer.selectedIndex = layers.indexOf(one.layer);
      const heads = headsOf(one.layer);
      head.replaceChildren();
      for (const h of heads) add(head, 'option', '', h.head).value = h.k;
      head.value = k;
      thumbs.forEach((thumb, i) => {
        thumb.classList.toggle('on', i === k);
        thumb.setAttribute('aria-pressed', i === k);
      });
      choose(k);
    };
    layer.addEventListener('change', () => {
      const heads = headsOf(layers[layer.selectedIndex]);
      set((heads.find(h => h.head === head.selectedOptions[0]?.textContent) ?? heads[0]).k);
    });
    head.addEventListener('change', () => set(+head.value));
    thumbs.forEach((thumb, k) => {
      thumb.disabled = false;
      thumb.addEventListener('click', () => set(k));
    });
    set(0);
  }

  function open(group, section) {
    const S = group.source.length;
    let weights = weightsOf(group.maps[0]);
    const view = (group.self ? graphView : linksView)(group, section,
                                                      (t, s) => weights[t * S + s]);
    const cells = [...section.querySelectorAll('.cells rect')];
    const numbers = [...section.querySelectorAll('td')];
    const choose = k => {
      weights = weightsOf(group.maps[k]);
      section.querySelector('h2').textContent = group.maps[k].title;
      weights.forEach((w, i) => {
        const number = w.toFixed(3), s = i % S;
        cells[i].setAttribute('fill-opacity', number);
        cells[i].querySelector('title').textContent =
          group.target[(i - s) / S] + ' ← ' + group.source[s] + ' ' + number;
        numbers[i].textContent = number;
      });
      view.fill(weights);
      view.show();
    };
    const rest = () => view.show(...view.at(document.activeElement));
    section.addEventListener('pointerover', event => {
      const cell = cells.indexOf(event.target);
      const [side, i] = cell < 0 ? view.at(event.target) : ['to', Math.floor(cell / S)];
      if (side) view.show(side, i); else rest();
    });
    section.addEventListener('pointerleave', rest);
    if (group.maps.length > 1) chooser(group, section, choose);
    else { view.fill(weights); view.show(); }
  }

  const opened = new Set();
  function show(i) {
    sections.forEach((section, k) => { section.hidden = k !== i; });
    if (!opened.has(i)) open(groups[i], sections[i]);
    opened.add(i);
  }
  if (groups.length > 1) {
    const nav = document.querySelector('nav');
    const select = add(nav, 'select');
    select.setAttribute('aria-label', 'map');
    groups.forEach((group, i) => {
      add(select, 'option', '', `${i + 1}. ${group.maps[0].title}`).value = i;
    });
    select.addEventListener('change', () => show(select.selectedIndex));
    for (const [name, by] of [['Previous', -1], ['Next', 1]])
      add(nav, 'button', '', name).addEventListener('click', () => {
        select.selectedIndex = (select.selectedIndex + by + groups.length) % groups.length;
        show(select.selectedIndex);
      });
  }
  if (groups.length) show(0);
  document.body.dataset.ready = '1';
})();
)";

}  // namespace

std::string_view page_style() { return style; }

std::string_view page_script() { return script; }

}  // namespace heed::show
