#!/usr/bin/env python3
"""Holds tests/limits.md to the tree.

    limits_check.py ROOT

Every constant of limits.hpp has one row; the file of the row uses it; the tests of the row exist. A row without a test
says `none` and why.
"""
import pathlib
import re
import sys


def tests_of(root):
    found = set()
    for path in (root / "tests").rglob("*.cpp"):
        text = path.read_text(encoding="utf-8")
        found.update(f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", text, re.M))
    return found


def problems(root):
    header = (root / "include/folkmoot/limits.hpp").read_text(encoding="utf-8")
    wanted = set(re.findall(r"inline constexpr [\w:]+ (\w+) =", header))
    known = tests_of(root)
    seen = set()
    for line in (root / "tests/limits.md").read_text(encoding="utf-8").splitlines():
        row = re.fullmatch(r"\| `(\w+)` \| (\S+) \| (.+) \|", line)
        if not row:
            continue
        name, path, tests = row.groups()
        if name in seen:
            yield f"{name} stands there twice"
        seen.add(name)
        if name not in wanted:
            yield f"{name} is not in limits.hpp"
        if not (root / path).is_file():
            yield f"{name}: there is no {path}"
        elif f"limits::{name}" not in (root / path).read_text(encoding="utf-8"):
            yield f"{name} is not used in {path}"
        named = re.findall(r"\b[A-Z]\w*\.\w+", tests)
        if not named and not tests.startswith("none: "):
            yield f"{name}: no test, and no reason"
        yield from (f"{name}: there is no test {test}" for test in named if test not in known)
    yield from (f"{name} has no row" for name in sorted(wanted - seen))


if __name__ == "__main__":
    found = list(problems(pathlib.Path(sys.argv[1])))
    for problem in found:
        print(f"tests/limits.md: {problem}")
    print(f"limits: {len(found)} problems")
    sys.exit(1 if found else 0)
