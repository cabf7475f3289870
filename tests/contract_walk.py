"""One request after another through the whole contract: what each operation answers, and how it refuses."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sandbox_server import Sandbox

FORM = "application/x-www-form-urlencoded"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Visit(NamedTuple):
    """A request to one operation, and the status it must end with.

    Attributes:
        arguments: schemathesis's: path_parameters, query, headers, body, media_type.
        token: None goes without.
    """

    operation: str
    status: int
    arguments: dict[str, Any] = {}  # noqa: RUF012  (never written to)
    token: str | None = "dev"
    label: str = ""


class Ground:
    """A sandbox in which there is one of everything."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        # an offer with room for all that is bought here
        self.offer = next(
            o for o in sandbox.items("/v1/offers", billing="on-demand", cards=8) if o["status"]["free"] >= 12
        )
        self.offer_name = self.offer["metadata"]["name"]
        self.active = sandbox.act(self.buy("contract-active", 1), "activate")
        sandbox.wait("contract-active", "Active")
        ended = sandbox.act(self.buy("contract-ended", 1), "activate")
        sandbox.wait("contract-ended", "Active")
        sandbox.admin.advance(3600)
        self.ended = sandbox.act(ended, "release")
        sandbox.wait("contract-ended", "Released")
        self.held = self.buy("contract-held", 2)  # after the clock was moved: a hold lasts minutes
        self.hidden = sandbox.act(self.buy("contract-hidden", 1), "release")
        self.demand = sandbox.demand("contract-demand", cards=90_000)
        self.refresh = self.logged_in()

    def buy(self, name: str, cards: int) -> Any:
        return self.sandbox.buy(name, {self.offer_name: cards}, duration="24h")

    def one(self, plural: str) -> str:
        """The name of some object of a kind."""
        return str(next(self.sandbox.each(f"/v1/{plural}", limit=1))["metadata"]["name"])

    def body(self, name: str, **changes: Any) -> dict[str, Any]:
        """An order request that would be accepted; `changes` replace what it says at the top."""
        whole = self.sandbox.order_body(name, {self.offer_name: 1}, duration="24h")
        return {**whole, **changes}

    def form_of(self, code: str) -> dict[str, str]:
        """What the page's form would send to approve a device code."""
        page = self.sandbox.client().get("/device", params={"user_code": code}).text
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found is not None, page
        return {"user_code": code, "account": "dev", "decision": "approve", "csrf": found[1]}

    def asked(self) -> dict[str, Any]:
        """A device login that waits to be approved."""
        answer = self.sandbox.client().post("/oauth/device_authorization", data={"client_id": "cpctl"})
        found: dict[str, Any] = answer.json()
        return found

    def approved(self) -> str:
        """A device code that has been approved."""
        codes = self.asked()
        assert self.sandbox.client().post("/device", data=self.form_of(codes["user_code"])).status_code == 200
        return str(codes["device_code"])

    def logged_in(self) -> dict[str, Any]:
        form = {"grant_type": DEVICE, "client_id": "cpctl", "device_code": self.approved()}
        answer = self.sandbox.client().post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def is_usable_anywhere(voucher: Any) -> bool:
    return voucher["status"]["state"] == "Valid" and voucher["spec"]["province"] is None


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def named(name: str) -> dict[str, Any]:
    return {"path_parameters": {"name": name}}


def posted(body: Any, **more: Any) -> dict[str, Any]:
    return {"body": body, "media_type": "application/json", **more}


def form(**fields: str) -> dict[str, Any]:
    return {"body": fields, "media_type": FORM}


LISTS = {
    "listSubplatforms": "subplatforms",
    "listProviders": "providers",
    "listProducts": "products",
    "listOffers": "offers",
    "listModels": "models",
    "listSources": "sources",
    "listScenarios": "scenarios",
    "listOrders": "orders",
    "listDemands": "demands",
    "listCards": "cards",
    "listBills": "bills",
    "listVouchers": "vouchers",
    "listEvents": "events",
    "listProjects": "projects",
}
ONES = {name.replace("list", "get").removesuffix("s"): plural for name, plural in LISTS.items()}


