from pathlib import Path

import pytest

from tests.rehearsal.loop import Loop


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    """The loop over an empty folder, ``loop.folder``."""
    folder, scratch = tmp_path / "desk", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    return Loop(folder, scratch)
