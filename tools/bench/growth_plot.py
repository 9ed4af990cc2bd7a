"""Draws what compare.sh --growth printed: python3 growth_plot.py FOLDER <LINES writes
growth-lstm.svg, growth-gpt.svg and growth-attention.svg, and prints a table of how time and memory
grow."""

import html
import json
import math
import os
import sys

LEFT, TOP, WIDTH, HEIGHT = 52, 86, 222, 170   # of the first field, in pixels
ACROSS, DOWN = WIDTH + LEFT + 12, HEIGHT + 74
SIDES = (("heed", "heed", "c0"), ("eager", "PyTorch", "c1"))
AXES = {"T": ("steps", "T", 1), "B": ("batch", "B", 1), "W": ("width", "W", 2),
        "": ("tokens", "T", 2)}   # name, letter, power that the time should grow with
PICTURES = {"lstm": "Training step of two LSTMs", "gpt": "Training step of a GPT of 4 layers",
            "long": "Causal attention layer, forward and backward"}
STYLE = """
.growth{--back:#fff;--ink:#1c2128;--soft:#6a737d;--grid:#e3e7ec;--c0:#2545b8;--c1:#c2410c}
@media(prefers-color-scheme:dark){
.growth{--back:#171b21;--ink:#e8ebef;--soft:#98a2ae;--grid:#2b323b;--c0:#8ea8ff;--c1:#ffb454}}
.growth .back{fill:var(--back)}
.growth text{fill:var(--ink);font:12px system-ui,sans-serif}
.growth .head{font-weight:600;font-size:14px}
.growth .soft{fill:var(--soft)}
.growth line{stroke:var(--grid)}
.growth .guide{stroke:var(--soft)}
.growth .c0{stroke:var(--c0)}
.growth .c1{stroke:var(--c1)}
"""
COLOURS = {"c0": "#2545b8", "c1": "#c2410c"}   # for viewers that know no CSS variables


def words(x, y, text, how=""):
    return f'<text fill="#1c2128" x="{x:.1f}" y="{y:.1f}"{how}>{html.escape(text)}</text>\n'


def grid_line(x1, y1, x2, y2, how=' stroke="#e3e7ec"'):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{how}/>\n'


def over_smallest(row, side):
    return row[side + "_mb"] - row[side + "_smallest_mb"]


def exponent(rows, value):
    """Over the last two sizes."""
    (x0, y0), (x1, y1) = ((row["size"], value(row)) for row in rows[-2:])
    return math.log(y1 / y0) / math.log(x1 / x0) if y0 > 0 and y1 > 0 else math.nan


def ticks(low, high):
    """Decades, and 2 and 5 of each where there are few."""
    few = high / low < 300
    found = [m * 10.0 ** e for e in range(-4, 7) for m in ((1, 2, 5) if few else (1,))]
    return [value for value in found if low <= value <= high]


class Panel:
    """Lines over the sizes of a group, both axes logarithmic."""

    def __init__(self, x, y, rows, lines):
        self.x, self.y, self.rows, self.lines = x, y, rows, lines
        values = [value for _, points, _ in lines for _, value in points]
        self.low, self.high = min(values) / 1.3, max(values) * 1.3
        self.first, self.last = rows[0]["size"], rows[-1]["size"]

    def at(self, size, value):
        across = math.log(size / self.first) / math.log(self.last / self.first)
        up = math.log(value / self.low) / math.log(self.high / self.low)
        return self.x + 8 + across * (WIDTH - 16), self.y + HEIGHT * (1 - up)

    def axes(self):
        out, bottom = "", self.y + HEIGHT
        for row in self.rows:
            x = self.at(row["size"], self.low)[0]
            out += grid_line(x, self.y, x, bottom)
            out += words(x, bottom + 16, str(row["size"]), ' class="soft" text-anchor="middle"')
        for value in ticks(self.low, self.high):
            y = self.at(self.first, value)[1]
            out += grid_line(self.x, y, self.x + WIDTH, y)
            out += words(self.x - 6, y + 4, f"{value:g}" if value < 1e4 else f"{value:.0e}",
                         ' class="soft" text-anchor="end"')
        return out

    def guide(self, power, letter):
        """Beside heed's line: how a step would grow whose cost is its arithmetic alone."""
        top = self.lines[0][1][-1][1] * (self.low / self.high) ** 0.2
        size = max(self.first, self.last * (self.low / top) ** (1 / power))
        begin, end = self.at(size, top * (size / self.last) ** power), self.at(self.last, top)
        text = f"~ {letter}" + ("²" if power == 2 else "")
        return grid_line(*begin, *end, ' class="guide" stroke="#6a737d" stroke-dasharray="2 4"') + \
            words(end[0], end[1] + 36, text, ' class="soft" text-anchor="end"')

    def draw(self):
        out = self.axes()
        for colour, points, dashed in self.lines:
            path = "L".join("{:.1f} {:.1f}".format(*self.at(*point)) for point in points)
            how = f'class="{colour}" stroke="{COLOURS[colour]}" fill="none" stroke-linecap="round"'
            dash = ' stroke-width="1.5" stroke-dasharray="5 4"' if dashed else ' stroke-width="2"'
            out += f'<path {how}{dash} d="M{path}"/>\n'
            for size, value in () if dashed else points:
                x, y = self.at(size, value)
                out += (f'<path {how} stroke-width="6" d="M{x:.1f} {y:.1f}h0">'
                        f"<title>{size}: {value:.4g}</title></path>\n")
        return out


