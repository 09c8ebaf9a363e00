"""`limner check`: tries everything a gateway stands on, and says of each whether it works, what is wrong, what to do.

Nothing is bought and nothing is left behind. What is tried is in `cli_check_places` and `cli_check_credentials`; this
module knows their order and how findings are shown. No secret is in a finding.
"""

import asyncio
import os
from collections.abc import Sequence

import msgspec

from limner.app_tracing import describe_tracing
from limner.cli_check_credentials import check_credentials
from limner.cli_check_finding import Finding
from limner.cli_check_places import check_data_folder, check_database, check_store
from limner.cli_failure import CommandFailed
from limner.cli_listing import print_json
from limner.config import Settings, SettingsError, load_settings

_WORDS = {"ok": "ok", "warning": "WARNING", "failed": "FAILED", "skipped": "skipped"}
_MARGIN = max(map(len, _WORDS.values())) + 2


def run(*, as_json: bool) -> None:
    """Try everything and print what was found.

    Raises:
        CommandFailed: something does not work.
    """
    findings = look()
    failed = [finding for finding in findings if finding.state == "failed"]
    if as_json:
        print_json({"ok": not failed, "checks": [msgspec.to_builtins(finding) for finding in findings]})
    else:
        _print(findings)
    if failed:
        raise CommandFailed(f"{len(failed)} of {len(findings)} checks failed")


def look() -> list[Finding]:
    """Return what was found, in the order in which it is to be mended."""
    try:
        settings = load_settings()
    except SettingsError as error:
        refused = [
            Finding("settings", "failed", problem, "docs/settings.md describes every setting")
            for problem in error.problems
        ]
        return [*refused, *_skip("data folder", "database", "picture store", "credentials")]
    found = [_describe_settings(settings), *check_data_folder(settings), *check_database(settings)]
    found += asyncio.run(check_store(settings))
    found += asyncio.run(check_credentials(settings))
    return [*found, *_check_proxy(settings), *_check_tracing()]


def _skip(*items: str) -> list[Finding]:
    return [Finding(item, "skipped", "needs settings that can be used") for item in items]


def _describe_settings(settings: Settings) -> Finding:
    given = sorted(str(Settings.model_fields[name].validation_alias) for name in settings.model_fields_set)
    return Finding("settings", "ok", f"{len(given)} set: {', '.join(given) or 'none'}")


def _check_proxy(settings: Settings) -> list[Finding]:
    if settings.upstream_proxy is not None or not (
        os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    ):
        return []
    return [
        Finding(
            "proxy",
            "warning",
            "HTTPS_PROXY is set, and is not used",
            "set LIMNER_UPSTREAM_PROXY if Gemini is to be reached through it",
        )
    ]


def _check_tracing() -> list[Finding]:
    told = describe_tracing()
    if told is None:
        return []
    is_good = not told.startswith("Warning: ")
    return [Finding("traces", "ok" if is_good else "warning", told.removeprefix("Warning: "))]


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        print(f"{_WORDS[finding.state]:<{_MARGIN}}{finding.item}: {finding.told}")
        if finding.advice is not None:
            print(f"{'':<{_MARGIN}}→ {finding.advice}")
