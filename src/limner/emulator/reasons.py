"""Why a credential gets nothing, by short names, in the words of the interface that was asked.

Texts: facts recorded from live traffic and Google's pages between 2025-10 and 2026-11; billing's from Google's public
error pages. This module must not know requests or directives.
"""

from collections.abc import Callable, Mapping
from typing import Any

from limner.emulator import failures
from limner.emulator.failures import ANY_PROJECT, GoogleError
from limner.emulator.interfaces import Door


def refuse_service_disabled(door: Door) -> GoogleError:
    """The service is not switched on in the credential's project (recorded)."""
    project = door.project or ANY_PROJECT
    page = f"https://console.developers.google.com/apis/api/{door.service}/overview?project={project}"
    return GoogleError(
        403,
        f"{door.service_name} has not been used in project {project} before or it is disabled. Enable it by "
        f"visiting {page} then retry. If you enabled this API recently, wait a few minutes for the action to "
        "propagate to our systems and retry.",
        details=[
            _help("Google developers console API activation", page),
            _error_info("SERVICE_DISABLED", {"service": door.service, "consumer": f"projects/{project}"}),
        ],
    )


def refuse_billing_disabled(door: Door) -> GoogleError:
    """The project has no billing account that pays."""
    project = door.project or ANY_PROJECT
    page = f"https://console.developers.google.com/billing/enable?project={project}"
    return GoogleError(
        403,
        f"This API method requires billing to be enabled. Please enable billing on project #{project} by visiting "
        f"{page} then retry. If you enabled billing for this project recently, wait a few minutes for the action to "
        "propagate to our systems and retry.",
        details=[
            _help("Google developers console billing", page),
            _error_info("BILLING_DISABLED", {"service": door.service, "consumer": f"projects/{project}"}),
        ],
    )


def refuse_permission(model: str, door: Door) -> GoogleError:
    """Vertex AI's refusal of an account without the right to call (recorded); the Developer API has no such right."""
    permission = "aiplatform.endpoints.predict"
    place = f"projects/{door.project or ANY_PROJECT}/locations/{door.location or 'global'}/"
    resource = f"{place}publishers/google/models/{model}"
    return GoogleError(
        403,
        f"Permission '{permission}' denied on resource '//aiplatform.googleapis.com/{resource}' "
        "(or it may not exist).",
        details=[
            _error_info(
                "IAM_PERMISSION_DENIED",
                {"permission": permission, "resource": resource},
                domain="aiplatform.googleapis.com",
            ),
        ],
    )


def _help(description: str, page: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.Help",
        "links": [{"description": description, "url": page}],
    }


def _error_info(reason: str, metadata: dict[str, str], *, domain: str = "googleapis.com") -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    }


REASONS: Mapping[str, Callable[[str, Door], GoogleError]] = {
    "key": lambda _model, door: failures.bad_key(door.service),
    "expired": lambda _model, _door: GoogleError(400, failures.EXPIRED_KEY),
    "leaked": lambda _model, _door: GoogleError(403, failures.LEAKED_KEY),
    "unregistered": lambda _model, _door: GoogleError(403, failures.UNREGISTERED_CALLER),
    "disabled": lambda _model, door: refuse_service_disabled(door),
    "region": lambda _model, _door: GoogleError(400, failures.NO_SUCH_REGION, status="FAILED_PRECONDITION"),
    "billing": lambda _model, door: refuse_billing_disabled(door),
    "iam": refuse_permission,
    "missing": lambda model, door: door.refuse_model(model, "generateContent"),
    "unauthenticated": lambda _model, _door: GoogleError(401, failures.BAD_CREDENTIALS),
}