def lists(g: Ground) -> Iterator[Visit]:
    """Every list whole, in parts, as rows, and page by page."""
    for name, plural in LISTS.items():
        yield Visit(name, 200, {"query": {"limit": 3}})
        yield Visit(name, 200, {"query": {"fields": "metadata.name", "limit": 3}}, label="fields")
        yield Visit(
            name,
            200,
            {"query": {"fields": "metadata.name,kind", "as": "rows", "sortBy": "~metadata.name"}},
            label="rows",
        )
        tag = g.sandbox.get(f"/v1/{plural}", limit=2).headers["etag"]
        if plural not in ("bills", "subplatforms"):  # those move with the clock
            yield Visit(name, 304, {"query": {"limit": 2}, "headers": {"If-None-Match": tag}})
        at_once = {"query": {"watch": "true", "timeoutSeconds": 0}}
        yield Visit(name, 200, at_once, label="watch")
        yield Visit(name, 410, {**at_once, "headers": {"Last-Event-ID": "0"}}, label="watch from long ago")
        yield Visit(name, 401, token=None)
    yield Visit("listOrders", 400, {**at_once, "headers": {"Last-Event-ID": "yesterday"}}, label="watch from nowhere")
    yield Visit("listOrders", 422, {"query": {**at_once["query"], "fields": "metadata.name"}}, label="watch of parts")
    page = g.sandbox.get("/v1/offers", limit=2).json()["metadata"]["continue"]
    yield Visit("listOffers", 200, {"query": {"continue": page}}, label="next page")
    yield Visit("listOffers", 422, {"query": {"province": "atlantis"}})
    yield Visit("listOffers", 422, {"query": {"as": "rows"}})
    yield Visit("listOrders", 403, {"query": {"project": "other"}})
    yield Visit(
        "listOffers", 200, {"query": {"fieldSelector": "spec.price<=20,status.free>0", "province": "shanxi,ningxia"}}
    )


def objects(g: Ground) -> Iterator[Visit]:
    for name, plural in ONES.items():
        yield Visit(name, 200, named(g.one(plural)))
        yield Visit(name, 404, named("no-such-name"))
    yield Visit("getService", 200, token=None)
    yield Visit("getOverview", 200)
    yield Visit("getAccount", 200)
    yield Visit("getLedger", 200, {"query": {"limit": 5}})
    by = {"by": "province,accelerator,label:team", "from": "2020-01-01T00:00:00Z"}
    yield Visit("getUsage", 200)
    yield Visit("getUsage", 200, {"query": by}, label="summed by")
    yield Visit("getUsage", 422, {"query": {"by": "colour"}}, label="UnknownValue")
    yield Visit("getUsage", 422, {"query": {**by, "to": "2019-01-01T00:00:00Z"}}, label="Invalid")
    yield Visit("getUsage", 403, {"query": {"project": "other"}})
    yield Visit("getUsage", 401, token=None)
    yield Visit("whoAmI", 200)
    yield Visit("whoAmI", 401, token=None)
    yield Visit("canI", 200, posted({"verb": "create", "resource": "orders"}))
    yield Visit("canI", 200, posted({"verb": "get", "resource": "offers", "name": g.offer_name}), label="one object")
    yield Visit("canI", 422, posted({"verb": "burn", "resource": "orders"}))
    yield Visit("canI", 401, posted({"verb": "create", "resource": "orders"}), token=None)
    yield Visit("getAccess", 200, {"path_parameters": {"order": "contract-active"}})
    yield Visit("getAccess", 409, {"path_parameters": {"order": "contract-held"}})
    yield Visit("getAccess", 404, {"path_parameters": {"order": "no-such-name"}})


