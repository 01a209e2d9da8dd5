#!/usr/bin/env python3
"""Checks that the specification says what the headers say, and that the top level holds nothing else.

    spec_check.py ROOT

- every constant of limits.hpp stands in protocol-spec/limits.md with the same value, and the other way round;
- every code of error.hpp stands in protocol-spec/errors.md with its number, a sentence and whose fault it is, the
  other way round, and in name_of of src/base/error.cpp;
- every file that a page of the specification links to exists;
- the ids of the vectors are the hashes of their bodies;
- the top level holds the fixed entries and dotfiles only.
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys

TOP_LEVEL = {
    "CMakeLists.txt",
    "CMakePresets.json",
    "LICENSE",
    "README.md",
    "fuzz",
    "include",
    "protocol-spec",
    "src",
    "tests",
    "tools",
}
# What a build leaves behind; never committed.
BUILD_OUTPUT = {"build", "compile_commands.json"}
# Pages that are linked to and still being written.
PENDING = {"sync.md"}
FAULTS = {"op", "peer", "disk", "user", "build"}


def evaluate(expression):
    """The value of a constant such as (1ULL << 53U) - 1 or 128U * 1024U."""
    plain = re.sub(r"(?<=[0-9])[uUlL]+", "", expression.replace("'", ""))
    if not re.fullmatch(r"[0-9()*+<\- ]+", plain):
        raise ValueError(f"cannot evaluate {expression!r}")
    return int(eval(plain, {"__builtins__": {}}))


def table_rows(text):
    """The cells of every table row whose first cell is not a heading or a rule."""
    for line in text.splitlines():
        if line.startswith("|") and not re.match(r"^\|[\s:|-]+\|$", line):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def check_limits(root):
    header = (root / "include/folkmoot/limits.hpp").read_text(encoding="utf-8")
    wanted = {
        name: evaluate(value)
        for name, value in re.findall(r"inline constexpr [\w:]+ (\w+) = ([^;]+);", header)
    }
    written = {}
    for cells in table_rows((root / "protocol-spec/limits.md").read_text(encoding="utf-8")):
        name = re.fullmatch(r"`(\w+)`", cells[0])
        if not name:
            continue
        if name.group(1) in written:
            yield f"limits.md: {name.group(1)} stands there twice"
        written[name.group(1)] = int(cells[1].replace(",", "")) if re.fullmatch(r"[0-9,]+", cells[1]) else cells[1]
    if not wanted:
        yield "limits.hpp: no constant found"
    for name, value in wanted.items():
        if name not in written:
            yield f"limits.md: {name} is missing (value {value})"
        elif written[name] != value:
            yield f"limits.md: {name} is {written[name]}, limits.hpp says {value}"
    for name in written.keys() - wanted.keys():
        yield f"limits.md: {name} is not in limits.hpp"


def check_errors(root):
    header = (root / "include/folkmoot/error.hpp").read_text(encoding="utf-8")
    wanted = {name: int(number) for name, number in re.findall(r"^    (\w+) = (\d+),", header, re.MULTILINE)}
    named = dict(
        re.findall(r'case ErrorCode::(\w+): return "(\w+)";', (root / "src/base/error.cpp").read_text(encoding="utf-8"))
    )
    written = {}
    for cells in table_rows((root / "protocol-spec/errors.md").read_text(encoding="utf-8")):
        if not re.fullmatch(r"\d+", cells[0]):
            continue
        name = cells[1].strip("`")
        if name in written:
            yield f"errors.md: {name} stands there twice"
        written[name] = int(cells[0])
        if len(cells) != 4 or not cells[2]:
            yield f"errors.md: {name} needs a number, a name, a sentence and a fault"
        elif cells[3] not in FAULTS:
            yield f"errors.md: {name} is the fault of {cells[3]!r}, which is none of {', '.join(sorted(FAULTS))}"
    if not wanted:
        yield "error.hpp: no code found"
    if len(set(wanted.values())) != len(wanted):
        yield "error.hpp: a number is used twice"
    for name, number in wanted.items():
        if written.get(name) != number:
            yield f"errors.md: {number} {name} is missing or has another number"
        if named.get(name) != name:
            yield f"error.cpp: name_of does not spell {name}"
    for name in written.keys() - wanted.keys():
        yield f"errors.md: {name} is not in error.hpp"


def check_links(root):
    for page in sorted((root / "protocol-spec").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if target not in PENDING and not (page.parent / target).exists():
                yield f"{page.name}: links to {target}, which does not exist"


def check_ids(root):
    """O2 with another BLAKE2b than the library's."""
    vectors = json.loads((root / "protocol-spec/vectors/operation.json").read_text(encoding="utf-8"))
    for vector in vectors["valid"]:
        body = bytes.fromhex(vector["body"])
        if hashlib.blake2b(b"folkmoot/1/op\n" + body, digest_size=32).hexdigest() != vector["id"]:
            yield f"operation.json: {vector['name']} has another id"


def check_top_level(root):
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files"], capture_output=True, text=True, check=False
    )
    if listed.returncode == 0 and listed.stdout:
        entries = {line.split("/")[0].strip('"') for line in listed.stdout.splitlines()}
    else:
        entries = {entry.name for entry in root.iterdir()} - BUILD_OUTPUT
    for name in sorted(entries - TOP_LEVEL):
        if not name.startswith("."):
            yield f"{name}: does not belong to the top level"
    for name in sorted(TOP_LEVEL):
        if not (root / name).exists():
            yield f"{name}: missing from the top level"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root = pathlib.Path(sys.argv[1]).resolve()
    found = [
        problem
        for check in (check_limits, check_errors, check_links, check_ids, check_top_level)
        for problem in check(root)
    ]
    for problem in found:
        print(problem)
    print(f"specification: {len(found)} problems")
    return 1 if found else 0


sys.exit(main())
