#!/usr/bin/env python3
"""Checks who includes whom, and who may touch the outside world.

    layering.py ROOT         checks the tree at ROOT; one line a violation, exit 1 if there is any
    layering.py --self-test  plants each kind of violation in a temporary tree and demands that it is found

Layers: base -> crypto, encoding -> operation -> graph -> access -> sync, store -> replica -> net, capi -> tools.
An arrow may be skipped, never reversed; layers that stand side by side do not know each other.
"""
import pathlib
import re
import sys
import tempfile

STAGES = [
    ["base"],
    ["crypto", "encoding"],
    ["operation"],
    ["graph"],
    ["access"],
    ["sync", "store"],
    ["replica"],
    ["net", "capi"],
    ["tools"],
]
STAGE_OF = {layer: stage for stage, layers in enumerate(STAGES) for layer in layers}

# A public header belongs to a layer. A new one must be entered here.
PUBLIC = {
    "bytes.hpp": "base",
    "error.hpp": "base",
    "limits.hpp": "base",
    "signer.hpp": "crypto",
    "operation.hpp": "operation",
    "evidence.hpp": "operation",
    "ticket.hpp": "operation",
    "graph.hpp": "graph",
    "access.hpp": "access",
    "explanation.hpp": "access",
    "session.hpp": "sync",
    "sync.hpp": "sync",
    "store.hpp": "store",
    "replica.hpp": "replica",
    "net.hpp": "net",
    "folkmoot.h": "capi",
}

# Foreign headers and the only layers that may include them. None of them may stand in a public header.
FOREIGN = [
    (re.compile(r"sodium(\.h$|/)"), {"crypto"}, "libsodium"),
    (re.compile(r"cbor(\.h$|/)"), {"encoding"}, "libcbor"),
    (re.compile(r"sqlite3(ext)?\.h$"), {"store"}, "SQLite"),
    (re.compile(r"boost/"), {"net"}, "Boost"),
    (re.compile(r"CLI/"), {"tools"}, "CLI11"),
    (re.compile(r"nlohmann/"), {"tools"}, "nlohmann-json"),
    (re.compile(r"qrencode\.h$"), {"tools"}, "qrencode"),
]
FOREIGN_NAMES = re.compile(r"\b(boost::|nlohmann::|CLI::|sqlite3\b|cbor_item_t\b|crypto_sign\w*\s*\()")

CLOCK = re.compile(
    r"\b(\w+_clock\b|gettimeofday\b|clock_gettime\b|timespec_get\b|ftime\s*\()"
    r"|(?<![\w.>])(std\s*::\s*|::\s*)?(time\s*\(\s*(nullptr|NULL|0|&)|clock\s*\(\s*\))"
)
CLOCK_LAYERS = {"net", "tools"}

RANDOM = re.compile(
    r"\bstd\s*::\s*(mt19937(_64)?|minstd_rand0?|random_device|default_random_engine|ranlux\w+|knuth_b|rand|"
    r"\w+_distribution|\w+_engine)\b"
    r"|(?<![\w.>])(s?rand|s?random|[dlm]rand48|arc4random\w*|getrandom|getentropy)\s*\("
)

