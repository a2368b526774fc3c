"""Nothing gets out of the granted folders."""

import os
import socket
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent import beneath
from agent.core.ports import OutsideGrant, ToolError
from agent.tools.roots import Roots


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "Desk").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    (tmp_path / "Desk" / "airline-safety.csv").write_text("a\n1\n")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["../outside/secret.txt", "/etc/passwd", "a/../../outside/secret.txt", "~/.ssh/id_rsa"]
)
def test_a_path_outside_asks_for_its_folder(home: Path, name: str):
    with pytest.raises(OutsideGrant, match="outside the folders"):
        Roots([home / "Desk"]).find(name)


def test_what_to_ask_for_is_the_folder_that_is_needed(home: Path):
    with pytest.raises(OutsideGrant) as refused:
        Roots([home / "Desk"]).target("../outside/new.txt")

    assert refused.value.folder == home / "outside"
    assert refused.value.write


def test_dots_that_stay_inside_are_fine(home: Path):
    assert Roots([home / "Desk"]).find("x/../airline-safety.csv") == home / "Desk" / "airline-safety.csv"


@pytest.mark.parametrize("link_to", ["../outside", "../outside/secret.txt"])
def test_a_link_that_leads_out_is_refused_and_says_so(home: Path, link_to: str):
    (home / "Desk" / "link").symlink_to(link_to)

    with pytest.raises(OutsideGrant, match=r"is a link to .*outside"):
        Roots([home / "Desk"]).find("link")


def test_a_link_that_stays_inside_may_be_read(home: Path):
    (home / "Desk" / "link.csv").symlink_to("airline-safety.csv")
    roots = Roots([home / "Desk"])

    with roots.open(roots.find("link.csv")) as file:
        assert file.read() == b"a\n1\n"


def test_a_link_planted_after_the_check_is_not_followed(home: Path):
    roots = Roots([home / "Desk"])
    (home / "Desk" / "sub").mkdir()
    (home / "Desk" / "sub" / "secret.txt").write_text("harmless")
    found = roots.find("sub/secret.txt")
    (home / "Desk" / "sub").rename(home / "Desk" / "was")
    (home / "Desk" / "sub").symlink_to(home / "outside")

    with pytest.raises(ToolError):
        roots.open(found)
    with pytest.raises(OSError, match="directory"), beneath.folder(found.parent):
        pass


def test_a_file_replaced_by_a_link_after_the_check_is_not_followed(home: Path):
    roots = Roots([home / "Desk"])
    found = roots.find("airline-safety.csv")
    found.unlink()
    found.symlink_to(home / "outside" / "secret.txt")

    with pytest.raises(ToolError):
        roots.open(found)


def test_deskhands_own_state_is_never_visible(home: Path):
    state = home / "Desk" / ".state"
    state.mkdir()
    (state / "agent.db").write_text("keys")
    roots = Roots([home / "Desk"], hidden=[state])

    for name in (".state", ".state/agent.db", str(state / "agent.db")):
        with pytest.raises(ToolError, match="belongs to Deskhand"):
            roots.find(name)
    with pytest.raises(ToolError, match="belongs to Deskhand"):
        roots.target(".state/new.txt")
    with pytest.raises(ToolError, match="stays where it is"):
        roots.check_change(home / "Desk")


def test_state_is_known_by_identity_not_by_spelling(home: Path):
    state = home / "Desk" / "state"
    state.mkdir()
    (state / "key").write_text("secret")
    roots = Roots([home / "Desk"], hidden=[state])
    os.link(state / "key", home / "Desk" / "innocent")  # hard links of single files are beyond it: the folder is hidden

    assert roots.find("innocent").name == "innocent"
    hidden_file = Roots([home / "Desk"], hidden=[state / "key"])
    with pytest.raises(ToolError, match="belongs to Deskhand"):
        hidden_file.find("innocent")


def test_devices_pipes_and_sockets_are_no_files(home: Path, monkeypatch: pytest.MonkeyPatch):
    os.mkfifo(home / "Desk" / "pipe")
    monkeypatch.chdir(home / "Desk")  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("pipe", "socket"):
            with pytest.raises(ToolError, match="no file"):
                Roots([home / "Desk"]).find(name)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 256, "日" * 86, "half \ud800", ".deskhand-1234"])
