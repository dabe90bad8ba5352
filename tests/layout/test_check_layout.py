#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves check_layout.py: a small sound house passes, and every planted violation is found."""
import pathlib
import tempfile
import unittest

import check_layout

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
SOUND = {
    "policies/model/sample.hpp": SPDX + "#pragma once\n",
    "policies/engine/decide.hpp": SPDX + '#pragma once\n#include "policies/model/sample.hpp"\n',
    "policies/engine/decide.cpp": SPDX + '#include "policies/engine/decide.hpp"\n',
    "controller/ports/probe.hpp":
        SPDX + '#include <boost/asio/awaitable.hpp>\n#include "policies/model/sample.hpp"\n',
    "controller/transport/deadline.hpp": SPDX + "#include <boost/asio/steady_timer.hpp>\n",
    "probes/locks.cpp":
        SPDX + '#include "controller/ports/probe.hpp"\n#include "sql/embedded.hpp"\n'
        '#include "controller/transport/deadline.hpp"\nauto q = sql::locks;\n',
    "controller/cli/main.cpp": SPDX + '#include "policies/engine/decide.hpp"\n',
    "sql/queries/locks.sql": "SELECT 1;\n",
    "tests/probes/locks_test.cpp":
        SPDX + '#include "policies/model/sample.hpp"\n#include <catch2/catch.hpp>\n',
    "README.md": "",
}


class LayoutTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name).resolve()
        for file, text in SOUND.items():
            self.plant(file, text)

    def plant(self, file, text):
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def found(self, but_not_built=()):
        commands = [{"directory": str(self.root), "file": str(path)}
                    for path in self.root.rglob("*.cpp")
                    if path.relative_to(self.root).as_posix() not in but_not_built]
        return list(check_layout.violations(self.root, commands))

    def only(self, *parts, **options):
        found = self.found(**options)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_a_sound_house_passes(self):
        self.assertEqual(self.found(), [])

    def test_every_arrow_outside_the_table_is_found(self):
        layers = [name for name in check_layout.MAY_INCLUDE if name != "tests"]
        for layer in layers:
            for target in layers:
                if target in (layer, check_layout.SQL):
                    continue
                with self.subTest(layer=layer, target=target):
                    self.plant(f"{target}/goal.hpp", SPDX)
                    self.plant(f"{layer}/planted.cpp", SPDX + f'#include "{target}/goal.hpp"\n')
                    self.plant("tests/user_test.cpp", SPDX + f'#include "{target}/goal.hpp"\n')
                    found = self.found()
                    allowed = target in check_layout.MAY_INCLUDE[layer]
                    self.assertEqual(found == [], allowed, found)
                    if not allowed:
                        self.assertEqual(len(found), 1)
                        self.assertIn(f"{layer} must not include {target}", found[0])
                    (self.root / target / "goal.hpp").unlink()
                    (self.root / layer / "planted.cpp").unlink()
                    (self.root / "tests/user_test.cpp").unlink()

    def test_the_core_does_not_include_the_tests(self):
        self.plant("tests/support/fake.hpp", SPDX)
        self.plant("policies/engine/decide.cpp",
                   SPDX + '#include "policies/engine/decide.hpp"\n'
                   '#include "tests/support/fake.hpp"\n')
        self.only("policies/engine must not include tests")

    def test_a_subfolder_belongs_to_its_layer(self):
        self.plant("controller/cli/text/table.cpp", SPDX + '#include "sql/embedded.hpp"\n')
        self.assertEqual(self.found(), [])

    def test_an_include_that_is_not_from_the_root_is_found(self):
        self.plant("policies/engine/decide.cpp", SPDX + '#include "decide.hpp"\n'
                   '#include "policies/engine/decide.hpp"\n')
        self.only("policies/engine/decide.cpp", "path from the root")

    def test_our_own_file_in_angle_brackets_is_found(self):
        self.plant("policies/model/sample.cpp", SPDX + "#include <policies/engine/decide.hpp>\n")
        self.only("is ours")

    def test_an_include_in_odd_spelling_is_still_seen(self):
        self.plant("policies/model/sample.cpp", SPDX + '  # include"policies/engine/decide.hpp"\n')
        self.only("policies/model must not include policies/engine")

    def test_a_source_that_no_target_builds_is_found(self):
        self.only("probes/locks.cpp", "no target builds it", but_not_built=["probes/locks.cpp"])

    def test_a_query_that_nobody_uses_is_found(self):
        self.plant("sql/queries/forgotten.sql", "SELECT 2;\n")
        self.only("forgotten.sql")

    def test_a_query_named_only_in_a_comment_or_a_test_is_unused(self):
        self.plant("sql/queries/forgotten.sql", "SELECT 2;\n")
        self.plant("tests/probes/locks_test.cpp",
                   SPDX + '#include "policies/model/sample.hpp"\nauto q = sql::forgotten;\n')
        self.plant("controller/cli/main.cpp",
                   SPDX + '#include "policies/engine/decide.hpp"\n// sql::forgotten\n')
        self.only("forgotten.sql")

    def test_a_header_that_nobody_includes_is_found(self):
        self.plant("probes/forgotten.hpp", SPDX)
        self.only("probes/forgotten.hpp", "nobody includes it")

    def test_heavy_asio_in_a_header_is_found(self):
        self.plant("controller/ports/probe.hpp", SPDX + "#include <boost/asio/steady_timer.hpp>\n")
        self.only("controller/ports/probe.hpp", "steady_timer")

    def test_beast_in_a_header_is_found(self):
        self.plant("controller/ports/probe.hpp", SPDX + "#include <boost/beast/http.hpp>\n")
        self.only("boost/beast/http.hpp")

    def test_the_heavy_template_in_a_header_is_found(self):
        self.plant("probes/locks.hpp", SPDX + '#include "controller/transport/deadline.hpp"\n')
        self.plant("controller/cli/main.cpp", SPDX + '#include "policies/engine/decide.hpp"\n'
                   '#include "probes/locks.hpp"\n')
        self.only("probes/locks.hpp", ".cpp files only")

    def test_a_library_outside_its_layer_is_found(self):
        self.plant("probes/locks.cpp", SOUND["probes/locks.cpp"] + "#include <libpq-fe.h>\n")
        self.only("libpq-fe.h")

    def test_a_clock_read_in_the_core_is_found(self):
        self.plant("policies/engine/decide.cpp", SPDX + '#include "policies/engine/decide.hpp"\n'
                   "auto t = std::chrono::steady_clock::now();\n")
        self.only("reads a clock")

    def test_a_clock_named_in_a_comment_of_the_core_is_fine(self):
        self.plant("policies/engine/decide.cpp", SPDX + '#include "policies/engine/decide.hpp"\n'
                   "// never steady_clock::now()\n")
        self.assertEqual(self.found(), [])

    def test_a_file_read_in_the_core_is_found(self):
        self.plant("policies/model/sample.cpp", SPDX + "#include <fstream>\n")
        self.only("the core is pure")

    def test_a_detached_coroutine_is_found(self):
        self.plant("controller/cli/main.cpp", SPDX + '#include "policies/engine/decide.hpp"\n'
                   "co_spawn(io, f(), asio::detached);\n")
        self.only("detached")

    def test_a_missing_licence_line_is_found(self):
        self.plant("policies/model/sample.hpp", "#pragma once\n")
        self.only("SPDX")

    def test_a_folder_that_does_not_belong_at_the_top_is_found(self):
        (self.root / "utils").mkdir()
        self.only("utils")

    def test_a_file_that_does_not_belong_at_the_top_is_found(self):
        self.plant("notes.txt", "")
        self.only("notes.txt")

    def test_the_build_folder_and_dot_files_may_stand_at_the_top(self):
        (self.root / "build").mkdir()
        self.plant(".clang-format", "")
        self.assertEqual(self.found(), [])

    def test_a_source_in_a_folder_that_is_no_layer_is_found(self):
        self.plant("controller/helpers/common.cpp", SPDX)
        self.only("no layer")


if __name__ == "__main__":
    unittest.main()
