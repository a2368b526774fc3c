"""Files that hold tables, loaded into a `Database` from a copy in scratch, in bounded memory."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from agent.core.ports import ToolError, Workspace
from agent.tools import text
from agent.tools.base import find_file
from agent.tools.database import Database, literal, quoted
from agent.tools.names import near
from agent.tools.truncate import flat

MAX_COLUMNS = 2_000
MAX_HEADER_CHARS = 100_000
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_OLE = b"\xd0\xcf\x11\xe0"


@dataclass(slots=True)
class Loaded:
    """A table in the database: what a person should know of how it was read. ``sheet`` is set for a workbook."""

    table: str
    path: Path
    form: str = ""
    sheet: str | None = None
    notes: list[str] = field(default_factory=list)


Reader = Callable[[Database, Path, BinaryIO, Loaded], None]


def locate(workspace: Workspace, name: str) -> tuple[Path, str | None]:
    """File and sheet of a name such as ``book.xlsx#Sheet 2``. Raises `ToolError` for what holds no table."""
    file, mark, sheet = name.rpartition("#")
    if mark and file.lower().endswith((".xlsx", ".xlsm")):
        path, wanted = find_file(workspace, file), sheet
    else:
        path, wanted = find_file(workspace, name), None
    suffix = path.suffix.lower()
    if suffix not in READERS:
        hint = _HINTS.get(suffix, "Tables are read from csv, tsv, txt, xlsx, json, jsonl and parquet.")
        raise ToolError(f"{workspace.display(path)} holds no table Deskhand can read. {hint}")
    return path, wanted


def load(database: Database, workspace: Workspace, bench: Path, table: str, name: str) -> Loaded:
    """Load the file ``name`` as ``table``. Raises `ToolError` saying what is wrong with the file and what to do."""
    import duckdb

    path, sheet = locate(workspace, name)
    shown = workspace.display(path)
    loaded = Loaded(table, path, sheet=sheet)
    copy = bench / f"{table.encode().hex()[:60]}{path.suffix.lower()}"
    with workspace.open(path) as file:
        if not file.read(1):
            raise ToolError(f"{shown} is empty (0 bytes): there is no table in it.")
        file.seek(0)
        try:
            READERS[path.suffix.lower()](database, copy, file, loaded)
        except ToolError as error:
            raise ToolError(f"{shown} {error}") from error
        except duckdb.InterruptException as error:
            raise ToolError(f"{shown} takes too long to read. Split it, or name a smaller file.") from error
        except duckdb.Error as error:
            raise ToolError(f"{shown} cannot be read as a table: {flat(str(error), 300)}") from error
        finally:
            copy.unlink(missing_ok=True)
    return loaded


def _as_utf8(file: BinaryIO, copy: Path) -> str:
    """Copy a text file as UTF-8; returns what it was. Raises `ToolError` where it is no text."""
    codec = text.detect(file)
    if codec is None:
        start = file.read(len(_OLE))
        what = "an old or encrypted Office file" if start == _OLE else "a binary file under a wrong name"
        raise ToolError(f"is no text but {what}. Save it as csv or xlsx and try again.")
    with copy.open("wb") as writer:
        if codec == "utf-8":
            shutil.copyfileobj(file, writer, text.CHUNK_BYTES)
        else:
            for piece in text.pieces(file, codec):
                writer.write(piece.encode())
    return codec


def _read_csv(database: Database, copy: Path, file: BinaryIO, loaded: Loaded) -> None:
    codec = _as_utf8(file, copy)
    with copy.open(encoding="utf-8-sig", errors="replace", newline="") as reader:
        if not reader.read(text.CHUNK_BYTES).strip():
            raise ToolError("is empty: there is nothing but blanks in it.")
    options = _sniffed(database, copy, loaded)
    loaded.form = f"{text.label(codec)}, {_DELIMITERS.get(options['delim'], repr(options['delim']))}-separated"
    _create_from_csv(database, copy, loaded, options)
    if options["header"]:
        _note_names(database, copy, loaded, options)
    else:
        loaded.notes.append("no header was found: columns are called column0, column1, …")


def _sniffed(database: Database, copy: Path, loaded: Loaded) -> dict[str, Any]:
    """Delimiter, header and decimal comma. Lines before the table are skipped, and that is said."""
    strict = _sniff(database, copy, "")
    loose = _sniff(database, copy, ", strict_mode=false, null_padding=true")
    found = strict or loose
    if found is None:
        raise ToolError("is no table: its lines do not divide into the same columns. Read it with read_file.")
    if loose is not None and strict is not None and strict["skip"] and not loose["skip"] and loose["header"]:
        ragged = len(_first_row(copy, loose)) > 1  # else it is a title above the table
        found = loose if ragged else strict
    if found["skip"]:
        loaded.notes.append(f"{found['skip']} lines before the header were left out")
    if found["delim"] in ";\t":
        comma = _sniff(database, copy, ", decimal_separator=','")
        if comma is not None and _numbers(comma) > _numbers(found):
            found["decimal_separator"] = ","
            loaded.notes.append("numbers are written with a decimal comma")
    return found


def _sniff(database: Database, copy: Path, extra: str) -> dict[str, Any] | None:
    import duckdb

    query = f"SELECT Delimiter, Quote, HasHeader, SkipRows, Columns FROM sniff_csv({literal(copy)}{extra})"  # noqa: S608 - quoted
    try:
        ((delim, quote, header, skip, columns),) = database.load(query)
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return None
    return {
        "delim": delim,
        "quote": quote,
        "header": header,
        "skip": skip,
        "columns": columns,
        "ragged": "null_padding" in extra,
    }


def _numbers(found: Mapping[str, Any]) -> int:
    return sum(column["type"] in {"DOUBLE", "BIGINT"} for column in found["columns"])


