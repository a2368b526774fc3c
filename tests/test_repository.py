"""What holds for the repository as a whole."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
MAX_LINES = 400
SOURCE_SUFFIXES = {".css", ".html", ".js", ".py", ".sh", ".toml", ".ts", ".tsx"}
PYTHON_LOCKS = sorted(ROOT.glob("requirements/*.lock"))


def tracked_files() -> list[Path]:
    """Files in Git, and those that would be added next."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_source_file_is_long():
    sources = [path for path in tracked_files() if path.suffix in SOURCE_SUFFIXES and "generated" not in path.name]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources}

    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_names_no_registry(lock: Path):
    text = lock.read_text()

    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE)


def test_the_lock_of_the_page_names_no_registry():
    assert '"resolved"' not in (ROOT / "mobile_web/package-lock.json").read_text()


@pytest.mark.parametrize("name", ["run", "dev"])
def test_every_dependency_is_locked_within_its_range(name: str):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + (project["dependency-groups"]["dev"] if name == "dev" else [])
    lock = (ROOT / f"requirements/{name}.lock").read_text()
    locked = {canonicalize_name(found[1]): found[2] for found in re.finditer(r"(?m)^([\w.-]+)==([^\s;]+)", lock)}

    def is_locked(need: Requirement) -> bool:
        return locked.get(canonicalize_name(need.name), "none") in need.specifier

    assert [text for text in wanted if not is_locked(Requirement(text))] == [], "run `make lock`"
