"""Where manifests come from."""

from __future__ import annotations

import io
import os
import socket
import time
from pathlib import Path

import pytest

from cpctl.broker.manifests import wanted_in
from cpctl.errors import BadManifest

ORDER = (
    "apiVersion: ccpp/v1\nkind: Order\nmetadata: {{name: {}}}\nspec: {{accelerator: H800, cards: 8, duration: 1h}}\n"
)
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def nothing(_: int) -> bytes:
    raise AssertionError("stdin was read")


def names(*words: str | Path, recursive: bool = False) -> list[str]:
    return [order.name for order in wanted_in([str(word) for word in words], nothing, recursive=recursive)]


def test_files_and_folders_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for file, name in [("b.yaml", "b"), ("a.yml", "a"), ("below/c.yaml", "c"), ("note.txt", "x")]:
        (tmp_path / file).write_text(ORDER.format(name))
    assert names(tmp_path) == ["a", "b"]
    assert names(tmp_path, recursive=True) == ["a", "b", "c"]
    assert names(tmp_path / "note.txt", tmp_path / "below") == ["x", "c"]


def test_stdin_is_read_to_its_bound() -> None:
    text = ORDER.format("a") + "---\n" + ORDER.format("b")
    found = wanted_in(["-"], io.BytesIO(text.encode()).read)
    assert [(order.name, order.source) for order in found] == [("a", "stdin#1"), ("b", "stdin#2")]
    with pytest.raises(BadManifest, match="stdin: larger than 1024 KiB"), open("/dev/zero", "rb") as endless:
        wanted_in(["-"], endless.read)
    with pytest.raises(BadManifest, match="once only"):
        wanted_in(["-", "-"], io.BytesIO(b"").read)


def test_one_name_stands_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ORDER.format("a"))
    (tmp_path / "b.yaml").write_text(ORDER.format("a"))
    with pytest.raises(BadManifest, match=r'b\.yaml: "a" stands in .*a\.yaml as well'):
        names(tmp_path)


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s.yaml"))
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "large.yaml").write_bytes(b"# " * (1 << 20))
    (tmp_path / "empty").mkdir()
    began = time.monotonic()
    for word in ("pipe.yaml", "s.yaml", "zero.yaml", "round", "large.yaml", "empty", "missing.yaml", "a\0b"):
        with pytest.raises(BadManifest) as refused:
            names(tmp_path / word)
        assert refused.value.exit_code == 2
    for device in ("/dev/zero", "/dev/urandom", "/dev/tty", "/dev/full", "https://platform.example/order.yaml"):
        with pytest.raises(BadManifest):
            names(device)
    assert time.monotonic() - began < 1
    listener.close()


def test_a_folder_linked_to_itself_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ORDER.format("a"))
    (tmp_path / "circle").symlink_to(tmp_path)
    assert names(tmp_path, recursive=True) == ["a"]


def test_the_example_is_an_order() -> None:
    (order,) = wanted_in([str(EXAMPLES / "order.yaml")], nothing)
    assert len(order.spec.placement.provinces) > 1
