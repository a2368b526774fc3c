"""The first folder with eight small files to try Deskhand on."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path


def make_desk(folder: Path) -> bool:
    """Make the first folder with its sample files; False where it is there already, which is left as it is."""
    if folder.exists():
        return False
    staged = folder.with_name(f".{folder.name}-being-made")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    for sample in files("agent.home").joinpath("samples").iterdir():
        with as_file(sample) as path:
            shutil.copyfile(path, staged / path.name)
    staged.rename(folder)
    return True
