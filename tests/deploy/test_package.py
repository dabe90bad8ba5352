#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package, built and installed into a throw-away root: what is in it runs, and nothing
is started or enabled by itself.

Usage: test_package.py REPOSITORY

The maintainer scripts really run, with DPKG_ROOT, and with stand-ins for whatever could start or
enable a service, which write down that they were asked.
"""
import functools
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from tools import need, run, skip

ROOT = pathlib.Path(sys.argv.pop(1))
BINARY = ROOT / "build/release/homeostat"
# As root, or as one who is it in a namespace of his own: dpkg sets the owners of files.
AS_ROOT = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
STARTERS = ("systemctl", "deb-systemd-invoke", "deb-systemd-helper", "invoke-rc.d", "service",
            "update-rc.d")
need("dpkg-shlibdeps", "dpkg-dev")
need("systemd-sysusers", "systemd")
if not BINARY.exists():
    skip("build/release/homeostat is not built (cmake --workflow --preset release)")


def build(output):
    """The package's path."""
    status, said = run(ROOT / "deploy/debian/build", "--output", output)
    if status != 0:
        raise AssertionError(said)
    return pathlib.Path(said.splitlines()[-1])


@functools.cache
def built():
    """The package that the tests look at; made when the first of them asks."""
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    return build(folder.name)


def field(package, name):
    return run("dpkg-deb", "--field", package, name)[1].strip()


class ThrowAwayRoot:
    """An empty machine, as far as dpkg sees it."""

    def __init__(self, folder):
        self.path = folder / "root"
        self.asked = folder / "asked"  # one line for each call of a starter
        self.stand_ins = folder / "bin"
        for needed in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"):
            (self.path / needed).mkdir(parents=True)
        (self.path / "var/lib/dpkg/status").touch()
        self.stand_ins.mkdir()
        self.asked.touch()
        for starter in STARTERS:
            script = self.stand_ins / starter
            script.write_text(f'#!/bin/sh\necho "{starter} $*" >>"{self.asked}"\n')
            script.chmod(0o755)

    def dpkg(self, *arguments):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive",
                       "PATH": f"{self.stand_ins}:/usr/sbin:/usr/bin:/sbin:/bin"}
        # Its dependencies are this machine's; test_what_it_needs_is_named looks at them.
        status, said = run(*AS_ROOT, "dpkg", f"--root={self.path}", "--force-script-chrootless",
                           "--force-depends", "--force-unsafe-io", *arguments, env=environment)
        if status != 0:
            raise AssertionError(said)
        return said

    def runs_systemd(self):
        (self.path / "run/systemd/system").mkdir(parents=True)

    def starters_asked(self):
        asked = self.asked.read_text().splitlines()
        self.asked.write_text("")
        return asked

    def files(self):
        """Every file and link but dpkg's own."""
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*")
                if (path.is_symlink() or path.is_file())
                and "var/lib/dpkg" not in path.relative_to(self.path).as_posix()}


class Built(unittest.TestCase):
    """With the package, and a folder of the test's own."""

    @classmethod
    def setUpClass(cls):
        cls.package = built()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class PackageTest(Built):
    def test_the_name_says_version_and_architecture(self):
        version = run(BINARY, "--version")[1].strip()
        architecture = run("dpkg", "--print-architecture")[1].strip()
        self.assertEqual(self.package.name, f"homeostat_{version}_{architecture}.deb")
        self.assertEqual(field(self.package, "Version"), version)

    def test_what_it_needs_is_named(self):
        named = re.findall(r"[a-z0-9][a-z0-9.+-]+(?= \(| ?,| ?\||$)",
                           field(self.package, "Depends"))
        for package in ("libc6", "libpq5", "libssl3", "libsqlite3-0", "libyaml-cpp0.7"):
            self.assertIn(package, named)
        # Every library that the binary loads itself is in one of them.
        needed = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", BINARY)[1])
        self.assertGreater(len(needed), 5)
        for library in needed:
            owner = run("dpkg-query", "--search", f"*/{library}")[1].split(":")[0]
            # One of them is named by what it provides: libspdlog1.10-fmt9, of libspdlog1.10.
            self.assertTrue(any(package.startswith(owner) for package in named), (library, owner))

    def test_the_same_input_gives_the_same_bytes(self):
        again = build(self.folder / "again")
        self.assertEqual(again.read_bytes(), self.package.read_bytes())

    def test_files_belong_to_root_and_nobody_else_may_write(self):
        listing = run("dpkg-deb", "--contents", self.package)[1].splitlines()
        self.assertGreater(len(listing), 20)
        for line in listing:
            mode, owner, *_, path = line.split()
            self.assertEqual(owner, "root/root", line)
            program = path == "./usr/bin/homeostat" or mode[0] == "d"
            self.assertEqual(mode[1:], "rwxr-xr-x" if program else "rw-r--r--", line)


