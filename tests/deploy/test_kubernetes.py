"""deploy/kubernetes: valid manifests of an unprivileged process that has time to end."""

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has no stubs
import pytest
import yaml
from deploy_files import (
    DRAIN_SECONDS,
    KUBERNETES,
    LAST_WRITES_SECONDS,
    TEMPORARY_FOLDER,
    USER_ID,
    list_settings,
    read_manifests,
)

OLDEST_VERSION = "1.30"
"""From which on `lifecycle.preStop.sleep` is there by default (kubernetes.io blog, 2025-04-23)."""

MANIFESTS = list(read_manifests())


def name_of(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']}-{manifest['metadata']['name']}"


WORKLOADS = [manifest for manifest in MANIFESTS if "template" in manifest.get("spec", {})]


@pytest.mark.parametrize("version", [OLDEST_VERSION, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("manifest", MANIFESTS, ids=name_of)
def test_manifests_are_valid(manifest: dict[str, Any], version: str) -> None:
    """Every manifest is what the API of the oldest and the newest version takes, with no field unknown to it."""
    kubernetes_validate.validate(manifest, version, strict=True)


def test_no_manifest_is_left_out() -> None:
    """kustomization.yaml names every file, those to be copied first as a comment."""
    text = (KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8")
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(yaml.safe_load(text)["resources"]) == {name for name in files if ".example" not in name}
    assert all(name in text for name in files)


def test_manifests_are_of_any_namespace() -> None:
    """No manifest names a namespace."""
    assert [name_of(manifest) for manifest in MANIFESTS if "namespace" in manifest["metadata"]] == []


@pytest.mark.parametrize("manifest", WORKLOADS, ids=name_of)
def test_pods_are_unprivileged(manifest: dict[str, Any]) -> None:
    """A pod runs as the image's user on a read-only root, without capabilities, token and injected variables."""
    pod = manifest["spec"]["template"]["spec"]
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert {security["runAsUser"], security["runAsGroup"], security["fsGroup"]} == {USER_ID}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} == set(container["resources"])
    assert {"/data", TEMPORARY_FOLDER} <= {mount["mountPath"] for mount in container["volumeMounts"]}


@pytest.mark.parametrize("manifest", WORKLOADS, ids=name_of)
def test_pods_have_time_to_drain(manifest: dict[str, Any]) -> None:
    """A pod is not killed before its calls may end; the wait before SIGTERM counts too."""
    pod = manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert pod["terminationGracePeriodSeconds"] >= before + DRAIN_SECONDS + LAST_WRITES_SECONDS


@pytest.mark.parametrize("manifest", WORKLOADS, ids=name_of)
def test_references_lead_somewhere(manifest: dict[str, Any]) -> None:
    """Selectors meet the pods' labels, and every secret, map and file that a pod names is there."""
    spec = manifest["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    objects = {name_of(other): other for other in MANIFESTS}
    for source in container["envFrom"]:
        kind, reference = next(iter(source.items()))
        kinds = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
        assert f"{kinds[kind]}-{reference['name']}" in objects
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "secrets"]
    secret = objects[f"Secret-{volume['secret']['secretName']}"]
    keys = {item["key"] for item in volume["secret"].get("items", ())} or set(secret["stringData"])
    for variable in container["env"]:
        assert variable["name"] in list_settings()
        folder, _, key = variable["value"].rpartition("/")
        assert (folder, key in keys & set(secret["stringData"])) == ("/run/secrets/limner", True)


def test_a_gateway_keeps_its_folder() -> None:
    """Gateways are a StatefulSet with a volume each that outlives the pod, watched at the doors made for it."""
    (gateway,) = [manifest for manifest in WORKLOADS if manifest["kind"] == "StatefulSet"]
    spec = gateway["spec"]
    assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["data"]
    assert set(spec["persistentVolumeClaimRetentionPolicy"].values()) == {"Retain"}
    (container,) = spec["template"]["spec"]["containers"]
    paths = {
        name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")
    }
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    services = {
        manifest["metadata"]["name"]: manifest for manifest in MANIFESTS if manifest["kind"] == "Service"
    }
    assert services[spec["serviceName"]]["spec"]["clusterIP"] == "None"
    labels = spec["template"]["metadata"]["labels"].items()
    selectors = [service["spec"]["selector"] for service in services.values()]
    assert all(selector.items() <= labels for selector in selectors)


def test_the_way_in_waits_and_buffers_nothing() -> None:
    """The Ingress's annotations are those of deploy/nginx/nginx.conf."""
    (ingress,) = [manifest for manifest in MANIFESTS if manifest["kind"] == "Ingress"]
    prefix = "nginx.ingress.kubernetes.io/proxy-"
    given = {name.removeprefix(prefix): value for name, value in ingress["metadata"]["annotations"].items()}
    assert int(given["read-timeout"]) >= 600
    assert (given["buffering"], given["request-buffering"], given["body-size"]) == ("off", "off", "0")
    assert "non_idempotent" not in given["next-upstream"]
