from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cpctl.errors import LocalFailure, UsageError
from cpctl.profiles import config

WHOLE = """# my platforms
current-profile = "sandbox"

[profiles.sandbox]   # the one on this machine
server   = "http://127.0.0.1:8790"
project  = "default"
province = ["shanxi", "宁夏"]
output   = "table"

[profiles.sandbox.limits]
max-price   = "20.0000"  # CNY per card-hour
max-order   = 5000
max-day     = 20000.00

[profiles.sandbox.residency]
provinces = ["shanghai", "jiangsu"]

[profiles.local-llm]
models = "http://127.0.0.1:8080/v1"

[defaults.get]
output = "wide"

[aliases]
h800 = "get offers --accelerator H800 --sort-by price"
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cpctl" / "config.toml"


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def put(path: Path, *keys: str, value: object) -> None:
    """Sets one value as `config set` does."""

    def change(document):
        table = document
        for key in keys[:-1]:
            table = table.setdefault(key, {})
        table[keys[-1]] = value

    config.edit(path, change)


def test_an_absent_file_is_an_empty_one(path):
    assert config.read(path) == {}


def test_the_documented_file_is_read(path):
    read = config.read(written(path, WHOLE))
    assert read["profiles"]["sandbox"]["server"] == "http://127.0.0.1:8790"


def test_a_byte_order_mark_is_no_damage(path):
    assert config.read(written(path, b"\xef\xbb\xbf" + WHOLE.encode()))["current-profile"] == "sandbox"


def test_every_prefix_is_read_or_refused_in_one_line(path):
    content = WHOLE.encode()
    for end in range(len(content)):
        written(path, content[:end])
        try:
            config.read(path)
        except UsageError as error:
            assert str(path) in error.message and "\n" not in error.message
            assert error.exit_code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a = \n", "line 1"),
        ('[profiles.x]\nserver = "http', "line 2"),
        (b"\n\n\xff = 1\n", "line 3 is not UTF-8"),
        ("[" * 50_000, "line 1"),
        ("x = " + "[" * 50_000, "line 1"),
        ("x = " + "9" * 5_000, "line 1"),
        ("[profiles.x]\nserver = 'http://platform.example'", "https"),
        ("[profiles.x]\nserver = 'https://me:pw@platform.example'", "without user name"),
        ("[profiles.x]\nserver = 5", "a text in quotes"),
        ("[profiles.x.limits]\nmax_price = '1'", 'Did you mean "profiles.x.limits.max-price"'),
        ("[profiles.x.limits]\nmax-price = 'cheap'", "max-price"),
        ("[profiles.x.limits]\nmax-price = nan", "max-price"),
        ("[profiles.x.limits]\nmax-price = true", "max-price"),
        ("[profiles.x]\nprovince = 'atlantis'", "province"),
        ("[profiles.x]\nprovince = [1]", "province"),
        ("[profiles.x]\nwarn-before = 30", "warn-before"),
        ("[profiles.x]\nwarn-before = '30'", "with its unit"),
        ("[profiles.x]\nwarn-before = '-1s'", "with its unit"),
        ("[profiles.x]\nwarn-before = ['30m']", "warn-before"),
        ("[profiles.x]\ntoken = 'abc'", "token"),
        ("[profiles.'a.b']\nproject = 'c'", "profile"),
        ("profiles = 'x'", "profiles"),
        ("[[profiles]]\nx = 1", "profiles"),
        ("current-profile = '../x'", "current-profile"),
    ],
)
def test_damage_says_where_and_what(path, content, said):
    with pytest.raises(UsageError) as caught:
        config.read(written(path, content))
    assert said in caught.value.message and "\n" not in caught.value.message


def test_a_secret_in_the_file_is_sent_to_auth_login(path):
    with pytest.raises(UsageError) as caught:
        config.read(written(path, "[profiles.x]\ntoken = 'abc'"))
    assert "auth login" in (caught.value.advice or "")


def test_a_folder_a_pipe_and_a_device_are_no_config(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for odd in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UsageError, match="is not a file"):
            config.read(odd)


def test_edits_keep_comments_and_the_rest(path):
    written(path, WHOLE)
    put(path, "profiles", "sandbox", "project", value="nlp")
    text = path.read_text()
    assert text == WHOLE.replace('project  = "default"', 'project  = "nlp"')


def test_an_edit_that_would_damage_the_file_is_refused(path):
    written(path, WHOLE)
    with pytest.raises(UsageError):
        put(path, "profiles", "sandbox", "server", value="ftp://x")
    assert path.read_text() == WHOLE


def test_a_damaged_file_is_never_overwritten(path):
    written(path, WHOLE[:-40] + "[[[")
    with pytest.raises(UsageError):
        put(path, "current-profile", value="x")
    assert path.read_text().endswith("[[[")


def test_files_and_folders_are_private_from_creation(path):
    before = os.umask(0)
    try:
        put(path, "current-profile", value="x")
    finally:
        os.umask(before)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [path, *path.parent.iterdir()]}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_linked_file_stays_linked(tmp_path):
    real = written(tmp_path / "dotfiles" / "cpctl.toml", WHOLE)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    put(link, "current-profile", value="local-llm")
    assert link.is_symlink() and 'current-profile = "local-llm"' in real.read_text()


@pytest.mark.parametrize("folder", ["/dev/full", "/proc/cpctl"])
def test_a_folder_that_cannot_be_written_is_one_clear_line(folder):
    with pytest.raises(LocalFailure) as caught:
        config.edit(Path(folder, "config.toml"), lambda document: None)
    assert "\n" not in caught.value.message


WRITER = """
import sys
from pathlib import Path
from cpctl.profiles import config
path, writer, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def change(document):
    aliases = document.setdefault("aliases", {})
    aliases[f"writer-{writer}"] = str(int(aliases.get(f"writer-{writer}", "0")) + 1)
    aliases["all"] = str(int(aliases.get("all", "0")) + 1)
for _ in range(count):
    config.edit(path, change)
"""


@pytest.mark.parametrize(("writers", "each"), [(16, 6)])
def test_writers_at_once_lose_nothing(path, writers, each):
    count = int(os.environ.get("CPCTL_TEST_WRITES", each))
    config.edit(path, lambda document: document.setdefault("aliases", {"all": "0"}))
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(writer), str(count)]) for writer in range(writers)
    ]
    assert [process.wait(600) for process in started] == [0] * writers
    aliases = config.read(path)["aliases"]
    assert aliases.pop("all") == str(writers * count)
    assert set(aliases.values()) == {str(count)} and len(aliases) == writers
