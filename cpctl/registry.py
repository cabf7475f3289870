"""The kinds: one row each. get, describe, api-resources, completion, man pages and "did you mean" read these rows."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cpctl.errors import UnknownName

Scope = Literal["platform", "yours"]
MADE_NAMES = ("offer", "card", "voucher", "event")
CONDITIONS = {"order": ("Placed", "Held", "Active", "Released"), "demand": ("Matched",)}
"""What can be waited for, by the name of a kind."""


class Column(NamedTuple):
    """One column of a kind's table.

    Attributes:
        path: Where the value stands in the object, dotted.
        wide: Only with `-o wide`.
        show: How the value is shown where it is not just text: "age", "list", "labels", "ratio" …
            (output/cells.py).
    """

    title: str
    path: str
    align: Literal["left", "right"] = "left"
    wide: bool = False
    show: str | None = None


class Kind(NamedTuple):
    """One kind of object.

    Attributes:
        name: Singular, as `name/object` spells it.
        kind: As objects spell it.
        path: The list's path in the contract; an object's is below it.
        title: Two or three words, with the Chinese.
        filters: The query parameters its list takes beside those of every list.
        verbs: What can be done beside get and describe.
    """

    name: str
    kind: str
    plural: str
    short: str
    scope: Scope
    title: str
    columns: tuple[Column, ...]
    filters: frozenset[str] = frozenset()
    verbs: tuple[str, ...] = ()

    @property
    def has_made_names(self) -> bool:
        """Whether the platform makes the names, which nobody types whole."""
        return self.name in MADE_NAMES

    @property
    def narrowed_by(self) -> frozenset[str]:
        """The query parameters that flags of `get` set: what --kind says, base or vertical, is said of models."""
        return self.filters if self.name == "model" else self.filters - {"kind"}

    @property
    def path(self) -> str:
        return f"/v1/{self.plural}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every word that means this kind, lower case."""
        return (self.plural, self.name, self.short)


def _right(title: str, path: str, *, wide: bool = False, show: str | None = None) -> Column:
    return Column(title, path, "right", wide, show)


NAME = Column("NAME", "metadata.name")
PROVINCE_ZH = Column("PROVINCE-ZH", "spec.province", wide=True, show="province-zh")
AGE = Column("AGE", "metadata.createdAt", show="age")