def legend(x, colour, dashed, text):
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return grid_line(x, 46, x + 22, 46, f' class="{colour}" stroke="{COLOURS[colour]}" '
                     f'stroke-width="2"{dash}') + words(x + 28, 50, text)


def picture(family, groups):
    """Time above, memory below, a column for each group; of one group side by side."""
    columns = max(2, len(groups))
    wide, tall = columns * ACROSS + 16, TOP + DOWN * (2 if len(groups) > 1 else 1) - 20
    out = (f'<svg xmlns="http://www.w3.org/2000/svg" class="growth" role="img" width="{wide}" '
           f'height="{tall}" viewBox="0 0 {wide} {tall}" font-family="sans-serif" font-size="12">\n'
           f"<title>{PICTURES[family]}: heed and PyTorch</title>\n<style>{STYLE}</style>\n"
           f'<rect class="back" fill="#fff" rx="10" width="{wide}" height="{tall}"/>\n')
    out += words(16, 26, PICTURES[family], ' class="head"')
    for i, (_, name, colour) in enumerate(SIDES):
        out += legend(16 + 90 * i, colour, False, name)
    out += legend(216, "c0", True, "memory without what the smallest size holds")
    for i, (key, rows) in enumerate(groups.items()):
        axis, letter, power = AXES[key]
        time = [(c, [(row["size"], row[side + "_ms"]) for row in rows], False)
                for side, _, c in SIDES]
        memory = [(c, [(row["size"], row[side + "_mb"]) for row in rows], False)
                  for side, _, c in SIDES]
        over = [(c, [(row["size"], max(0.1, over_smallest(row, side))) for row in rows], True)
                for side, _, c in SIDES]
        beside = len(groups) == 1
        places = ((i, 0), (1, 0) if beside else (i, 1))
        for (column, line), what, lines, grows in zip(
                places, ("ms a step", "MB at most"), (time, memory + over), (power, 0)):
            x, y = LEFT + column * ACROSS, TOP + line * DOWN
            panel = Panel(x, y, rows, lines)
            out += panel.draw() + (panel.guide(grows, letter) if grows else "")
            out += words(x, y - 8, what)
            out += words(x + WIDTH / 2, y + HEIGHT + 34, axis, ' text-anchor="middle"')
    return out + "</svg>\n"


def table(groups):
    print("| what grows | ms heed | ms PyTorch | ratio at each size | "
          "power of time, heed, PyTorch | MB heed | MB PyTorch | "
          "power of memory, heed, PyTorch |\n" + "|---" * 8 + "|")
    for group, rows in groups.items():
        ends = rows[0], rows[-1]
        cells = [f"{group} {ends[0]['size']:,} to {ends[1]['size']:,}"]
        cells += [" to ".join(f"{row[side + '_ms']:,.{0 if row[side + '_ms'] >= 100 else 1}f}"
                              for row in ends) for side, _, _ in SIDES]
        cells += [", ".join(f"{row['ratio']:.2f}" for row in rows)]
        cells += [", ".join(f"{exponent(rows, lambda row: row[side + '_ms']):.2f}"
                            for side, _, _ in SIDES)]
        cells += [" to ".join(f"{row[side + '_mb']:,.0f}" for row in ends)
                  for side, _, _ in SIDES]
        cells += [", ".join(f"{exponent(rows, lambda row: over_smallest(row, side)):.2f}"
                            for side, _, _ in SIDES)]
        print("| " + " | ".join(cells) + " |")


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: growth_plot.py FOLDER <LINES")
    groups = {}
    for line in sys.stdin:
        row = json.loads(line)
        groups.setdefault(row["group"], []).append(row)
    for family in PICTURES:
        own = {group.partition("-")[2]: rows for group, rows in groups.items()
               if group.partition("-")[0] == family}
        if own:
            name = "growth-" + ("attention" if family == "long" else family) + ".svg"
            with open(os.path.join(sys.argv[1], name), "w", encoding="utf-8") as file:
                file.write(picture(family, own))
    table(groups)


main()
