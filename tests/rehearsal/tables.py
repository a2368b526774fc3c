"""Generated tables: names of files, columns and entries are drawn anew for each seed."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path

SYLLABLES = ["ba", "do", "fi", "ga", "hu", "jo", "ka", "li", "mo", "nu", "pa", "ro", "si", "ta", "vu", "xe", "yo", "za"]
PERIODS = [
    ("85_99", "00_14"),
    ("2013", "2014"),
    ("before", "after"),
    ("old", "new"),
    ("q1", "q2"),
    ("1990-1994", "1995-1999"),
]


def word(chance: random.Random, syllables: int = 3) -> str:
    return "".join(chance.choices(SYLLABLES, k=syllables))


def words(chance: random.Random, count: int, syllables: int = 3) -> list[str]:
    """Different words of which none begins another."""
    found: list[str] = []
    while len(found) < count:
        new = word(chance, syllables)
        if not any(new[:4] == old[:4] for old in found):
            found.append(new)
    return found


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@dataclass
class Periods:
    """A table with measures at two times; ``values[measure][entity] = (earlier, later)``."""

    file: str
    entity: str
    measures: list[str]
    columns: dict[str, tuple[str, str]]
    values: dict[str, dict[str, tuple[int | None, int | None]]]


def periods_table(folder: Path, seed: int, measures: list[str] | None = None, gaps: int = 0) -> Periods:
    chance = random.Random(seed)
    file, entity, *drawn = words(chance, 4)
    measures = measures or drawn
    earlier, later = PERIODS[seed % len(PERIODS)]
    entities = words(chance, 24, 4)
    columns = {measure: (f"{measure}_{earlier}", f"{measure}_{later}") for measure in measures}
    values = {m: {e: (chance.randint(0, 40), chance.randint(0, 40)) for e in entities} for m in measures}
    for e in entities[:gaps]:
        values[measures[0]][e] = (None, 5)
    header = [entity, "weight", *(columns[m][0] for m in measures), *(columns[m][1] for m in measures)]
    rows = [
        [e, chance.randint(1, 9), *(values[m][e][0] for m in measures), *(values[m][e][1] for m in measures)]
        for e in entities
    ]
    write_csv(folder / f"{file}.csv", header, [["" if cell is None else cell for cell in row] for row in rows])
    return Periods(f"{file}.csv", entity, measures, columns, values)


def ranked(changes: dict[str, float], top: int) -> list[tuple[int, str, float]]:
    """(place, entity, change): only real improvements, ties share a place, all who share the last place stay."""
    order = sorted(
        ((name, change) for name, change in changes.items() if change > 0), key=lambda pair: (-pair[1], pair[0])
    )
    places = [(1 + sum(other > change for _, other in order), name, change) for name, change in order]
    return [entry for entry in places if entry[0] <= top]


@dataclass
class Sales:
    """Rows of (shop, region, day, amount, units)."""

    file: str
    shop: str
    region: str
    amount: str
    units: str
    rows: list[tuple[str, str, str, float, int]]


def sales_table(folder: Path, seed: int) -> Sales:
    chance = random.Random(seed)
    file, shop, region, amount, units = words(chance, 5)
    shops, regions = words(chance, 8, 4), words(chance, 3, 4)
    rows = [
        (
            chance.choice(shops), chance.choice(regions),
            f"2024-{chance.randint(1, 4):02}-{chance.randint(1, 28):02}",
            chance.randint(100, 99_900) / 100, chance.randint(1, 40),
        )
        for _ in range(120)
    ]  # fmt: skip
    write_csv(folder / f"{file}.csv", [shop, region, "day", amount, units], [list(row) for row in rows])
    return Sales(f"{file}.csv", shop, region, amount, units, rows)
