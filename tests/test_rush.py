"""Fifty users of the command line want the last forty cards of an offer at the same moment."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from client import Client

BUYERS, LAST = 50, 40


def test_the_last_forty_cards_are_sold_once_and_the_rest_end_with_6(fresh_sandbox, tmp_path):
    offers = fresh_sandbox.items("/v1/offers", cards=LAST, billing="on-demand")
    offer = next(one for one in offers if one["spec"]["minCards"] == one["spec"]["stepCards"] == 1)
    name, free = offer["metadata"]["name"], offer["status"]["free"]
    if free > LAST:
        fresh_sandbox.buy("somebody-earlier", {name: free - LAST})
    begin = Barrier(BUYERS)

    def buy(number: int) -> tuple[int, str]:
        client = Client(tmp_path / f"user-{number}", env=fresh_sandbox.env)
        begin.wait()
        done = client("create", "order", f"rush-{number}", "--offer", f"{name}=1", "--duration", "1h", "--yes")
        return done.code, done.err

    with ThreadPoolExecutor(BUYERS) as buyers:
        ends = list(buyers.map(buy, range(BUYERS)))
    assert Counter(code for code, _ in ends) == {0: LAST, 6: BUYERS - LAST}, ends
    assert all("NoCapacity" in said for code, said in ends if code == 6)
    status = fresh_sandbox.get(f"/v1/offers/{name}").json()["status"]
    assert (status["free"], status["held"]) == (0, status["capacity"])
    fresh_sandbox.check_stock()
    fresh_sandbox.balance_sheet()
