#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The links of npm's PostgreSQL packages are made as listed, and none leads out of its package.

Usage: test_postgresql_links.py REPOSITORY
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(sys.argv.pop(1)) / "deploy/postgresql/links.py"


class LinksTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.package = self.folder / "node_modules/postgresql-16"
        (self.package / "native/lib").mkdir(parents=True)
        (self.package / "native/lib/libpq.so.5.16").write_text("the library")

    def run_with(self, source, target):
        links = [{"source": source, "target": target}]
        (self.package / "native/pg-symlinks.json").write_text(json.dumps(links))
        return subprocess.run([sys.executable, SCRIPT, self.folder], capture_output=True, text=True)

    def test_a_listed_link_is_made_and_the_version_has_a_short_name(self):
        self.assertEqual(
            self.run_with("native/lib/libpq.so.5.16", "native/lib/libpq.so.5").returncode, 0)
        self.assertEqual((self.folder / "16/lib/libpq.so.5").read_text(), "the library")

    def test_a_folder_that_is_moved_keeps_its_links(self):
        self.run_with("native/lib/libpq.so.5.16", "native/lib/libpq.so.5")
        moved = self.folder.with_name(self.folder.name + ".moved")
        self.folder.rename(moved)
        self.assertEqual((moved / "16/lib/libpq.so.5").read_text(), "the library")
        moved.rename(self.folder)

    def test_a_link_out_of_the_package_is_refused(self):
        for source, target in (("native/lib/libpq.so.5.16", "../outside"),
                               ("../../../outside", "native/lib/inside"),
                               ("/etc/hostname", "native/lib/inside"),
                               ("native/lib/libpq.so.5.16", "/tmp/outside-of-homeostat")):
            with self.subTest(source=source, target=target):
                refused = self.run_with(source, target)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn("outside of the package", refused.stderr)
                self.assertFalse((self.package / "native/lib/inside").is_symlink())

    def test_a_folder_without_packages_is_an_error(self):
        empty = self.folder / "empty"
        empty.mkdir()
        told = subprocess.run([sys.executable, SCRIPT, empty], capture_output=True, text=True)
        self.assertNotEqual(told.returncode, 0)
        self.assertIn("no PostgreSQL", told.stderr)


if __name__ == "__main__":
    unittest.main()
