#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests keep to Pod Security `restricted` and to what Homeostat promises beyond it.

Usage: test_kubernetes.py REPOSITORY
"""
import copy
import pathlib
import sys
import unittest

from manifests import NAMES, containers, homeostat_of, of_kind, pods, resources
from pod_security import violations

ROOT = pathlib.Path(sys.argv.pop(1))
RESOURCES = {name: resources(ROOT, name) for name in NAMES}
PODS = {name: pods(documents)[0] for name, documents in RESOURCES.items() if pods(documents)}
PROBE = ["homeostat", "status", "--probe"]

# Each breaks one rule of the profile; (what is said of it, how).
BROKEN = [
    ("hostNetwork", lambda pod: pod.update(hostNetwork=True)),
    ("hostPath", lambda pod: pod["volumes"].append({"name": "x", "hostPath": {"path": "/"}})),
    ("sysctl", lambda pod: pod["securityContext"].update(sysctls=[{"name": "kernel.msgmax"}])),
    ("may run as root", lambda pod: pod["securityContext"].pop("runAsNonRoot")),
    ("runs as root", lambda pod: pod["securityContext"].update(runAsUser=0)),
    ("seccomp", lambda pod: pod["securityContext"].pop("seccompProfile")),
    ("seccomp", lambda pod: pod["securityContext"]["seccompProfile"].update(type="Unconfined")),
    ("AppArmor", lambda pod: of(pod).update(appArmorProfile={"type": "Unconfined"})),
    ("SELinux", lambda pod: of(pod).update(seLinuxOptions={"user": "system_u"})),
    ("runs as root", lambda pod: of(pod).update(runAsUser=0)),
    ("may run as root", lambda pod: of(pod).update(runAsNonRoot=False)),
    ("is privileged", lambda pod: of(pod).update(privileged=True)),
    ("escalation", lambda pod: of(pod).pop("allowPrivilegeEscalation")),
    ("drop all", lambda pod: of(pod)["capabilities"].update(drop=["NET_RAW"])),
    ("adds capabilities", lambda pod: of(pod)["capabilities"].update(add=["SYS_ADMIN"])),
    ("procMount", lambda pod: of(pod).update(procMount="Unmasked")),
    ("port of the host", lambda pod: homeostat_of(pod).update(ports=[{"hostPort": 80}])),
    ("another host", lambda pod: homeostat_of(pod)["livenessProbe"].update(
        httpGet={"host": "10.0.0.1"})),
]


def of(pod):
    return homeostat_of(pod)["securityContext"]


class RestrictedTest(unittest.TestCase):
    def test_there_is_a_sidecar_and_a_deployment(self):
        self.assertEqual(set(PODS), {"sidecar", "standalone"})

    def test_every_pod_is_restricted(self):
        for name, pod in PODS.items():
            with self.subTest(manifest=name):
                self.assertEqual(violations(pod), [])

    def test_every_broken_rule_is_found(self):
        for name, pod in PODS.items():
            for said, breaking in BROKEN:
                with self.subTest(manifest=name, rule=said):
                    broken = copy.deepcopy(pod)
                    breaking(broken)
                    self.assertTrue(any(said in line for line in violations(broken)),
                                    violations(broken))

    def test_the_namespace_enforces_the_profile(self):
        labels = RESOURCES["namespace"][0]["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")


class PromisesTest(unittest.TestCase):
    def test_every_root_file_system_is_read_only(self):
        for pod in PODS.values():
            for container in containers(pod):
                self.assertIs(container["securityContext"]["readOnlyRootFilesystem"], True)

    def test_nothing_may_be_asked_of_kubernetes(self):
        for name, pod in PODS.items():
            self.assertIs(pod["automountServiceAccountToken"], False)
            kinds = {document["kind"] for document in RESOURCES[name]}
            self.assertFalse({kind for kind in kinds if "Role" in kind or "Account" in kind})

    def test_passwords_are_files_that_only_user_and_group_can_read(self):
        for pod in PODS.values():
            self.assertIn("fsGroup", pod["securityContext"])
            secrets = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
            self.assertTrue(secrets)
            for secret in secrets:
                self.assertEqual(secret["defaultMode"], 0o440)
            for container in containers(pod):
                self.assertNotIn("envFrom", container)
                for variable in container.get("env", []):
                    self.assertNotIn("valueFrom", variable)

    def test_no_secret_is_written_down(self):
        for name in NAMES:
            self.assertEqual(of_kind(RESOURCES[name], "Secret"), [])

    def test_every_mount_is_of_a_volume_that_is_there(self):
        for name, pod in PODS.items():
            there = {volume["name"] for volume in pod["volumes"]}
            for document in of_kind(RESOURCES[name], "StatefulSet"):
                there |= {claim["metadata"]["name"]
                          for claim in document["spec"]["volumeClaimTemplates"]}
            mounted = {mount["name"] for container in containers(pod)
                       for mount in container["volumeMounts"]}
            self.assertEqual(mounted, there)

    def test_egress_is_limited_to_named_pods_and_ports(self):
        for name in PODS:
            policy, = of_kind(RESOURCES[name], "NetworkPolicy")
            self.assertIn("Egress", policy["spec"]["policyTypes"])
            labels = next(document["spec"]["template"]["metadata"]["labels"]
                          for document in RESOURCES[name] if pods([document]))
            chosen = policy["spec"]["podSelector"]["matchLabels"]
            self.assertLessEqual(chosen.items(), labels.items())
            for rule in policy["spec"]["egress"]:
                self.assertTrue(rule["ports"])
                self.assertTrue(all("podSelector" in to for to in rule["to"]))

    def test_the_sidecar_is_a_native_one_and_cannot_hold_the_database_up(self):
        pod = PODS["sidecar"]
        homeostat, = pod["initContainers"]
        self.assertEqual(homeostat["restartPolicy"], "Always")
        self.assertEqual(homeostat["livenessProbe"]["exec"]["command"], [*PROBE, "livez"])
        self.assertNotIn("startupProbe", homeostat)
        self.assertNotIn("readinessProbe", homeostat)

    def test_the_deployment_has_all_three_probes(self):
        homeostat, = PODS["standalone"]["containers"]
        for probe, path in (("startupProbe", "readyz"), ("readinessProbe", "readyz"),
                            ("livenessProbe", "livez")):
            self.assertEqual(homeostat[probe]["exec"]["command"], [*PROBE, path])

    def test_a_probe_outlives_the_five_seconds_of_the_command_so_that_its_reason_is_seen(self):
        for pod in PODS.values():
            homeostat = homeostat_of(pod)
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe in homeostat:
                    self.assertGreater(homeostat[probe]["timeoutSeconds"], 5)


if __name__ == "__main__":
    unittest.main()
