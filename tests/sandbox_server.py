"""A live sandbox for tests: its own process and folder, an ephemeral port on 127.0.0.1; it ends when this process does.

sandbox.url, sandbox.token, sandbox.token_of("ci"), sandbox.data_dir, sandbox.env (for client processes)
sandbox.get("/v1/offers", limit=5), sandbox.post("/v1/orders", body, key="…"), sandbox.client("ci") (httpx)
sandbox.admin.faults(province="qinghai", down=True), .clear_faults(), .advance(900), .set_price("of-…", "9.0000")
sandbox.orders(), sandbox.buy("name", offer, cards), sandbox.balance_sheet()
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
CHILD = "import sys; sys.path.append(sys.argv.pop(1)); from cpctl.sandbox.__main__ import main; sys.exit(main())"
TOKEN_FILES = {"dev": "token", "ci": "token-ci", "viewer": "token-viewer", "other": "token-other"}
SECONDS_PER_CARD = 0.01
"""Activations in tests are quick; `sandbox.admin.activation(...)` makes them otherwise."""


class Admin:
    """The sandbox's switches."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(base_url=url, headers={"X-Sandbox-Admin": token}, timeout=60, trust_env=False)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, f"/sandbox/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, **rule: Any) -> Any:
        """Set a fault, in the controls' words: province, path, method, rate, count; down, latency, error …"""
        return self._ask("POST", "faults", rule)

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock; what is due by then has happened afterwards."""
        self._ask("POST", "clock", {"advance": seconds})

    def now(self) -> float:
        return float(self._ask("GET", "clock")["epoch"])

    def set_price(self, offer: str, price: str) -> None:
        self._ask("POST", "prices", {"offer": offer, "price": price})

    def activation(self, **settings: Any) -> None:
        """`secondsPerCard=…`, `failing=N`."""
        self._ask("POST", "activation", settings)

    def aggregator(self, deadline_s: float) -> None:
        """How long lists wait for a sub-platform."""
        self._ask("POST", "aggregator", {"deadlineSeconds": deadline_s})

    def state(self) -> Any:
        return self._ask("GET", "state")


class Sandbox:
    """A sandbox's process. Use `running(folder)`, or the fixtures `sandbox` and `fresh_sandbox`."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.data_dir = folder
        self._options = options
        self.start()
        self.admin.activation(secondsPerCard=SECONDS_PER_CARD)

    def start(self) -> None:
        """Start it, on the port it had before if it had one."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = {"port": 0, **self._options}
        flags = [f"--{name}={value}" for name, value in options.items()]
        command = [sys.executable, "-P", "-c", CHILD, str(ROOT), "--data", str(self.data_dir), *flags]
        with (self.data_dir / "sandbox.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--report", "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        assert self.process.stdout is not None
        report = json.loads(self.process.stdout.readline())
        assert "error" not in report, report
        self.url: str = report["url"]
        self._options["port"] = int(self.url.rpartition(":")[2])
        self.token = self.token_of("dev")
        self.admin = Admin(self.url, (self.data_dir / "admin-token").read_text().strip())
        self._clients: dict[str, httpx.Client] = {}

    @property
    def env(self) -> dict[str, str]:
        """What points a client process at it."""
        return {"CPCTL_SERVER": self.url, "CPCTL_TOKEN": self.token}

    def token_of(self, account: str) -> str:
        return (self.data_dir / TOKEN_FILES[account]).read_text().strip()

    def client(self, account: str = "dev") -> httpx.Client:
        """An httpx client of an account, kept."""
        if account not in self._clients:
            headers = {"Authorization": f"Bearer {self.token_of(account)}"}
            self._clients[account] = httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)
        return self._clients[account]

    def get(self, path: str, account: str = "dev", **query: Any) -> httpx.Response:
        return self.client(account).get(path, params=query)

    def post(self, path: str, body: Any, *, key: str | None = "", account: str = "dev", **query: Any) -> httpx.Response:
        """POST JSON; `key` is the Idempotency-Key: "" makes one, None sends none."""
        headers = {} if key is None else {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.client(account).post(path, params=query, json=body, headers=headers)

    def each(self, path: str, account: str = "dev", **query: Any) -> Iterator[Any]:
        """The objects of a list, asking for a page when the one before it is used up."""
        metadata = {"continue": None}
        while "continue" in metadata:
            page = query | {"continue": metadata["continue"]} if metadata["continue"] else query
            answer = self.get(path, account, **page)
            assert answer.status_code == 200, answer.text
            yield from answer.json()["items"]
            metadata = answer.json()["metadata"]

    def items(self, path: str, account: str = "dev", **query: Any) -> list[Any]:
        """All objects of a list, over all its pages; for a few of them take `each`."""
        return list(self.each(path, account, **query))

    def orders(self, account: str = "dev") -> list[Any]:
        return self.items("/v1/orders", account)

    def offer(self, cards: int = 1, billing: str = "on-demand", **query: Any) -> Any:
        """An offer that can sell so many cards now."""
        return next(self.each("/v1/offers", cards=cards, billing=billing, limit=1, **query))

    def order_body(self, name: str, offers: Mapping[str, int], **spec: Any) -> dict[str, Any]:
        """A request for so many cards of each offer, at their present prices."""
        found = {offer: self.get(f"/v1/offers/{offer}").json() for offer in offers}
        lines = [{"offer": each, "cards": cards} for each, cards in offers.items()]
        priced = [line | {"price": found[str(line["offer"])]["spec"]["price"]} for line in lines]
        billing = next(iter(found.values()))["spec"]["billing"]
        whole = {"allocations": lines, "duration": "2h", "billing": billing, **spec}
        return {"metadata": {"name": name}, "spec": whole, "allocations": priced}

    def buy(self, name: str, offers: Mapping[str, int], account: str = "dev", **spec: Any) -> Any:
        """Place an order; the object."""
        answer = self.post("/v1/orders", self.order_body(name, offers, **spec), account=account)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def demand_body(self, name: str, limits: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
        """A request for cards of an accelerator, looked for during a day of the sandbox's time."""
        until = datetime.fromtimestamp(self.admin.now() + 86_400, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        whole = {"accelerator": ["H800"], "cards": 8, "duration": "2h", "until": until, **spec}
        return {"metadata": {"name": name}, "spec": whole, **({"limits": limits} if limits else {})}

    def demand(self, name: str, limits: Mapping[str, str] | None = None, account: str = "dev", **spec: Any) -> Any:
        """Publish a demand; the object."""
        answer = self.post("/v1/demands", self.demand_body(name, limits, **spec), account=account)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def act(self, order: Any, verb: str, account: str = "dev") -> Any:
        """activate or release an order; the object."""
        name, uid = order["metadata"]["name"], order["metadata"]["uid"]
        answer = self.post(f"/v1/orders/{name}/{verb}", {"uid": uid}, account=account)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, name: str, phase: str, limit_s: float = 20) -> Any:
        """The order once it is in a phase."""
        deadline = time.monotonic() + limit_s
        while (order := self.get(f"/v1/orders/{name}").json())["status"]["phase"] != phase:
            assert time.monotonic() < deadline, f"{name} is {order['status']['phase']}, not {phase}"
            time.sleep(0.02)
        return order

    def ledger(self, account: str = "dev") -> list[Any]:
        """All lines of money of the account's project."""
        lines: list[Any] = []
        while True:
            answer = self.get("/v1/ledger", account, since=lines[-1]["seq"] if lines else 0).json()
            lines += answer["lines"]
            if not answer["more"]:
                return lines

    def balance_sheet(self, account: str = "dev") -> dict[str, Decimal]:
        """Balance and reserve, summed from the ledger's lines, once they agree with what the account says."""
        lines, said = self.ledger(account), self.get("/v1/account", account).json()
        sums = {name: sum((Decimal(line[key]) for line in lines), Decimal(0)) for name, key in SUMS.items()}
        assert {name: Decimal(said[name]) for name in SUMS} == sums
        return sums

    def check_stock(self) -> None:
        """held + active + free = capacity, for every offer."""
        for offer in self.items("/v1/offers"):
            status = offer["status"]
            assert status["held"] + status["active"] + status["free"] == status["capacity"], offer
            assert min(status["held"], status["active"], status["free"]) >= 0, offer

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """End it cleanly."""
        for client in self._clients.values():
            client.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(15)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def restart(self) -> None:
        """Stop it if it runs, and start it again in the same folder on the same port."""
        self.stop()
        self.start()


SUMS = {"balance": "amount", "reserved": "reserved"}


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[Sandbox]:
    """A sandbox while the block runs; options: seed, scale, speed, port."""
    sandbox = Sandbox(folder, **options)
    try:
        yield sandbox
    finally:
        sandbox.stop()
