"""Who uses the sandbox, and which projects pay."""

from __future__ import annotations

from typing import Final, NamedTuple


class Account(NamedTuple):
    """Somebody who can hold a token; what the roles allow is in permissions.py."""

    name: str
    display_name: str
    projects: tuple[str, ...]
    roles: tuple[str, ...]
    token_file: str


class Project(NamedTuple):
    """A payer: its first credit in CNY, and how many cards it may hold at once."""

    title_zh: str
    members: tuple[str, ...]
    credit: str
    quota: int
    uid: str


ACCOUNTS: Final = {
    account.name: account
    for account in (
        Account("dev", "Sandbox developer 沙箱开发者", ("default", "research"), ("developer", "buyer"), "token"),
        Account("ci", "Sandbox pipeline 沙箱流水线", ("default",), ("buyer",), "token-ci"),
        Account("viewer", "Sandbox onlooker 沙箱观察者", ("default",), ("viewer",), "token-viewer"),
        Account("other", "Another tenant 沙箱另一租户", ("other",), ("developer", "buyer"), "token-other"),
    )
}
PROJECTS: Final = {
    "default": Project(
        "默认项目（沙箱）", ("dev", "ci", "viewer"), "10000000.00", 200_000, "00000000-0000-4000-8000-000000000001"
    ),
    "research": Project("研究项目（沙箱）", ("dev",), "500000.00", 512, "00000000-0000-4000-8000-000000000003"),
    "other": Project("另一项目（沙箱）", ("other",), "1000000.00", 2_000, "00000000-0000-4000-8000-000000000002"),
}
