# SPDX-License-Identifier: Apache-2.0
"""Reads deploy/kubernetes: resources, their Pods, and the containers of those."""
from tools import yaml_documents

NAMES = ("namespace", "sidecar", "standalone")


def path_of(root, name):
    return root / "deploy/kubernetes" / f"{name}.yaml"


def resources(root, name):
    return yaml_documents(path_of(root, name))


def pods(documents):
    """The Pod templates' specs."""
    return [document["spec"]["template"]["spec"] for document in documents
            if "template" in document.get("spec", {})]


def containers(pod):
    return pod.get("initContainers", []) + pod["containers"] + pod.get("ephemeralContainers", [])


def homeostat_of(pod):
    return next(one for one in containers(pod) if one["name"] == "homeostat")


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]
