"""Where settings come from (the environment, `.env`, files of secrets), and how what is wrong is worded.

This module is told which variables there are and must not know what any of them is for. A secret's value is in no
text it makes.
"""

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dotenv.parser import parse_stream
from pydantic import BaseModel, ValidationError

# Known to the commands that draw through a gateway, so they may stand in the same `.env`.
_CLIENT_VARIABLES = frozenset({"LIMNER_BASE_URL", "LIMNER_API_KEY", "LIMNER_API_KEY_FILE"})

# Kubernetes injects these into every pod beside a Service named limner or limner-*
# (kubernetes.io, "Accessing the Service", environment variables; seen 2026-11).
_KUBERNETES_VARIABLES = ("LIMNER_PORT*", "LIMNER_SERVICE_*", "LIMNER_*_PORT*", "LIMNER_*_SERVICE_*")

_LONGEST_SHOWN_VALUE = 120
# A secret may hold slashes and signs, so all up to the last @ is taken for one.
_CREDENTIALS_IN_URL = re.compile(r"(?<=//).*(?=@)|(?<=\?).*")


class Variable(NamedTuple):
    """What there is to know of a variable that sets something."""

    accepted: str
    is_secret: bool
    """Whether its value must not be shown, and may stand in a file that `NAME_FILE` names."""


def list_variables(settings: type[BaseModel]) -> dict[str, Variable]:
    """Return by its name what is known of each variable that the fields of `settings` are read from."""
    found = {}
    for field in settings.model_fields.values():
        extra = field.json_schema_extra
        is_secret = isinstance(extra, dict) and extra.get("is_secret") is True
        found[str(field.validation_alias)] = Variable(field.description or "", is_secret)
    return found


def gather_given(
    environ: Mapping[str, str], env_file: Path | None, report: Callable[[str], None]
) -> dict[str, str]:
    """Return every variable of `env_file`, and over it of `environ`.

    Empty values count as not set. `report` is called with each problem.
    """
    given = _read_env_file(env_file, report) if env_file is not None else {}
    return given | {name: value for name, value in environ.items() if value.strip()}


def gather_values(
    given: Mapping[str, str], variables: Mapping[str, Variable], report: Callable[[str], None]
) -> dict[str, str]:
    """Return the values of `variables` in `given`, secrets from their files; `report` is called with each problem."""
    file_variables = {f"{name}_FILE": name for name, variable in variables.items() if variable.is_secret}
    _report_unknown_variables(given, {*variables, *file_variables, *_CLIENT_VARIABLES}, report)
    values = {name: given[name] for name in variables if name in given}
    return values | _read_secret_files(given, file_variables, report)


def describe_problems(
    error: ValidationError, values: Mapping[str, str], variables: Mapping[str, Variable]
) -> list[str]:
    """Return one line for each variable whose value is refused."""
    lines: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        name = str(detail["loc"][0])
        accepted, is_secret = variables[name]
        value = _CREDENTIALS_IN_URL.sub("…", values[name])
        shown = value if len(value) <= _LONGEST_SHOWN_VALUE else value[:_LONGEST_SHOWN_VALUE] + "…"
        reason = f"{detail['ctx']['error']}; " if detail["type"] == "value_error" else ""
        subject = f"{name} (value not shown) is refused" if is_secret else f"{name} is {shown!r}"
        lines.setdefault(name, f"{subject}; {reason}accepted: {accepted}")
    return list(lines.values())


def _read_env_file(path: Path, report: Callable[[str], None]) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        report(f"{path} cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'})")
        return {}
    values = {}
    # dotenv_values() would put process variables into the values and drop lines it cannot read.
    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.value is None and (binding.key or "").startswith("LIMNER_")):
            report(f"{path} line {binding.original.line} is not NAME=value")
        elif binding.key and binding.value and binding.value.strip():
            values[binding.key] = binding.value
    return values


def _report_unknown_variables(
    given: Mapping[str, str], known: Collection[str], report: Callable[[str], None]
) -> None:
    stems = {name.removeprefix("LIMNER_"): name for name in known}
    for name in sorted(given):
        if not name.upper().startswith("LIMNER_") or name in known:
            continue
        if any(fnmatchcase(name, pattern) for pattern in _KUBERNETES_VARIABLES):
            continue
        close = get_close_matches(name.upper().removeprefix("LIMNER_"), stems, n=1, cutoff=0.7)
        hint = f"; did you mean {stems[close[0]]}?" if close else "; docs/settings.md lists those there are"
        report(f"{name} is not a setting of this version{hint}")


def _read_secret_files(
    given: Mapping[str, str], file_variables: Mapping[str, str], report: Callable[[str], None]
) -> dict[str, str]:
    secrets = {}
    for file_variable, variable in file_variables.items():
        if file_variable not in given:
            continue
        if variable in given:
            report(f"{variable} and {file_variable} are both set; accepted: one of them")
            continue
        path = Path(given[file_variable].strip())
        try:
            secrets[variable] = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            report(
                f"{file_variable} is {str(path)!r}, which cannot be read ({reason}); accepted: a readable file"
            )
        else:
            if not secrets[variable]:
                report(
                    f"{file_variable} is {str(path)!r}, which is empty; accepted: a file holding the value"
                )
                del secrets[variable]
    return secrets