def _create_from_csv(database: Database, copy: Path, loaded: Loaded, options: Mapping[str, Any]) -> None:
    import duckdb

    given = [f"delim={literal(options['delim'])}", f"header={options['header']}"]
    if options["skip"]:
        given.append(f"skip={options['skip']}")
    if options["quote"] not in {None, "", "(empty)"}:
        given.append(f"quote={literal(options['quote'])}")
    if "decimal_separator" in options:
        given.append("decimal_separator=','")
    attempts: tuple[tuple[str, ...], ...] = (
        (),
        ("sample_size=-1",),
        ("sample_size=-1", "null_padding=true", "strict_mode=false", "parallel=false"),
        ("sample_size=-1", "null_padding=true", "strict_mode=false", "parallel=false", "store_rejects=true"),
    )
    if options["ragged"]:
        attempts = attempts[2:]  # read strictly, the database would leave out the rows it does not like
    for number, attempt in enumerate(attempts):
        reading = f"read_csv({', '.join([literal(copy), *given, *attempt])})"
        try:
            database.load(f"CREATE OR REPLACE TABLE {quoted(loaded.table)} AS FROM {reading}")
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            if number == len(attempts) - 1:
                raise
            continue
        if "null_padding=true" in attempt:
            loaded.notes.append("some rows are shorter or longer than the header; missing cells are empty")
        if "store_rejects=true" in attempt:
            ((lost,),) = database.load("SELECT count(DISTINCT line) FROM reject_errors")
            loaded.notes.append(f"{lost} lines could not be read and are left out")
        return


def _note_names(database: Database, copy: Path, loaded: Loaded, options: Mapping[str, Any]) -> None:
    header = _first_row(copy, options)
    names = [name for name, *_ in database.load(f"DESCRIBE {quoted(loaded.table)}")]
    if len(header) == len(names):
        note_renamed(loaded, header, names)


def _first_row(copy: Path, options: Mapping[str, Any]) -> list[str]:
    with copy.open(encoding="utf-8-sig", errors="replace", newline="") as reader:
        for _ in range(options["skip"]):
            reader.readline(MAX_HEADER_CHARS)
        return next(csv.reader([reader.readline(MAX_HEADER_CHARS)], delimiter=options["delim"]), [])


def note_renamed(loaded: Loaded, header: list[str], names: list[str]) -> None:
    """Say which columns got another name because theirs was blank or taken."""
    pairs = [(old.strip(), new) for old, new in zip(header, names, strict=True) if old.strip() != new]
    loaded.notes.extend(f"column “{old}” is called {new}" if old else f"a column without a name is called {new}"
                        for old, new in pairs[:10])  # fmt: skip


def _read_json(database: Database, copy: Path, file: BinaryIO, loaded: Loaded) -> None:
    import duckdb

    loaded.form = f"{text.label(_as_utf8(file, copy))}, JSON"
    reading = f"read_json_auto({literal(copy)}, sample_size=-1)"
    try:
        database.load(f"CREATE OR REPLACE TABLE {quoted(loaded.table)} AS FROM {reading}")
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise ToolError(f"is no list of records in JSON: {flat(str(error), 200)} Read it with read_file.") from error


def _read_parquet(database: Database, copy: Path, file: BinaryIO, loaded: Loaded) -> None:
    loaded.form = "Parquet"
    with copy.open("wb") as writer:
        shutil.copyfileobj(file, writer, text.CHUNK_BYTES)
    database.load(f"CREATE OR REPLACE TABLE {quoted(loaded.table)} AS FROM read_parquet({literal(copy)})")


def _read_xlsx(database: Database, copy: Path, file: BinaryIO, loaded: Loaded) -> None:
    from agent.tools import workbook_read

    with workbook_read.opened(file) as book:
        sheet = loaded.sheet or workbook_read.first_filled(book)
        if sheet not in book.sheetnames:
            meant = near(sheet, book.sheetnames) or book.sheetnames
            raise ToolError(f"has no sheet “{sheet}”. Its sheets are {', '.join(meant)}.")
        rows = workbook_read.to_csv(book[sheet], copy)
        others = [name for name in book.sheetnames if name != sheet]
    if not rows.names:
        raise ToolError(f"has nothing in its sheet “{sheet}”.")
    if len(rows.names) > MAX_COLUMNS:
        raise ToolError(f"has {len(rows.names)} columns; Deskhand reads at most {MAX_COLUMNS}.")
    loaded.sheet = sheet
    loaded.form = f"sheet “{sheet}”"
    loaded.notes.extend(rows.notes)
    note_renamed(loaded, rows.header, rows.names)
    if others:
        loaded.notes.append(f"other sheets: {', '.join(others[:20])}")
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in zip(rows.names, rows.types, strict=True))
    reading = (
        f"read_csv({literal(copy)}, columns={{{columns}}}, header=false, delim=',', quote='\"', escape='\"', "
        "nullstr='', auto_detect=false, null_padding=true, parallel=false, max_line_size=16777216)"
    )
    database.load(f"CREATE OR REPLACE TABLE {quoted(loaded.table)} AS FROM {reading}")


READERS: Mapping[str, Reader] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".json": _read_json,
    ".jsonl": _read_json,
    ".ndjson": _read_json,
    ".parquet": _read_parquet,
    ".xlsx": _read_xlsx,
    ".xlsm": _read_xlsx,
}
_HINTS = {
    ".xls": "It is in Excel's old format: save it as xlsx and try again.",
    ".ods": "Save it as xlsx or csv and try again.",
    ".numbers": "Export it as xlsx or csv and try again.",
    ".pdf": "Read it with read_document; its tables are text there.",
    ".docx": "Read it with read_document; its tables are shown there.",
}