def test_names_that_cannot_be(home: Path, name: str):
    with pytest.raises(ToolError):
        Roots([home / "Desk"]).target(name)


def test_a_new_name_holds_no_control_characters(home: Path):
    with pytest.raises(ToolError, match="control characters"):
        Roots([home / "Desk"]).target("invoice\u202efdp.exe")


@pytest.mark.parametrize(
    "name", ["airline safety", "Airline-Safety.CSV", "airlinesafety", "airline-safty.csv", "airline-safety.xlsx"]
)
def test_a_near_name_is_suggested(home: Path, name: str):
    with pytest.raises(ToolError, match=r"Did you mean airline-safety\.csv\?"):
        Roots([home / "Desk"]).find(name)


def test_accents_and_folders_are_bridged_in_suggestions(home: Path):
    (home / "Desk" / "2024").mkdir()
    (home / "Desk" / "2024" / "Größen.csv").write_text("x")

    with pytest.raises(ToolError, match=r"Did you mean 2024/Größen\.csv\?"):
        Roots([home / "Desk"]).find("großen")


def test_a_name_composed_differently_is_the_same_name(home: Path):
    (home / "Desk" / unicodedata.normalize("NFD", "バッグ")).mkdir()
    (home / "Desk" / unicodedata.normalize("NFD", "バッグ") / "é.csv").write_text("x")

    assert Roots([home / "Desk"]).find(unicodedata.normalize("NFC", "バッグ/é.csv")).read_text() == "x"


@pytest.mark.parametrize("name", ["with space.txt", "emoji 👩‍👩‍👧 [1].txt", "(a) {b} 'c'.txt", "-rf", "全角　空白.txt"])
def test_odd_names_are_ordinary(home: Path, name: str):
    (home / "Desk" / name).write_text("x")
    roots = Roots([home / "Desk"])

    assert roots.display(roots.find(name)) == name


def test_a_name_that_is_no_text_is_shown_and_found_by_what_is_shown(home: Path):
    (home / "Desk" / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    roots = Roots([home / "Desk"])
    path = next(path for path in (home / "Desk").iterdir() if path.suffix == ".txt")

    assert roots.find(roots.display(path)) == path
    roots.display(path).encode()


def test_relative_names_are_beneath_the_first_root_that_has_them(home: Path):
    (home / "outside" / "only-here.txt").write_text("x")
    roots = Roots([home / "Desk", home / "outside"])

    assert roots.find("only-here.txt") == home / "outside" / "only-here.txt"
    assert roots.find("Desk/airline-safety.csv") == home / "Desk" / "airline-safety.csv"
    assert roots.target("new.txt") == home / "Desk" / "new.txt"
    assert roots.target("outside/new.txt") == home / "outside" / "new.txt"
    assert roots.display(home / "outside" / "only-here.txt") == str(home / "outside" / "only-here.txt")


PARTS = st.sampled_from(["a", "b", "c", "..", ".", "link", "A", "a b", "/", "x\0", "~", ""])
NAMES = st.lists(PARTS, min_size=1, max_size=6).map("/".join)
LINKS = st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=LINKS, names=st.lists(NAMES, min_size=1, max_size=6))
def test_no_name_and_no_tree_of_links_resolves_outside(
    tmp_path_factory: pytest.TempPathFactory, links: list, names: list
):
    home = tmp_path_factory.mktemp("home")
    root = home / "root"
    for folder in ("a/b/c", "b/a", "link"):
        (root / folder).mkdir(parents=True)
    (home / "a").mkdir()
    (home / "a" / "c").write_text("outside")
    (root / "a" / "c").write_text("inside")
    for place, target, absolute in links:
        try:
            spot = Path(os.path.normpath(root / place.lstrip("/")))
            if spot.is_relative_to(root) and spot != root:
                spot.symlink_to(home / target.lstrip("/") if absolute else target)
        except (OSError, ValueError):
            continue
    roots = Roots([root])

    for name in names:
        for resolve in (roots.find, roots.target):
            try:
                found = resolve(name)
            except (ToolError, OSError):
                continue
            assert Path(os.path.realpath(found)).is_relative_to(root)
            if found.is_file():
                with roots.open(found) as file:
                    assert file.read() == b"inside"
