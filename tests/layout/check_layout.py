#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house's rules, checked: which folder may include which, and what else keeps its shape.

Usage: check_layout.py --root DIR --compile-commands FILE

Prints one line a violation and exits 1 if there is any. The tables below are the rules;
CONTRIBUTING.md shows the first of them to people.
"""
import argparse
import json
import pathlib
import re
import sys

import compiled

MODEL, ENGINE, LOADER = "policies/model", "policies/engine", "policies/loader"
PORTS, TRANSPORT, SQL = "controller/ports", "controller/transport", "sql"
LOOP, API, CLI = "controller/loop", "controller/api", "controller/cli"
PIPELINE = "deploy/demo/pipeline"
EVERYTHING = None

# A layer (a folder, with its subfolders) and the layers it may include. A layer includes itself.
MAY_INCLUDE = {
    MODEL: [],
    ENGINE: [MODEL],
    LOADER: [MODEL, ENGINE],
    PORTS: [MODEL],
    TRANSPORT: [MODEL],
    "probes": [MODEL, PORTS, TRANSPORT, SQL],
    "actuators": [MODEL, PORTS, TRANSPORT, SQL],
    LOOP: [MODEL, ENGINE, LOADER, PORTS, TRANSPORT, SQL],
    "controller/simulator": [MODEL, ENGINE, LOADER, PORTS, LOOP],
    API: [MODEL, PORTS, TRANSPORT, LOOP],
    CLI: [MODEL, ENGINE, LOADER, PORTS, TRANSPORT, SQL, "probes", "actuators", LOOP, API,
          "controller/simulator"],
    SQL: [],
    PIPELINE: [],
    "tests": EVERYTHING,
}

# A library that only some layers know: the first part of its include, and those layers.
LIBRARIES = {
    "libpq-fe.h": [TRANSPORT, PIPELINE],
    "librdkafka/": [TRANSPORT, PIPELINE],
    "sqlite3.h": [TRANSPORT],
    "openssl/": [TRANSPORT, LOADER, LOOP, API],
    "yaml-cpp/": [LOADER],
    "muParser": [ENGINE],
    "prometheus/": [API],
    "CLI/": [CLI, PIPELINE],
    "catch2/": ["tests"],
}

# Asio is slow to compile: headers take these two and nothing more of it.
LIGHT_ASIO = {"boost/asio/awaitable.hpp", "boost/asio/any_io_executor.hpp"}
# These need more; in return only .cpp files may include them.
HEAVY_HEADERS_ALLOWED = {"controller/transport/deadline.hpp",
                         "controller/transport/http_connection.hpp",
                         "controller/cli/daemon.hpp"}

# Words that must not stand in code: where, the pattern, and what is wrong with it.
FORBIDDEN_WORDS = [
    ((MODEL, ENGINE), re.compile(r"(_clock|Time)::now\s*\("),
     "reads a clock: decisions take their time as an argument"),
    ((MODEL, ENGINE), re.compile(r"#\s*include\s*<(fstream|iostream|filesystem|boost/asio)"),
     "does input or output: the core is pure"),
    (("",), re.compile(r"\basio::detached\b"),
     "detached coroutine: its exceptions would vanish"),
]

TOP_FOLDERS = {"policies", "controller", "probes", "actuators", "sql", "tests", "deploy"}
TOP_FILES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md",
             "CONTRIBUTING.md", "LICENSE"}
BUILD_FOLDER = "build"  # git-ignored
LONG_FILE = 400  # lines; told, not refused

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def layer_of(path):
    """The layer that a path from the root belongs to; nothing for a folder without rules."""
    fits = [name for name in MAY_INCLUDE if path == name or path.startswith(name + "/")]
    return max(fits, key=len, default=None)


class House:
    """The sources under one root, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.text = {}
        for folder in sorted(TOP_FOLDERS):
            for path in sorted((self.root / folder).rglob("*.[ch]pp")):
                self.text[path.relative_to(self.root).as_posix()] = path.read_text()

    def includes(self, file):
        return [(kind == '"', name) for kind, name in INCLUDE.findall(self.text[file])]

    def generates(self, name):
        """Whether the build makes this header: sql/CMakeLists.txt does, or a .in file stands by."""
        return name == "sql/embedded.hpp" or (self.root / f"{name}.in").exists()

    def code(self, file):
        return COMMENT.sub("", self.text[file])


