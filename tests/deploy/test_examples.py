#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every example configuration is one that `homeostat check` accepts, with its files where the
package or the manifest puts them.

Usage: test_examples.py REPOSITORY HOMEOSTAT
"""
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from manifests import homeostat_of, of_kind, pods, resources
from tools import run

ROOT, HOMEOSTAT = pathlib.Path(sys.argv[1]), sys.argv[2]
del sys.argv[1:3]


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.world = pathlib.Path(folder.name)

    def put(self, path, text="", mode=0o640):
        """A file of that absolute path, below the world's root."""
        target = self.world / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)
        return target

    def check(self, path):
        return run(HOMEOSTAT, "check", path)

    def accepted(self, path):
        status, said = self.check(path)
        self.assertEqual(status, 0, said)
        self.assertIn("ok: 1 configuration", said)
        self.assertIn("circuit-breaker (breaker, shadow)", said)

    def installed(self):
        shutil.copytree(ROOT / "policies/recommended", self.world / "etc/homeostat/policies")
        self.put("/etc/homeostat/monitor.password")
        self.put("/etc/homeostat/actuator.password")
        return (ROOT / "deploy/systemd/homeostat.yaml").read_text()

    def test_the_one_of_the_service(self):
        self.accepted(self.put("/etc/homeostat/homeostat.yaml", self.installed()))

    def test_the_one_of_the_service_with_what_its_comments_offer(self):
        text = self.installed()
        acting = text.replace("# ledger:", "ledger:").replace("mode_ceiling: shadow ",
                                                              "mode_ceiling: enforce ")
        status, said = self.check(self.put("/etc/homeostat/homeostat.yaml", acting))
        self.assertEqual(status, 0, said)
        self.assertIn("circuit-breaker (breaker, enforce)", said)

    def test_the_one_of_the_readme_also_with_what_its_comments_offer(self):
        self.installed()
        self.put("/etc/ssl/certs/ca-certificates.crt", mode=0o644)
        found = re.findall(r"```yaml\n# /etc/homeostat/homeostat.yaml\n(.*?)```",
                           (ROOT / "README.md").read_text(), re.DOTALL)
        self.assertEqual(len(found), 1)
        config = self.put("/etc/homeostat/homeostat.yaml", found[0])
        self.accepted(self.below_the_world(config))
        config.write_text(config.read_text().replace("# ledger:", "ledger:")
                          .replace("mode_ceiling: shadow ", "mode_ceiling: enforce "))
        status, said = self.check(config)
        self.assertEqual(status, 0, said)
        self.assertIn("lock-contention (breaker, enforce)", said)

    def test_the_one_of_a_citus_cluster_of_the_readme_with_both_kinds_of_zones(self):
        self.installed()
        self.put("/etc/ssl/certs/ca-certificates.crt", mode=0o644)
        found = re.findall(r"```yaml\n# /etc/homeostat/homeostat.yaml of a coordinator.*?\n(.*?)```",
                           (ROOT / "README.md").read_text(), re.DOTALL)
        self.assertEqual(len(found), 1)
        config = self.below_the_world(self.put("/etc/homeostat/homeostat.yaml", found[0]))
        self.accepted(config)
        acting = (config.read_text().replace("# ledger:", "ledger:")
                  .replace("mode_ceiling: shadow", "mode_ceiling: enforce"))
        config.write_text(acting)
        status, said = self.check(config)
        self.assertEqual(status, 0, said)
        for policy in ("shard-balance (job, enforce)", "zone-contention (breaker, enforce)",
                       "isolation (breaker, enforce)", "circuit-breaker (breaker, enforce)"):
            self.assertIn(policy, said)
        listed = acting.replace("  zones: auto", "  #").replace("# zones: [", "zones: [")
        self.assertIn("pgbouncer", listed)
        config.write_text(listed)
        status, said = self.check(config)
        self.assertEqual(status, 0, said)
        self.assertIn("isolation (breaker, enforce)", said)
        self.assertNotIn("zone-contention (breaker", said)

    def mounted(self, name):
        """The world as the container of the manifest sees it; the path of its configuration."""
        documents = resources(ROOT, name)
        pod = pods(documents)[0]
        homeostat = homeostat_of(pod)
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        configs = {document["metadata"]["name"]: document["data"]
                   for document in of_kind(documents, "ConfigMap")}
        shutil.copytree(ROOT / "policies", self.world / "usr/share/homeostat/policies")
        for mount in homeostat["volumeMounts"]:
            volume = volumes.get(mount["name"], {})
            source = volume.get("configMap") or volume.get("secret") or {}
            files = configs.get(source.get("name"), {})
            for item in source.get("items", []):
                files = {**files, item["path"]: ""}
            for file, text in files.items():
                self.put(f"{mount['mountPath']}/{file}", text, source.get("defaultMode", 0o644))
        return self.world / homeostat["command"][-1].lstrip("/")

    def below_the_world(self, config):
        """The configuration's absolute paths begin at the world's root."""
        text = config.read_text()
        for folder in ("/etc/", "/run/", "/usr/"):
            text = text.replace(f" {folder}", f" {self.world}{folder}")
            text = text.replace(f"[{folder}", f"[{self.world}{folder}")
        config.write_text(text)
        return config

    def test_the_one_of_the_sidecar_with_what_its_manifest_mounts(self):
        self.accepted(self.below_the_world(self.mounted("sidecar")))

    def test_the_one_of_the_deployment_with_what_its_manifest_mounts(self):
        self.accepted(self.below_the_world(self.mounted("standalone")))

    def test_a_password_that_the_manifest_does_not_mount_is_missed(self):
        config = self.below_the_world(self.mounted("standalone"))
        (self.world / "run/secrets/homeostat/actuator.password").unlink()
        status, said = self.check(config)
        self.assertEqual(status, 1)
        self.assertIn("actuator.password", said)


if __name__ == "__main__":
    unittest.main()