def buying(g: Ground) -> Iterator[Visit]:
    quoted = {k: v for k, v in g.body("x").items() if k == "spec"} | {
        "allocations": [{"offer": g.offer_name, "cards": 1}]
    }
    yield Visit("createQuote", 200, posted(quoted))
    yield Visit("createQuote", 422, posted({**quoted, "allocations": [{"offer": "of-gone", "cards": 1}]}))
    vouchers = {each["status"]["state"]: each["metadata"]["name"] for each in g.sandbox.items("/v1/vouchers")}
    lapsed = {**quoted["spec"], "voucher": vouchers["Lapsed"]}
    yield Visit("createQuote", 402, posted({**quoted, "spec": lapsed}), label="VoucherRefused")
    yield Visit(
        "placeOrder", 402, posted(g.body("contract-lapsed", spec=lapsed), headers=key()), label="VoucherRefused"
    )
    national = next(each for each in g.sandbox.items("/v1/vouchers") if is_usable_anywhere(each))["metadata"]["name"]
    with_voucher = {**quoted["spec"], "voucher": national}
    yield Visit("createQuote", 200, posted({**quoted, "spec": with_voucher}), label="with a voucher")
    yield Visit(
        "placeOrder", 201, posted(g.body("contract-voucher", spec=with_voucher), headers=key()), label="with a voucher"
    )
    unknown = {**quoted["spec"], "voucher": "vc-unknown"}
    yield Visit("createQuote", 422, posted({**quoted, "spec": unknown}), label="no such voucher")
    wanted, same = g.body("contract-new"), key()
    yield Visit("placeOrder", 201, posted(wanted, headers=same))
    yield Visit("placeOrder", 201, posted(wanted, headers=same), label="replayed")
    yield Visit("placeOrder", 422, posted(g.body("contract-other"), headers=same), label="IdempotencyMismatch")
    yield Visit("placeOrder", 409, posted(wanted, headers=key()), label="AlreadyExists")
    moved = [{"offer": g.offer_name, "cards": 1, "price": "0.0100"}]
    yield Visit(
        "placeOrder", 409, posted(g.body("contract-moved", allocations=moved), headers=key()), label="PriceChanged"
    )
    everything = g.sandbox.order_body("contract-many", {g.offer_name: 5000}, duration="1h")
    yield Visit("placeOrder", 409, posted(everything, headers=key()), label="NoCapacity")
    limited = g.body("contract-limited", limits={"maxOrder": "0.01"})
    yield Visit("placeOrder", 402, posted(limited, headers=key()), label="LimitExceeded")
    yield Visit(
        "placeOrder", 422, posted(g.body("contract-odd", spec={"duration": "soon"}), headers=key()), label="Invalid"
    )
    yield Visit("placeOrder", 400, posted(g.body("contract-keyless"), headers={}), label="no key")


def demanding(g: Ground) -> Iterator[Visit]:
    wanted, same = g.sandbox.demand_body("contract-wanted", cards=90_000), key()
    yield Visit("publishDemand", 201, posted(wanted, headers=same))
    yield Visit("publishDemand", 201, posted(wanted, headers=same), label="replayed")
    other = g.sandbox.demand_body("contract-other", cards=1)
    yield Visit("publishDemand", 422, posted(other, headers=same), label="IdempotencyMismatch")
    yield Visit("publishDemand", 201, posted(other, headers=key()), label="matched at once")
    yield Visit("publishDemand", 409, posted(wanted, headers=key()), label="AlreadyExists")
    past = g.sandbox.demand_body("contract-past", until="2020-01-01T00:00:00Z")
    yield Visit("publishDemand", 422, posted(past, headers=key()), label="Invalid")
    unknown = g.sandbox.demand_body("contract-unknown", accelerator=["Z80"])
    yield Visit("publishDemand", 422, posted(unknown, headers=key()), label="UnknownValue")
    yield Visit("publishDemand", 400, posted(wanted, headers={}), label="no key")
    yield Visit("publishDemand", 401, posted(wanted, headers=key()), token=None)
    uid, path = {"uid": g.demand["metadata"]["uid"]}, named("contract-demand")
    stranger = {"uid": "00000000-0000-4000-8000-000000000000"}
    yield Visit("deleteDemand", 409, {**path, "query": stranger}, label="UidMismatch")
    yield Visit("deleteDemand", 200, {**path, "query": uid})
    yield Visit("deleteDemand", 404, {**path, "query": uid}, label="again")


def acting(g: Ground) -> Iterator[Visit]:
    stranger = {"uid": "00000000-0000-4000-8000-000000000000"}
    held, ended, hidden = ({"uid": order["metadata"]["uid"]} for order in (g.held, g.ended, g.hidden))
    path = named("contract-held")
    for verb in ("activateOrder", "releaseOrder"):
        yield Visit(verb, 409, posted(stranger, headers=key(), **path), label="UidMismatch")
    yield Visit("activateOrder", 409, posted(ended, headers=key(), **named("contract-ended")), label="WrongPhase")
    yield from extending(g)
    version = g.sandbox.get("/v1/orders/contract-held").json()["metadata"]["resourceVersion"]
    patch = {"metadata": {"labels": {"team": "vision", "old": None}}}
    yield Visit("labelOrder", 200, posted(patch, headers={"If-Match": version}, **path))
    yield Visit("labelOrder", 409, posted(patch, headers={"If-Match": "1"}, **path), label="StaleVersion")
    yield Visit("activateOrder", 200, posted(held, headers=key(), **path))
    yield Visit("releaseOrder", 200, posted(held, headers=key(), **path))
    yield Visit("deleteOrder", 200, {**named("contract-hidden"), "query": hidden})
    yield Visit("deleteOrder", 409, {**named("contract-active"), "query": {"uid": g.active["metadata"]["uid"]}})


