#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README and CONTRIBUTING say about the tree is true of the tree.

Usage: test_documents.py REPOSITORY
"""
import pathlib
import re
import sys
import unittest

import check_layout

ROOT = pathlib.Path(sys.argv.pop(1))
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
SHORT = {"nothing of ours": [], "–": []}
# Columns of check_layout.py that the layout keeps a place for and that have no folder's worth yet.
NOT_YET = {"controller/simulator"}


def code_words(text):
    """What stands in `backticks`, outside of fenced blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def layer_named(short):
    """`engine` -> policies/engine."""
    return next(l for l in check_layout.MAY_INCLUDE if l == short or l.endswith("/" + short))


class DocumentsTest(unittest.TestCase):
    def test_every_path_that_is_named_exists(self):
        tops = tuple(f"{name}/" for name in check_layout.TOP_FOLDERS)
        for document in (README, CONTRIBUTING):
            for word in code_words(document):
                path = word.split(" ")[0]
                if not path.startswith(tops) or re.search(r"[*…]|NAME|NNNN", path):
                    continue
                with self.subTest(path=path):
                    there = (ROOT / path).exists() or any(
                        (ROOT / f"{path}{ending}").exists() for ending in (".hpp", ".cpp"))
                    self.assertTrue(there)

    def test_the_readme_lists_exactly_the_metrics_that_the_code_has(self):
        made = set(re.findall(r'"(homeostat_[a-z_]+[a-z])"',
                              (ROOT / "controller/api/metrics.cpp").read_text()))
        details = (ROOT / "probes/kafka_details.cpp").read_text()
        made |= {f"homeostat_{name}" for name in re.findall(r'details\.add\("([a-z_]+)"', details)}
        roles = {f"homeostat_{who}" for who in ("owner", "monitor", "actuator", "operator")}
        named = {word for word in code_words(README) if re.fullmatch(r"homeostat_[a-z_]+", word)}
        self.assertEqual(named - roles, made)

    def test_the_readme_lists_exactly_the_signals_that_a_probe_gives(self):
        table = (ROOT / "controller/cli/vocabulary.cpp").read_text()
        rows = re.findall(r'\{"([a-z0-9_]+)",\s*SignalShape::.*?Source::(\w+)', table, re.DOTALL)
        given = {name for name, source in rows if source != "later"}
        self.assertGreater(len(given), 5)
        listed = re.search(r"\n## Signals\n(.*?)\n## ", README, re.DOTALL).group(1)
        first_cells = re.findall(r"^\| (`[^|]*) \|", listed, re.MULTILINE)
        self.assertEqual({word for cell in first_cells for word in code_words(cell)}, given)

    def test_every_package_has_a_reason(self):
        lines = (ROOT / "deploy/packages.txt").read_text().splitlines()
        packages = [line for line in lines if line and line[0] not in "#["]
        reasoned = set(code_words(CONTRIBUTING))
        self.assertEqual([package for package in packages if package not in reasoned], [])

    def test_the_table_of_folders_is_the_one_that_is_checked(self):
        rows = re.findall(r"^\| (`[^|]*) \|[^|]*\| ([^|]*) \|$", CONTRIBUTING, re.MULTILINE)
        shown = {}
        for folders, may in rows:
            for folder in re.findall(r"`([^`]+)`", folders):
                if folder in check_layout.MAY_INCLUDE:
                    shown[folder] = may
        for layer, allowed in check_layout.MAY_INCLUDE.items():
            if layer in NOT_YET:
                continue
            with self.subTest(layer=layer):
                may = shown[layer]
                if may == "everything":
                    self.assertTrue(allowed is None or len(allowed) >= 10)
                else:
                    named = SHORT[may] if may in SHORT else map(layer_named, may.split(", "))
                    self.assertEqual(sorted(named), sorted(allowed))


if __name__ == "__main__":
    unittest.main()
