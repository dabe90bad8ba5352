#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests hold against Kubernetes' published schemas, strictly.

Usage: test_kubernetes_schemas.py REPOSITORY

Runs in build/python, the environment that tests/run makes of deploy/requirements.txt.
"""
import copy
import os
import pathlib
import sys

from tools import skip

ROOT = pathlib.Path(sys.argv[1])
OLDEST = "1.29"  # the first with native sidecars switched on
ENVIRONMENT = ROOT / "build/python"

if pathlib.Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
    python = ENVIRONMENT / "bin/python"
    if not (ENVIRONMENT / "requirements.txt").exists():
        log = ROOT / "build/python.log"
        said = log.read_text().strip().splitlines() if log.exists() else []
        skip("kubernetes-validate is not in build/python: "
             + (said[-1] if said else "tests/run installs it from PyPI"))
    os.execv(python, [str(python), *sys.argv])

import unittest  # noqa: E402

import kubernetes_validate  # noqa: E402

from manifests import NAMES, homeostat_of, of_kind, pods, resources  # noqa: E402

sys.argv.pop(1)


class SchemasTest(unittest.TestCase):
    def test_every_resource_holds_in_the_oldest_and_the_newest_version(self):
        for name in NAMES:
            for version in (OLDEST, kubernetes_validate.latest_version()):
                for resource in resources(ROOT, name):
                    with self.subTest(manifest=name, kind=resource["kind"], version=version):
                        kubernetes_validate.validate(resource, version, strict=True)

    def refused(self, resource):
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(resource, OLDEST, strict=True)

    def test_a_misspelt_key_is_refused(self):
        deployment, = of_kind(resources(ROOT, "standalone"), "Deployment")
        container = homeostat_of(pods([deployment])[0])
        container["livenesProbe"] = container.pop("livenessProbe")
        self.refused(deployment)

    def test_a_wrong_type_is_refused(self):
        sidecar, = of_kind(resources(ROOT, "sidecar"), "StatefulSet")
        sidecar = copy.deepcopy(sidecar)
        sidecar["spec"]["replicas"] = "one"
        self.refused(sidecar)


if __name__ == "__main__":
    unittest.main()