KINDS: tuple[Kind, ...] = (
    Kind(
        "subplatform", "SubPlatform", "subplatforms", "sp", "platform", "provincial sub-platform 分平台",
        (
            NAME,
            Column("STATE", "status.state"),
            _right("CARDS", "status.capacityCards"),
            _right("FREE", "status.freeCards"),
            _right("UTILISATION", "status.utilisation", show="ratio"),
            _right("PUE", "status.pue"),
            _right("GREEN", "status.green", show="ratio"),
            _right("PFLOPS", "status.petaflops"),
            Column("NAME-ZH", "spec.nameZh", wide=True),
            Column("GB/T-2260", "spec.gbt2260", wide=True),
            Column("AS-OF", "status.asOf", wide=True, show="age"),
        ),
    ),
    Kind(
        "provider", "Provider", "providers", "pv", "platform", "provider 算力服务商",
        (
            NAME,
            Column("KIND", "spec.kind"),
            Column("PROVINCE", "spec.province"),
            PROVINCE_ZH,
            Column("CITY", "spec.city"),
            Column("STATE", "status.state"),
            _right("OFFERS", "status.offers"),
            _right("FREE", "status.freeCards"),
            Column("NAME-EN", "spec.nameEn", wide=True),
            Column("NAME-ZH", "spec.nameZh", wide=True),
        ),
        frozenset({"province", "subplatform", "kind"}),
    ),
    Kind(
        "product", "Product", "products", "pd", "platform", "product 算力产品",
        (
            NAME,
            Column("ACCELERATOR", "spec.accelerator"),
            _right("GIB", "spec.memoryGiB"),
            _right("TFLOPS", "spec.fp16Tflops"),
            Column("FORM", "spec.form"),
            _right("OFFERS", "status.offers"),
            _right("FREE", "status.freeCards"),
            _right("FROM", "status.priceFrom"),
            Column("PROVIDER", "spec.provider"),
            Column("SKU", "spec.sku", wide=True),
            Column("INTERCONNECT", "spec.interconnect", wide=True),
            Column("RESOURCES", "spec.resourceNames", wide=True, show="list"),
        ),
        frozenset({"province", "provider", "accelerator", "vendor"}),
    ),
    Kind(
        "offer", "Offer", "offers", "of", "platform", "offer 在售资源",
        (
            NAME,
            Column("ACCELERATOR", "spec.accelerator"),
            _right("GIB", "spec.memoryGiB"),
            _right("FREE", "status.free"),
            _right("CNY/CARD-HOUR", "spec.price"),
            Column("BILLING", "spec.billing"),
            Column("PROVINCE", "spec.province"),
            PROVINCE_ZH,
            Column("PROVIDER", "spec.provider"),
            Column("CITY", "spec.city", wide=True),
            _right("MIN", "spec.minCards", wide=True),
            _right("STEP", "spec.stepCards", wide=True),
            _right("CAPACITY", "status.capacity", wide=True),
            Column("INTERCONNECT", "spec.interconnect", wide=True),
            _right("PUE", "spec.pue", wide=True),
            _right("GREEN", "spec.green", wide=True, show="ratio"),
            Column("LATENCY", "spec.latencyClass", wide=True),
            Column("STATE", "status.state", wide=True),
        ),
        frozenset(
            {"province", "excludeProvince", "provider", "accelerator", "vendor", "cards", "minMemory", "maxPrice"}
            | {"maxPue", "minGreen", "billing", "interconnect", "subplatform", "latencyClass"}
        ),
    ),
    Kind(
        "model", "Model", "models", "md", "platform", "hosted model 模型",
        (
            NAME,
            Column("KIND", "spec.kind"),
            Column("DOMAIN", "spec.domain"),
            Column("TASKS", "spec.tasks", show="list"),
            Column("PUBLISHER", "spec.publisher"),
            _right("CONTEXT", "spec.contextTokens"),
            _right("SOURCES", "status.sources"),
            _right("IN-FROM", "status.priceInFrom"),
            _right("OUT-FROM", "status.priceOutFrom"),
            Column("LICENCE", "spec.licence", wide=True),
            Column("OPEN", "spec.openWeights", wide=True),
            Column("NAME-ZH", "spec.nameZh", wide=True),
        ),
        frozenset({"task", "kind", "domain", "publisher", "province"}),
        ("call",),
    ),
    Kind(
        "source", "Source", "sources", "src", "platform", "source: a model served by one provider",
        (
            NAME,
            Column("MODEL", "spec.model"),
            Column("PROVIDER", "spec.provider"),
            Column("PROVINCE", "spec.province"),
            PROVINCE_ZH,
            Column("STATE", "status.state"),
            _right("IN", "spec.priceIn"),
            _right("OUT", "spec.priceOut"),
            Column("UNIT", "spec.priceUnit"),
            _right("MS", "status.latencyMs", wide=True),
            _right("TOKENS/S", "status.tokensPerSecond", wide=True),
            Column("CAPABILITIES", "spec.capabilities", wide=True, show="list"),
        ),
        frozenset({"model", "province", "provider"}),
    ),
    Kind(
        "scenario", "Scenario", "scenarios", "sc", "platform", "industry scenario 场景",
        (
            NAME,
            Column("INDUSTRY", "spec.industry"),
            Column("TITLE", "spec.title"),
            Column("ACCELERATOR", "spec.order.accelerator", show="list"),
            _right("CARDS", "spec.order.cards"),
            Column("DURATION", "spec.order.duration"),
            Column("MODELS", "spec.models", wide=True, show="list"),
            Column("TITLE-ZH", "spec.titleZh", wide=True),
        ),
        verbs=("create",),
    ),
    Kind(
        "order", "Order", "orders", "od", "yours", "order 订单",
        (
            NAME,
            Column("PHASE", "status.phase"),
            Column("CARDS", "status.cards", show="cards"),
            _right("CNY/HOUR", "status.pricePerHour"),
            _right("TOTAL", "status.total"),
            _right("CHARGED", "status.charged"),
            AGE,
            _right("DISCOUNT", "status.discount", wide=True),
            Column("PROVINCES", "status.allocations", wide=True, show="provinces"),
            Column("HELD-UNTIL", "status.heldUntil", wide=True),
            Column("ENDS-AT", "status.endsAt", wide=True),
            Column("BY", "status.createdBy", wide=True),
            Column("REASON", "status.reason", wide=True),
        ),
        frozenset({"project"}),
        ("create", "apply", "diff", "activate", "wait", "extend", "label", "release", "delete"),
    ),
    Kind(
        "card", "Card", "cards", "cd", "yours", "card 卡",
        (
            NAME,
            Column("ORDER", "spec.order"),
            Column("PHASE", "status.phase"),
            Column("ACCELERATOR", "spec.accelerator"),
            Column("PROVINCE", "spec.province"),
            PROVINCE_ZH,
            Column("PROVIDER", "spec.provider"),
            Column("NODE", "spec.node"),
            _right("INDEX", "spec.index"),
            AGE,
            Column("OFFER", "spec.offer", wide=True),
            Column("SINCE", "status.since", wide=True),
        ),
        frozenset({"project", "order"}),
    ),
    Kind(
        "demand", "Demand", "demands", "dm", "yours", "demand 需求",
        (
            NAME,
            Column("PHASE", "status.phase"),
            _right("CARDS", "spec.cards"),
            Column("ACCELERATOR", "spec.accelerator", show="list"),
            Column("UNTIL", "spec.until"),
            Column("MATCH", "status.match"),
            AGE,
            Column("DURATION", "spec.duration", wide=True),
            Column("BY", "status.createdBy", wide=True),
            Column("REASON", "status.reason", wide=True),
            Column("MESSAGE", "status.message", wide=True),
        ),
        frozenset({"project"}),
        ("create", "apply", "diff", "wait", "delete"),
    ),
    Kind(
        "bill", "Bill", "bills", "bl", "yours", "bill line 账单",
        (
            NAME,
            Column("ORDER", "spec.order"),
            Column("OFFER", "spec.offer"),
            _right("CARDS", "spec.cards"),
            _right("SECONDS", "spec.seconds"),
            _right("CNY/CARD-HOUR", "spec.price"),
            _right("AMOUNT", "status.amount"),
            Column("STATE", "status.state"),
            Column("FROM", "spec.from", wide=True),
            Column("TO", "spec.to", wide=True),
            _right("DISCOUNT", "status.discount", wide=True),
            Column("VOUCHER", "spec.voucher", wide=True),
        ),
        frozenset({"project", "order"}),
    ),
    Kind(
        "voucher", "Voucher", "vouchers", "vc", "yours", "voucher 算力券",
        (
            NAME,
            _right("RATIO", "spec.ratio", show="ratio"),
            _right("LEFT", "status.left"),
            _right("CAP", "spec.cap"),
            Column("PROVINCE", "spec.province"),
            Column("UNTIL", "spec.until"),
            Column("STATE", "status.state"),
            Column("FROM", "spec.from", wide=True),
            Column("PRODUCTS", "spec.products", wide=True, show="list"),
        ),
        frozenset({"project"}),
    ),
    Kind(
        "project", "Project", "projects", "pj", "yours", "project 项目",
        (
            NAME,
            _right("BALANCE", "status.balance"),
            _right("RESERVED", "status.reserved"),
            Column("MEMBERS", "spec.members", show="list"),
            Column("TITLE-ZH", "spec.titleZh", wide=True),
        ),
    ),
    Kind(
        "event", "Event", "events", "ev", "yours", "event 事件",
        (
            Column("LAST SEEN", "status.at", show="age"),
            Column("TYPE", "spec.severity"),
            Column("REASON", "spec.reason"),
            Column("OBJECT", "spec.about", show="about"),
            Column("MESSAGE", "spec.message"),
            Column("NAME", "metadata.name", wide=True),
            _right("COUNT", "status.count", wide=True),
        ),
        frozenset({"project", "kind", "name"}),
    ),
)  # fmt: skip


def _by_spelling(kinds: tuple[Kind, ...]) -> dict[str, Kind]:
    """Every spelling to its kind; two kinds with one spelling are refused at import."""
    table: dict[str, Kind] = {}
    for kind in kinds:
        for word in kind.spellings:
            if word in table:
                raise ImportError(f'"{word}" spells both {table[word].plural} and {kind.plural}')
            table[word] = kind
    return table


BY_SPELLING = _by_spelling(KINDS)


def find(word: str) -> Kind:
    """The kind a word means: singular, plural or short, in any case.

    Raises:
        UnknownName: It means none; the legal ones are named.
    """
    kind = BY_SPELLING.get(word.lower())
    if kind is None:
        raise UnknownName("resource type", word, [k.plural for k in KINDS], hint="cpctl api-resources")
    return kind
