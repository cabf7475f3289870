"""Lists of many pages: rows are out while later pages are on their way."""

from __future__ import annotations

import io
import threading

from client import environment
from cpctl.main import run
from cpctl.runtime import Runtime
from fake_platform import listed, platform
from fixed_platform import objects

LIMIT_S = 20


class Watched(io.StringIO):
    """A stream that tells when a row has been written."""

    def __init__(self):
        super().__init__()
        self.has_row = threading.Event()

    def write(self, text):
        if "of-" in text:
            self.has_row.set()
        return super().write(text)


def test_the_first_rows_are_out_before_the_last_page_has_come(tmp_path):
    out, waited = Watched(), []
    pages = [listed([item], **{"continue": str(i)}) for i, item in enumerate(objects()["offers"])]

    def answer(_method, path):
        number = int(path.partition("continue=")[2].partition("&")[0] or -1) + 1
        if number + 1 < len(pages):
            return pages[number]
        waited.append(out.has_row.wait(LIMIT_S))  # the last page comes when a row is out
        return listed([])

    with platform(answer) as env:
        rt = Runtime(out=out, err=io.StringIO(), stdin=io.StringIO(), env=environment(tmp_path) | env)
        assert run(["get", "offers"], rt) == 0
    assert waited == [True]