class InstalledTest(Built):
    """Looks at one installation and changes nothing in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.machine = ThrowAwayRoot(pathlib.Path(folder.name))
        cls.machine.runs_systemd()
        cls.machine.dpkg("--install", cls.package)
        cls.root = cls.machine.path

    def test_installed_it_has_what_an_operator_looks_for(self):
        wanted = {"usr/bin/homeostat", "etc/homeostat/homeostat.yaml",
                  "lib/systemd/system/homeostat.service",
                  "usr/share/homeostat/prometheus/homeostat.rules.yaml",
                  "usr/share/homeostat/alertmanager/alertmanager.yaml",
                  "usr/share/homeostat/grafana/homeostat.json",
                  "usr/share/doc/homeostat/copyright", "usr/share/doc/homeostat/README.md"}
        wanted.add("usr/share/homeostat/policies/recommended/measured/batch-window.yaml")
        wanted.add("usr/share/homeostat/policies/recommended/irreversible/shard-split.yaml")
        for policy in (ROOT / "policies/recommended").glob("*.yaml"):
            wanted |= {f"etc/homeostat/policies/{policy.name}",
                       f"usr/share/homeostat/policies/recommended/{policy.name}"}
        self.assertEqual(wanted - self.machine.files(), set())

    def test_the_operators_files_are_conffiles(self):
        conffiles = run("dpkg-deb", "--info", self.package, "conffiles")[1].split()
        etc = {f"/{file}" for file in self.machine.files() if file.startswith("etc/homeostat/")}
        self.assertIn("/etc/homeostat/homeostat.yaml", etc)
        self.assertEqual(set(conffiles), etc)

    def test_installing_starts_and_enables_nothing(self):
        self.assertEqual(self.machine.asked.read_text().splitlines(), ["systemctl daemon-reload"])
        links = [file for file in self.machine.files()
                 if file.startswith(("etc/systemd", "etc/rc", "etc/init.d"))]
        self.assertEqual(links, [])

    def test_installing_makes_the_daemons_user(self):
        accounts = (self.root / "etc/passwd").read_text().splitlines()
        user = next(line.split(":") for line in accounts if line.startswith("homeostat:"))
        self.assertEqual(user[6], "/usr/sbin/nologin")
        self.assertNotEqual(user[2], "0")

    def test_installing_makes_the_journals_folder_for_that_user_alone(self):
        folder = (self.root / "var/lib/homeostat").stat()
        self.assertEqual(folder.st_mode & 0o777, 0o700)
        if os.geteuid() == 0:  # others cannot give files away
            accounts = (self.root / "etc/passwd").read_text().splitlines()
            user = next(line.split(":") for line in accounts if line.startswith("homeostat:"))
            self.assertEqual([str(folder.st_uid), str(folder.st_gid)], user[2:4])

    def test_the_installed_binary_runs_and_accepts_its_configuration(self):
        binary, folder = self.root / "usr/bin/homeostat", self.folder / "homeostat"
        shutil.copytree(self.root / "etc/homeostat", folder)
        self.assertEqual(run(binary, "--version"), run(BINARY, "--version"))
        config = folder / "homeostat.yaml"
        status, said = run(binary, "check", config)
        self.assertEqual(status, 1)  # the password is the operator's to write
        self.assertIn("monitor.password", said)
        (folder / "monitor.password").touch(mode=0o640)
        status, said = run(binary, "check", config)
        self.assertEqual(status, 0, said)
        self.assertIn("circuit-breaker (breaker, shadow)", said)

    def test_the_unit_is_the_tested_one(self):
        self.assertEqual((self.root / "lib/systemd/system/homeostat.service").read_bytes(),
                         (ROOT / "deploy/systemd/homeostat.service").read_bytes())


class LifeTest(Built):
    """What dpkg does later."""

    def setUp(self):
        super().setUp()
        self.root = ThrowAwayRoot(self.folder)

    def install(self):
        self.root.dpkg("--install", self.package)
        return self.root.path

    def test_an_upgrade_keeps_the_operators_changes_and_restarts_only_what_runs(self):
        self.root.runs_systemd()
        root = self.install()
        config = root / "etc/homeostat/homeostat.yaml"
        mine = config.read_text() + "\n# mine\n"
        config.write_text(mine)
        self.root.starters_asked()
        self.root.dpkg("--force-confdef", "--force-confold", "--install", self.package)
        self.assertEqual(config.read_text(), mine)
        self.assertEqual([line for line in self.root.starters_asked() if "daemon-reload" not in line],
                         ["deb-systemd-invoke try-restart homeostat.service"])

    def test_removing_stops_it_first_and_keeps_configuration_and_journal(self):
        self.root.runs_systemd()
        root = self.install()
        journal = root / "var/lib/homeostat/journal.db"
        journal.touch()
        self.root.starters_asked()
        self.root.dpkg("--remove", "homeostat")
        self.assertEqual(self.root.starters_asked()[0], "deb-systemd-invoke stop homeostat.service")
        self.assertTrue(journal.exists())
        self.assertTrue((root / "etc/homeostat/homeostat.yaml").exists())
        self.assertFalse((root / "usr/bin/homeostat").exists())

    def test_a_purge_leaves_nothing_but_the_operators_passwords_and_the_user(self):
        root = self.install()
        (root / "var/lib/homeostat/journal.db").touch()
        (root / "etc/homeostat/monitor.password").touch(mode=0o640)
        self.root.dpkg("--purge", "homeostat")
        accounts = {f"etc/{name}{dash}" for name in ("passwd", "group", "shadow", "gshadow")
                    for dash in ("", "-")} | {"etc/.pwd.lock"}
        self.assertEqual(self.root.files() - accounts, {"etc/homeostat/monitor.password"})


if __name__ == "__main__":
    unittest.main()