MAX_LINES = 500
SOURCES = (".cpp", ".hpp", ".h", ".c", ".cc")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT_OR_LITERAL = re.compile(
    r'R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def code_only(text):
    """The text without comments and literals, with every line where it was."""

    def blank(match):
        lines = "\n" * match.group(0).count("\n")
        return lines if match.group(0)[0] == "/" else '""' + lines

    return COMMENT_OR_LITERAL.sub(blank, text)


def may_include(layer, other):
    return layer == other or STAGE_OF[other] < STAGE_OF[layer]


def layer_of_file(path):
    """The layer of a path relative to the root, or None with a reason."""
    parts = path.parts
    if parts[0] == "include":
        name = "/".join(parts[2:])
        if len(parts) < 3 or parts[1] != "folkmoot":
            return None, "a public header outside include/folkmoot"
        if name not in PUBLIC:
            return None, "an unknown public header: enter its layer in tests/layering.py"
        return PUBLIC[name], None
    if parts[0] == "src":
        if len(parts) < 3 or parts[1] not in STAGE_OF or parts[1] == "tools":
            return None, "a source that belongs to no layer"
        return parts[1], None
    return "tools", None


def layer_of_include(name, path, root):
    """The layer an #include "name" leads to; None with a reason if it leads nowhere."""
    parts = name.split("/")
    if parts[0] == "folkmoot":
        header = "/".join(parts[1:])
        if header not in PUBLIC:
            return None, "unknown public header"
        return PUBLIC[header], None
    if parts[0] in STAGE_OF and parts[0] != "tools" and len(parts) > 1:
        return parts[0], None
    if path.parts[0] == "tools" and ((root / path).parent / name).exists() or (root / "tools" / name).exists():
        return "tools", None
    return None, 'included by a path that starts neither with "folkmoot/" nor with a layer'


def check_include(kind, name, layer, path, root):
    public = path.parts[0] == "include"
    for pattern, allowed, library in FOREIGN:
        if pattern.match(name):
            if public:
                return f"a public header includes {library}: {name}"
            if layer not in allowed:
                return f"{layer} includes {library}: {name}; only {', '.join(sorted(allowed))} may"
            return None
    if name == "random" and kind == "<":
        return "<random> belongs to tests only"
    if kind == "<" and name.startswith("folkmoot/"):
        return f"includes {name} with <>; the project's own headers are included with quotes"
    if kind == "<":
        return None
    other, problem = layer_of_include(name, path, root)
    if problem:
        return f'#include "{name}": {problem}'
    if public and not name.startswith("folkmoot/"):
        return f'a public header includes the private "{name}"'
    if not may_include(layer, other):
        return f'{layer} includes "{name}" of {other}, which does not stand below it'
    return None


def check_file(path, root):
    """Yields (line, problem) for one file."""
    text = (root / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield MAX_LINES, f"{len(lines)} lines; a file has at most {MAX_LINES}"
    if path.parts[0] in ("tests", "fuzz"):
        return
    layer, problem = layer_of_file(path)
    if problem:
        yield 1, problem
        return
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            problem = check_include(match.group(1), match.group(2), layer, path, root)
            if problem:
                yield number, problem
    for number, line in enumerate(code_only(text).splitlines(), 1):
        if CLOCK.search(line) and layer not in CLOCK_LAYERS:
            yield number, f"{layer} reads a clock; only net and tools may"
        if RANDOM.search(line):
            yield number, "randomness comes in as an argument or from crypto/random.hpp"
        if path.parts[0] == "include" and not INCLUDE.match(line) and FOREIGN_NAMES.search(line):
            yield number, "a public header shows a type of another library"


def violations(root):
    found = []
    for folder in ("include", "src", "tools", "tests", "fuzz"):
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and file.suffix in SOURCES:
                path = file.relative_to(root)
                found += [f"{path}:{line}: {problem}" for line, problem in check_file(path, root)]
    return found


# Every line must be found, by a message that contains the second text.
PLANTED = [
    ("src/base/a.cpp", '#include "crypto/hash.hpp"', "does not stand below"),
    ("src/crypto/a.cpp", '#include "encoding/cbor.hpp"', "does not stand below"),
    ("src/encoding/a.cpp", '#include "crypto/hash.hpp"', "does not stand below"),
    ("src/sync/a.cpp", '#include "folkmoot/store.hpp"', "does not stand below"),
    ("src/store/a.cpp", '#include "sync/session.hpp"', "does not stand below"),
    ("src/graph/a.hpp", '#include "folkmoot/access.hpp"', "does not stand below"),
    ("src/net/a.cpp", '#include "capi/handle.hpp"', "does not stand below"),
    ("src/graph/a.cpp", '#  include   "replica/replica.hpp"', "does not stand below"),
    ("src/graph/a.cpp", '#include "hidden.hpp"', "neither with"),
    ("src/graph/a.cpp", '#include "folkmoot/unheard.hpp"', "unknown public header"),
    ("src/graph/a.cpp", "#include <folkmoot/bytes.hpp>", "with <>"),
    ("include/folkmoot/unheard.hpp", "int x;", "unknown public header"),
    ("include/folkmoot/graph.hpp", '#include "graph/graph.hpp"', "private"),
    ("include/folkmoot/store.hpp", "#include <sqlite3.h>", "public header includes SQLite"),
    ("include/folkmoot/net.hpp", "namespace boost { class x; } boost::x* y;", "type of another library"),
    ("src/other/a.cpp", "int x;", "belongs to no layer"),
    ("src/operation/a.cpp", "#include <sodium.h>", "libsodium"),
    ("src/operation/a.cpp", "#include <sodium/crypto_sign.h>", "libsodium"),
    ("src/crypto/a.cpp", "#include <cbor.h>", "libcbor"),
    ("src/replica/a.cpp", "#include <sqlite3.h>", "SQLite"),
    ("tools/moot/a.cpp", "#include <boost/asio.hpp>", "Boost"),
    ("src/net/a.cpp", "#include <CLI/CLI.hpp>", "CLI11"),
    ("src/capi/a.cpp", "#include <nlohmann/json.hpp>", "nlohmann"),
    ("src/capi/a.cpp", "#include <qrencode.h>", "qrencode"),
    ("src/sync/a.cpp", "auto t = std::chrono::steady_clock::now();", "reads a clock"),
    ("src/replica/a.cpp", "auto t = time(nullptr);", "reads a clock"),
    ("src/replica/a.cpp", "auto t = std::time(0);", "reads a clock"),
    ("src/store/a.cpp", "clock_gettime(CLOCK_MONOTONIC, &t);", "reads a clock"),
    ("src/store/a.cpp", "gettimeofday(&t, nullptr);", "reads a clock"),
    ("src/sync/a.cpp", "std::mt19937_64 generator(seed);", "randomness"),
    ("src/sync/a.cpp", "int x = std::rand();", "randomness"),
    ("tools/moot/a.cpp", "int x = rand() % 6;", "randomness"),
    ("tools/moot/a.cpp", "#include <random>", "tests only"),
    ("src/base/long.cpp", "int x;\n" * (MAX_LINES + 1), "at most"),
]

# None of these may be found.
ALLOWED = [
    ("src/replica/a.cpp", '#include "base/assert.hpp"\n#include "folkmoot/store.hpp"\n#include "sync/session.hpp"'),
    ("src/store/a.cpp", '#include <sqlite3.h>\n#include "folkmoot/access.hpp"'),
    ("src/net/a.cpp", "#include <boost/asio.hpp>\nauto t = std::chrono::steady_clock::now();"),
    ("src/sync/a.cpp", '// std::rand() and time(nullptr)\nconst char* x = "time(0)"; auto y = op.time(0); int z = 60\'000;'),
    ("src/sync/b.cpp", "std::chrono::milliseconds wait; std::uint64_t time_ms = 0; auto x = brand(1);"),
    ("tests/unit/a.cpp", "#include <random>\n#include <sodium.h>\nstd::mt19937 g;"),
    ("tools/moot/a.hpp", "int x;"),
    ("tools/moot/a.cpp", '#include "a.hpp"\n#include "moot/a.hpp"\n#include <CLI/CLI.hpp>\n#include <nlohmann/json.hpp>'),
]


def plant(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")


def self_test():
    wrong = []
    for path, text, message in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            plant(root, path, text)
            found = violations(root)
            if len(found) != 1 or message not in found[0]:
                wrong.append(f"planted {text[:60]!r} in {path}, expected one finding with {message!r}, got {found}")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in ALLOWED:
            plant(root, path, text)
        wrong += [f"found without reason: {line}" for line in violations(root)]
    return wrong


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.argv[1] == "--self-test":
        found = self_test()
        summary = f"layering self-test: {len(PLANTED)} planted, {len(ALLOWED)} allowed, {len(found)} wrong"
    else:
        found = violations(pathlib.Path(sys.argv[1]).resolve())
        summary = f"layering: {len(found)} violations"
    for line in found:
        print(line)
    print(summary)
    return 1 if found else 0


sys.exit(main())
