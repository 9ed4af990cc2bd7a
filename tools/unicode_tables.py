"""Writes core/io/unicode_classes.cpp and unicode_letters.cpp from Python's unicodedata.

    python3 tools/unicode_tables.py

The stored file comes from Python 3.11 (Unicode 14.0). It also prints the checksums that
tests/unicode_test.cpp expects.
"""
import pathlib
import unicodedata

HANGUL = range(0xAC00, 0xD7A4)  # decomposed by rule, not by table
CLASSES = {"L": 1, "N": 2, "P": 3, "Mn": 4, "C": 0}  # all others: 5


def code_points():
    return (c for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def class_of(code):
    category = unicodedata.category(chr(code))
    return CLASSES.get(category, CLASSES.get(category[0], 5))


def compatibility_ideograph(code):
    return 0xF900 <= code < 0xFB00 or 0x2F800 <= code < 0x2FA20


def without_marks(code):
    if compatibility_ideograph(code):
        return [code]
    letters = unicodedata.normalize("NFD", chr(code))
    return [ord(c) for c in letters if unicodedata.category(c) != "Mn"]


def class_starts():
    starts, last = [], None
    for code in range(0x110000):
        kind = class_of(code)
        if kind != last:
            starts.append(f"{code << 3 | kind:#x}")
            last = kind
    return starts


def lower_runs():
    """Runs {first, last, step, difference} of code points with the same way to lower case."""
    runs = []
    for code in code_points():
        lower = chr(code).lower()
        if len(lower) != 1 or lower == chr(code):
            continue  # only U+0130 becomes two characters
        difference = ord(lower) - code
        run = runs[-1] if runs else None
        if run and run[3] == difference:
            step = code - run[1]
            if step == run[2] or (run[0] == run[1] and step <= 2):
                run[1], run[2] = code, step
                continue
        runs.append([code, code, 1, difference])
    return [f"{{{a:#x}, {b:#x}, {step}, {d}}}" for a, b, step, d in runs]


def decompositions():
    rows = []
    for code in code_points():
        rest = without_marks(code)
        if code in HANGUL or rest == [code] or not rest:
            continue
        assert len(rest) <= 3
        letters = ", ".join(hex(c) for c in rest)
        rows.append(f"{{{code:#x}, {{{letters}}}}}")
    return rows


def array(kind, name, items):
    lines, line = [], f"constexpr {kind} {name}[] = {{"
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {item},".removeprefix(" " if line[-1] == "{" else "")
    return "\n".join(lines + [line.removesuffix(",") + "};"]) + "\n"


def checksum(values):
    total = 0xCBF29CE484222325
    for value in values:
        total = (total ^ value) * 0x100000001B3 % 2**64
    return f"{total:#x}"


def short(name):
    return name.removeprefix("unicode_")


def write(path, tables):
    """tables: name of the function -> type and items."""
    arrays = "\n".join(array(kind, short(name), items)
                       for name, (kind, items) in tables.items())
    functions = "\n".join(
        f"std::span<const {kind}> {name}() {{ return {short(name)}; }}"
        for name, (kind, _) in tables.items())
    version = unicodedata.unidata_version
    path.write_text(f"""// Made by tools/unicode_tables.py from Unicode {version}.
#include "heed/core/io/unicode_tables.h"

namespace heed::detail {{
namespace {{

// clang-format off
{arrays}// clang-format on

}}  // namespace

{functions}

}}  // namespace heed::detail
""")


def main():
    top = pathlib.Path(__file__).resolve().parents[1]
    write(top / "core/io/unicode_classes.cpp",
          {"unicode_class_starts": ("uint32_t", class_starts())})
    write(top / "core/io/unicode_letters.cpp",
          {"unicode_lower_runs": ("LowerRun", lower_runs()),
           "unicode_decompositions": ("Decomposition", decompositions())})
    print("classes", checksum(class_of(c) for c in code_points()))
    print("lower", checksum(ord(x) for c in code_points() for x in chr(c).lower()))
    print("without marks", checksum(x for c in code_points() for x in without_marks(c)))
    spaces = [f"{c:#x}" for c in code_points() if chr(c).isspace()]
    print("spaces", *spaces)


if __name__ == "__main__":
    main()
