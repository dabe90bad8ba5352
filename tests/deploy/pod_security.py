# SPDX-License-Identifier: Apache-2.0
"""The rules of Kubernetes' Pod Security Standards, profile `restricted`, for Pods of Linux.

https://kubernetes.io/docs/concepts/security/pod-security-standards/ ; the profile includes all of
`baseline`. Windows' own fields are left out.
"""
from manifests import containers

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}
SYSCTLS = {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
           "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
           "net.ipv4.ping_group_range"}
SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t",
                 "container_engine_t"}
HANDLERS = (("livenessProbe",), ("readinessProbe",), ("startupProbe",),
            ("lifecycle", "postStart"), ("lifecycle", "preStop"))


def at(record, *keys):
    """What is found along the keys, or nothing."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def of_pod(pod):
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"{key} is set"
    for volume in pod.get("volumes", []):
        for kind in set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is a {kind}"
    for sysctl in at(pod, "securityContext", "sysctls") or []:
        if sysctl["name"] not in SYSCTLS:
            yield f"sysctl {sysctl['name']} is not a safe one"


def of_context(where, context):
    """Rules that hold for the Pod's securityContext and for each container's."""
    if at(context, "runAsUser") == 0:
        yield f"{where} runs as root"
    if at(context, "runAsNonRoot") is False:
        yield f"{where} may run as root"
    if at(context, "seccompProfile", "type") not in (None, "RuntimeDefault", "Localhost"):
        yield f"{where} has no seccomp profile"
    if at(context, "appArmorProfile", "type") not in (None, "RuntimeDefault", "Localhost"):
        yield f"{where} has no AppArmor profile"
    selinux = at(context, "seLinuxOptions") or {}
    if selinux.get("type") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield f"{where} sets SELinux options"


def of_container(pod, container):
    where, context = f"container {container['name']}", container.get("securityContext", {})
    yield from of_context(where, context)
    if context.get("privileged"):
        yield f"{where} is privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{where} allows privilege escalation"
    if "ALL" not in (at(context, "capabilities", "drop") or []):
        yield f"{where} does not drop all capabilities"
    if set(at(context, "capabilities", "add") or []) - {"NET_BIND_SERVICE"}:
        yield f"{where} adds capabilities"
    if context.get("procMount") not in (None, "Default"):
        yield f"{where} has another procMount"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield f"{where} has a port of the host"
    # What the container does not say, the Pod must.
    pods_own = pod.get("securityContext", {})
    if not (context.get("runAsNonRoot") or pods_own.get("runAsNonRoot")):
        yield f"{where} may run as root"
    if not (at(context, "seccompProfile", "type") or at(pods_own, "seccompProfile", "type")):
        yield f"{where} has no seccomp profile"
    for handler in HANDLERS:
        for way in ("httpGet", "tcpSocket"):
            if at(container, *handler, way, "host"):
                yield f"{where} has a handler for another host"


def violations(pod):
    """One line for each rule that the Pod's spec breaks."""
    found = list(of_pod(pod)) + list(of_context("the Pod", pod.get("securityContext", {})))
    for container in containers(pod):
        found += of_container(pod, container)
    return found