def extending(g: Ground) -> Iterator[Visit]:
    running, path = {"uid": g.active["metadata"]["uid"]}, named("contract-active")
    later, earlier = {"endsAt": "2033-01-31T08:00:00Z"}, {"endsAt": "2001-01-31T08:00:00Z"}
    stranger = {"uid": "00000000-0000-4000-8000-000000000000", **later}
    yield Visit("extendOrder", 409, posted(stranger, headers=key(), **path), label="UidMismatch")
    held = {"uid": g.held["metadata"]["uid"], **later}
    yield Visit("extendOrder", 409, posted(held, headers=key(), **named("contract-held")), label="WrongPhase")
    yield Visit("extendOrder", 422, posted({**running, **earlier}, headers=key(), **path), label="Invalid")
    limited = {**running, **later, "limits": {"maxOrder": "0.01"}}
    yield Visit("extendOrder", 402, posted(limited, headers=key(), **path), label="LimitExceeded")
    end = datetime.fromisoformat(g.sandbox.wait("contract-active", "Active")["status"]["endsAt"])
    soon = {"endsAt": f"{end + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}
    yield Visit("extendOrder", 200, posted({**running, **soon}, headers=key(), **path))


def logging_in(g: Ground) -> Iterator[Visit]:
    yield Visit("getOAuthMetadata", 200, token=None)
    yield Visit("authorizeDevice", 200, form(client_id="cpctl", scope="read"), token=None)
    yield Visit("authorizeDevice", 400, form(client_id="", scope=""), token=None)
    yield Visit("showDevicePage", 200, token=None)
    code = g.asked()["user_code"]
    yield Visit("showDevicePage", 200, {"query": {"user_code": code}}, token=None)
    yield Visit("decideDevice", 200, form(**g.form_of(code)), token=None)
    yield Visit("decideDevice", 400, form(**{**g.form_of(g.asked()["user_code"]), "csrf": "wrong"}), token=None)
    approved = form(grant_type=DEVICE, client_id="cpctl", device_code=g.approved())
    yield Visit("issueToken", 200, approved, token=None)
    yield Visit("issueToken", 400, approved, token=None, label="used code")
    waiting = form(grant_type=DEVICE, client_id="cpctl", device_code=g.asked()["device_code"])
    yield Visit("issueToken", 400, waiting, token=None, label="authorization_pending")
    renewal = form(grant_type="refresh_token", client_id="cpctl", refresh_token=g.refresh["refresh_token"])
    yield Visit("issueToken", 200, renewal, token=None, label="refresh")
    yield Visit("revokeToken", 200, form(token=g.refresh["access_token"]), token=None)


def calling(g: Ground) -> Iterator[Visit]:
    messages = [{"role": "user", "content": "你好"}]
    chat = {"model": "deepseek-v3.2", "messages": messages, "max_tokens": 16}
    answer = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "properties": {}}}}
    yield Visit("openaiListModels", 200)
    yield Visit("openaiListModels", 401, token=None)
    yield Visit("openaiGetModel", 200, {"path_parameters": {"model": "deepseek-v3.2"}})
    yield Visit("openaiGetModel", 404, {"path_parameters": {"model": "no-such-model"}})
    yield Visit("openaiChat", 200, posted(chat))
    yield Visit("openaiChat", 200, posted({**chat, "stream": True}), label="streamed")
    yield Visit("openaiChat", 200, posted({**chat, "response_format": answer}), label="schema")
    yield Visit("openaiChat", 404, posted({**chat, "model": "no-such-model"}))
    yield Visit("openaiChat", 401, posted(chat), token=None)
    text = {"model": "deepseek-v3.2", "prompt": "从前", "max_tokens": 8}
    yield Visit("openaiComplete", 200, posted(text))
    yield Visit("openaiComplete", 200, posted({**text, "stream": True}), label="streamed")
    yield Visit("openaiEmbed", 200, posted({"model": "bge-m3", "input": ["算力", "算力平台"]}))
    yield Visit(
        "openaiEmbed", 200, posted({"model": "bge-m3", "input": "算力", "encoding_format": "base64"}), label="base64"
    )


PARTS: tuple[Callable[[Ground], Iterator[Visit]], ...] = (
    lists,
    objects,
    buying,
    demanding,
    acting,
    logging_in,
    calling,
)
