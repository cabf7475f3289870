"""The bodies of the contract's requests, as shapes."""

from __future__ import annotations

from typing import Final

from cpctl.sandbox.shapes import Fields, ListOf, MapOf, Nullable, OneOf, Text, Whole

NAME: Final = Text(r"[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?", 128, 1)
ORDER_NAME: Final = Text(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", 63, 1)
UID: Final = Text(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", 36)
KEY: Final = Text(r"[A-Za-z0-9._:-]+", 128, 8)
PROVINCE: Final = Text(r"[a-z]{3,20}", 20)
LABEL_KEY: Final = Text(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?", 128, 1)
LABEL_VALUE: Final = Text(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?", 63)
PRICE: Final = Text(r"[0-9]{1,9}\.[0-9]{4}")
TOTAL: Final = Text(r"[0-9]{1,15}\.[0-9]{2}")
MAX_PRICE: Final = Text(r"[0-9]{1,9}(\.[0-9]{1,4})?")
MAX_MONEY: Final = Text(r"[0-9]{1,15}(\.[0-9]{1,2})?")
PUE: Final = Text(r"[0-9](\.[0-9]{1,4})?")
RATIO: Final = Text(r"0(\.[0-9]{1,4})?|1(\.0{1,4})?")
DURATION: Final = Text(r"([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?", 32, 2)
INSTANT: Final = Text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", 20)
CARDS: Final = Whole(1, 100_000)
BILLING: Final = OneOf(("on-demand", "daily", "monthly", "spot"))
LATENCY: Final = OneOf(("metro", "regional", "national"))
COLOCATE: Final = OneOf(("none", "province", "provider"))
LABELS: Final = MapOf(LABEL_KEY, LABEL_VALUE, 64)

ALLOCATION: Final = Fields({"offer": NAME, "cards": CARDS}, ("offer", "cards"))
CHOSEN: Final = Fields({"offer": NAME, "cards": CARDS, "price": PRICE}, ("offer", "cards", "price"))
PLACEMENT: Final = Fields(
    {
        "provinces": ListOf(PROVINCE, 40),
        "excludeProvinces": ListOf(PROVINCE, 40),
        "providers": ListOf(NAME, 200),
        "excludeProviders": ListOf(NAME, 200),
        "colocate": COLOCATE,
        "maxProviders": Whole(1, 1_000),
    }
)
REQUIREMENTS: Final = Fields(
    {
        "minMemoryGiB": Whole(0, 100_000),
        "maxPUE": PUE,
        "minGreen": RATIO,
        "interconnect": Text(most=64, least=1),
        "vendor": ListOf(Text(most=64, least=1), 40),
        "latencyClass": ListOf(LATENCY, 3),
    }
)
SPEC: Final = Fields(
    {
        "accelerator": ListOf(Text(most=64, least=1), 20, 1),
        "cards": CARDS,
        "allocations": ListOf(ALLOCATION, 1000, 1),
        "duration": DURATION,
        "billing": BILLING,
        "placement": PLACEMENT,
        "requirements": REQUIREMENTS,
        "limits": Fields({"maxPrice": MAX_PRICE, "budget": MAX_MONEY}),
        "image": Text(most=200, least=1),
        "sshKeys": ListOf(Text(most=2000, least=1), 20),
        "voucher": NAME,
    },
    ("duration",),
)
LIMITS: Final = Fields({"maxPrice": MAX_PRICE, "maxOrder": MAX_MONEY, "maxDay": MAX_MONEY})
ORDER: Final = Fields(
    {
        "metadata": Fields({"name": ORDER_NAME, "labels": LABELS}, ("name",)),
        "spec": SPEC,
        "allocations": ListOf(CHOSEN, 1000, 1),
        "limits": LIMITS,
        "total": TOTAL,
        "replaces": UID,
    },
    ("metadata", "spec", "allocations"),
)
DEMAND_SPEC: Final = Fields(
    {name: shape for name, shape in SPEC.fields.items() if name != "allocations"} | {"until": INSTANT},
    ("accelerator", "cards", "duration", "until"),
)
DEMAND: Final = Fields(
    {
        "metadata": Fields({"name": ORDER_NAME, "labels": LABELS}, ("name",)),
        "spec": DEMAND_SPEC,
        "limits": LIMITS,
    },
    ("metadata", "spec"),
)
QUOTE: Final = Fields({"spec": SPEC, "allocations": ListOf(ALLOCATION, 1000, 1)}, ("spec", "allocations"))
PRECONDITION: Final = Fields({"uid": UID}, ("uid",))
EXTENSION: Final = Fields({"uid": UID, "endsAt": INSTANT, "limits": LIMITS}, ("uid", "endsAt"))
LABEL_PATCH: Final = Fields(
    {"metadata": Fields({"labels": MapOf(LABEL_KEY, Nullable(LABEL_VALUE), 64)}, ("labels",))}, ("metadata",)
)
