"""Kubernetes' Pod Security Standard "restricted", as the fields of a pod's spec."""

from collections.abc import Iterator, Mapping
from typing import Any

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_PROFILES = {"RuntimeDefault", "Localhost"}

Spec = Mapping[str, Any]


def violations(pod: Spec) -> list[str]:
    return [*_of_pod(pod), *(wrong for one in containers(pod) for wrong in _of_container(one, pod))]


def containers(pod: Spec) -> list[Spec]:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return [one for kind in kinds for one in pod.get(kind, [])]


def _of_pod(pod: Spec) -> Iterator[str]:
    for shared in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(shared):
            yield shared
    for volume in pod.get("volumes", []):
        if kinds := set(volume) - {"name"} - _VOLUMES:
            yield f"volume {volume['name']}: {', '.join(kinds)}"
    if pod.get("securityContext", {}).get("sysctls"):
        yield "sysctls"
    yield from _of_either(pod.get("securityContext", {}), "pod")


def _of_container(container: Spec, pod: Spec) -> Iterator[str]:
    name, own = container["name"], container.get("securityContext", {})
    both = {**pod.get("securityContext", {}), **own}
    capabilities = own.get("capabilities", {})
    rules = {
        "privileged": not own.get("privileged"),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
        "capabilities.drop": "ALL" in capabilities.get("drop", []),
        "capabilities.add": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        "runAsNonRoot": both.get("runAsNonRoot") is True,
        "seccompProfile": both.get("seccompProfile", {}).get("type") in _PROFILES,
        "procMount": own.get("procMount", "Default") == "Default",
        "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
    }
    yield from (f"{name}: {rule}" for rule, kept in rules.items() if not kept)
    yield from _of_either(own, name)


def _of_either(context: Spec, name: str) -> Iterator[str]:
    """What neither a pod nor a container may say."""
    if context.get("runAsUser") == 0:
        yield f"{name}: runAsUser"
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield f"{name}: seccompProfile"
    if context.get("seLinuxOptions", {}).keys() & {"user", "role"}:
        yield f"{name}: seLinuxOptions"
    if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in _PROFILES:
        yield f"{name}: appArmorProfile"