def forbidden_arrows(house):
    for file in house.text:
        layer = layer_of(file)
        if layer is None:
            yield f"{file}: in a folder that is no layer"
            continue
        for ours, name in house.includes(file):
            if not ours:
                if layer_of(name):
                    yield f'{file}: <{name}> is ours: include it as "{name}"'
                continue
            target = layer_of(name)
            if target is None or not (name in house.text or house.generates(name)):
                yield f'{file}: "{name}" is no file of ours; write the path from the root'
            elif target != layer and MAY_INCLUDE[layer] is not EVERYTHING \
                    and target not in MAY_INCLUDE[layer]:
                yield f"{file}: {layer} must not include {target} (\"{name}\")"


def foreign_libraries(house):
    for file in house.text:
        layer = layer_of(file)
        for ours, name in house.includes(file):
            for prefix, layers in LIBRARIES.items():
                if not ours and name.startswith(prefix) and layer not in [*layers, "tests"]:
                    yield f"{file}: <{name}> belongs to {' and '.join(layers)} only"


def heavy_headers(house):
    for file in house.text:
        if not file.endswith(".hpp") or file.startswith("tests/") or file in HEAVY_HEADERS_ALLOWED:
            continue
        for ours, name in house.includes(file):
            if not ours and name.startswith(("boost/asio", "boost/beast")) \
                    and name not in LIGHT_ASIO:
                yield f"{file}: <{name}> in a header slows every file that includes it"
            if ours and name in HEAVY_HEADERS_ALLOWED:
                yield f'{file}: "{name}" is for .cpp files only'


def forbidden_words(house):
    for file in house.text:
        code = house.code(file)
        for layers, pattern, wrong in FORBIDDEN_WORDS:
            if any(layer in ("", layer_of(file)) for layer in layers) and pattern.search(code):
                yield f"{file}: {wrong}"


def unbuilt_sources(house, compile_commands):
    built = {str(source) for entry in compile_commands for source in compiled.sources_of(entry)}
    for file in house.text:
        if file.endswith(".cpp") and str(house.root / file) not in built:
            yield f"{file}: no target builds it"


def orphaned_headers(house):
    included = {name for file in house.text for _, name in house.includes(file)}
    for file in house.text:
        if file.endswith(".hpp") and file not in included:
            yield f"{file}: nobody includes it"


def unused_queries(house):
    code = "\n".join(house.code(file) for file in house.text if not file.startswith("tests/"))
    for query in sorted((house.root / "sql/queries").glob("*.sql")):
        if not re.search(rf"\bsql::{re.escape(query.stem)}\b", code):
            yield f"sql/queries/{query.name}: nobody uses sql::{query.stem}"


def missing_licence_lines(house):
    for file, text in house.text.items():
        if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
            yield f"{file}: does not begin with the SPDX line"


def strangers_at_the_top(house):
    for path in sorted(house.root.iterdir()):
        name = path.name
        if name.startswith(".") or (name == BUILD_FOLDER and path.is_dir()):
            continue
        if name not in (TOP_FOLDERS if path.is_dir() else TOP_FILES):
            yield f"{name}: does not belong at the top level"


def violations(root, compile_commands):
    house = House(root)
    for check in (forbidden_arrows, foreign_libraries, heavy_headers, forbidden_words,
                  orphaned_headers, unused_queries, missing_licence_lines, strangers_at_the_top):
        yield from check(house)
    yield from unbuilt_sources(house, compile_commands)


def long_files(root):
    for file, text in House(root).text.items():
        lines = text.count("\n")
        if lines > LONG_FILE:
            yield f"{file}: {lines} lines"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True)
    parser.add_argument("--compile-commands", required=True)
    chosen = parser.parse_args()
    commands = json.loads(pathlib.Path(chosen.compile_commands).read_text())
    found = list(violations(chosen.root, commands))
    for line in found:
        print(line)
    for line in long_files(chosen.root):
        print(f"note: {line}: does it still do one thing?")
    print(f"{len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
