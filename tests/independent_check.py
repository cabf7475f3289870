"""Recomputes stock, bills and balance from a platform's raw answers: a second reading of the rules, nothing of cpctl.

Usage: python independent_check.py URL TOKEN PROJECT BEFORE_OFFERS.json ORDER...
Exit 0: all is right; else one line a fault.
`snapshot` as the only further word prints the offers as they are, for a later BEFORE_OFFERS.json.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

BEIJING = timezone(timedelta(hours=8))


def fetch(url: str, token: str, path: str) -> dict:
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def listed(url: str, token: str, path: str) -> list[dict]:
    """All objects of a list, page by page."""
    found: list[dict] = []
    joint = "&" if "?" in path else "?"
    cursor = ""
    while True:
        page = fetch(url, token, f"{path}{joint}limit=500{cursor}")
        found += page["items"]
        if not page["metadata"].get("continue"):
            return found
        cursor = "&continue=" + urllib.parse.quote(page["metadata"]["continue"], safe="")


def ledger(url: str, token: str, project: str) -> tuple[dict, list[dict]]:
    lines: list[dict] = []
    while True:
        since = lines[-1]["seq"] if lines else 0
        page = fetch(url, token, f"/v1/ledger?project={project}&limit=500&since={since}")
        lines += page["lines"]
        if not page["more"]:
            return page, lines


def fen(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def stock_faults(before: list[dict], now: list[dict], orders: list[dict]) -> list[str]:
    """held + active + free = capacity everywhere, and what orders hold is what offers say is held or active."""
    faults = []
    taken: dict[str, int] = {}
    for order in orders:
        if order["status"]["phase"] in ("Held", "Activating", "Active", "Releasing"):
            for part in order["status"]["allocations"]:
                taken[part["offer"]] = taken.get(part["offer"], 0) + part["cards"]
    then = {offer["metadata"]["name"]: offer["status"] for offer in before}
    for offer in now:
        name, status = offer["metadata"]["name"], offer["status"]
        if status["held"] + status["active"] + status["free"] != status["capacity"]:
            faults.append(f"{name}: held + active + free is not capacity: {status}")
        if status["held"] + status["active"] != taken.get(name, 0):
            faults.append(
                f"{name}: {status['held']} held and {status['active']} active, orders have {taken.get(name, 0)}"
            )
        if status["capacity"] != then[name]["capacity"]:
            faults.append(f"{name}: capacity was {then[name]['capacity']}, is {status['capacity']}")
    return faults


def bill_faults(bills: list[dict]) -> list[str]:
    faults = []
    for bill in bills:
        spec, name = bill["spec"], bill["metadata"]["name"]
        seconds = int((time(spec["to"]) - time(spec["from"])).total_seconds())
        due = fen(Decimal(spec["price"]) * spec["cards"] * spec["seconds"] / 3600)
        if seconds != spec["seconds"]:
            faults.append(f"{name}: {seconds} s from {spec['from']} to {spec['to']}, billed {spec['seconds']}")
        if Decimal(bill["status"]["amount"]) != due:
            faults.append(f"{name}: {due} is due, {bill['status']['amount']} is billed")
        last = time(spec["to"]) - timedelta(seconds=1)
        if time(spec["from"]).astimezone(BEIJING).date() != last.astimezone(BEIJING).date():
            faults.append(f"{name}: a line over more than one Beijing day")
    return faults


def money_faults(account: dict, head: dict, lines: list[dict], bills: list[dict], orders: list[dict]) -> list[str]:
    faults = []
    balance = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
    reserved = sum((Decimal(line["reserved"]) for line in lines), Decimal(0))
    for what, computed, said in (
        ("balance", balance, account["balance"]),
        ("balance of the ledger", balance, head["balance"]),
        ("reserved", reserved, account["reserved"]),
    ):
        if computed != Decimal(said):
            faults.append(f"{what}: the lines make {computed}, the platform says {said}")
    charges = {line["ref"]: -Decimal(line["amount"]) for line in lines if line["kind"] == "charge"}
    final = {b["metadata"]["name"]: Decimal(b["status"]["amount"]) for b in bills if b["status"]["state"] == "final"}
    if len(charges) != sum(line["kind"] == "charge" for line in lines):
        faults.append("a bill line was charged twice")
    if {k: v for k, v in charges.items() if v} != {k: v for k, v in final.items() if v}:
        faults.append(f"charges {charges} are not the final bills {final}")
    for order in orders:
        own = [b for b in bills if b["spec"]["order"] == order["metadata"]["name"] and b["status"]["state"] == "final"]
        charged = sum((Decimal(b["status"]["amount"]) for b in own), Decimal(0))
        if charged != Decimal(order["status"]["charged"]):
            faults.append(
                f"{order['metadata']['name']}: charged {order['status']['charged']}, its bills make {charged}"
            )
        if charged > Decimal(order["status"]["total"]):
            faults.append(
                f"{order['metadata']['name']}: charged {charged}, more than its total {order['status']['total']}"
            )
    return faults


def order_faults(lines: list[dict], orders: list[dict], names: list[str]) -> list[str]:
    """Each name stands for one order that was reserved for once."""
    faults = []
    for name in names:
        if sum(order["metadata"]["name"] == name for order in orders) != 1:
            faults.append(f"{name}: not exactly one order")
        reserved = [line for line in lines if line["kind"] == "reserve" and line["ref"] == name]
        if len(reserved) != 1:
            faults.append(f"{name}: reserved for {len(reserved)} times")
    if len(orders) != len(names):
        faults.append(f"{len(orders)} orders are there, {len(names)} were made")
    return faults


def main(url: str, token: str, project: str, *words: str) -> int:
    now = listed(url, token, "/v1/offers")
    if words == ("snapshot",):
        json.dump(now, sys.stdout)
        return 0
    before = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    orders = listed(url, token, f"/v1/orders?project={project}")
    bills = listed(url, token, f"/v1/bills?project={project}")
    head, lines = ledger(url, token, project)
    account = fetch(url, token, f"/v1/account?project={project}")
    faults = [
        *stock_faults(before, now, orders),
        *bill_faults(bills),
        *money_faults(account, head, lines, bills, orders),
        *order_faults(lines, orders, list(words[1:])),
    ]
    print(
        "\n".join(faults)
        or f"right: {len(now)} offers, {len(bills)} bill lines, {len(lines)} ledger lines, balance {account['balance']}"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
