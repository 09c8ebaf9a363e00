"""What `limner work` needs, what it can reach, and the tables of its queue."""

import subprocess
import sys
from pathlib import Path

import pytest
from crews import Crew
from procrastinate.schema import SchemaManager

from limner.ledger.postgres import PostgresDatabase
from limner.ledger.queries import load_migrations
from limner.ledger.schema import bring_up_to_date
from places import SIGNING_SECRET
from programs import scrub_environment


def run_work(folder: Path, variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `limner work` where it must not start."""
    return subprocess.run(
        [sys.executable, "-m", "limner.cli", "work"],
        cwd=folder,
        env={**scrub_environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_no_worker_without_postgresql(tmp_path: Path) -> None:
    """On SQLite the command says that the gateway does it all, and ends with code 1."""
    done = run_work(tmp_path, {"LIMNER_DATA_DIR": str(tmp_path / "data")})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "LIMNER_DATABASE_URL" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"LIMNER_IMAGE_STORE_URL": ""}, "LIMNER_IMAGE_STORE_URL"),
        ({"LIMNER_SIGNING_SECRET": ""}, "LIMNER_SIGNING_SECRET is not set"),
        ({"LIMNER_SIGNING_SECRET": "another-secret-of-the-tests"}, "LIMNER_SIGNING_SECRET must be the same"),
        ({"LIMNER_IMAGE_STORE_URL": "s3://pictures/elsewhere"}, "must be the same store"),
        ({"LIMNER_DATABASE_URL": "postgresql://127.0.0.1:9/none"}, "postgresql://127.0.0.1:9/none"),
    ],
)
def test_a_worker_that_does_not_fit_in_does_not_start(
    variables: dict[str, str], message: str, crew: Crew
) -> None:
    """What is missing, or differs from the others', is said in one line, and the code is 1."""
    crew.start("first")
    place = crew.place("worker")
    done = run_work(place.folder, crew.to_variables(place.variables | variables))
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert SIGNING_SECRET not in done.stderr


def test_no_job_can_reach_gemini() -> None:
    """In a worker's process no module is loaded that could call Gemini, or run a call again."""
    program = "import sys, limner.cli_work; print(*sorted(name for name in sys.modules if name.startswith('limner.')))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = done.stdout.split()
    assert "limner.app_worker" in loaded
    paid = (
        "limner.upstream",
        "limner.generation.calling",
        "limner.generation.running",
        "limner.generation.generations",
    )
    assert [name for name in loaded if name.startswith(paid)] == []


def test_the_tables_are_the_librarys(postgres_url: str) -> None:
    """Our migrations make what the installed version asks for; a newer one has to come with a migration of ours."""
    (step,) = [step for step in load_migrations("postgres") if step.name == "procrastinate"]
    assert step.sql.endswith(f"\n{SchemaManager.get_schema()}")
    assert step.needs == 1
    with PostgresDatabase.connect(postgres_url) as database:
        bring_up_to_date(database)
        assert database.fetch_integer("SELECT count(*) FROM procrastinate_jobs") == 0
