"""Every flag once: spelling, type, help. With `cli` and `generate` the only module that imports typer.

A metavar with bars (`table|wide|json`) names the only legal words; completion reads them from there, and the verb refuses others
with the legal ones named. Values with a form of their own (durations, prices, provinces) are parsed by the verb, not by typer, so
that their errors say what cpctl expects.
"""

from __future__ import annotations

# fmt: off
from typing import Annotated, Any, Optional, get_args, get_origin

from typer import Argument, Option

Text = Optional[str]  # noqa: UP045  (typer reads it at run time)
Words = Optional[list[str]]  # noqa: UP045
Number = Optional[int]  # noqa: UP045

# what every verb takes
Server = Annotated[Text, Option("--server", "-s", metavar="URL", help="The platform's endpoint, instead of the profile's")]
Profile = Annotated[Text, Option("--profile", metavar="NAME", help="The profile to use")]
Project = Annotated[Text, Option("--project", "-n", metavar="NAME", help="The project")]
Verbose = Annotated[int, Option("--verbose", "--v", "-v", metavar="LEVEL", min=0, max=9, help="6: requests, 7: their headers, 8: answers too, 9: whole bodies; secrets are masked")]
Color = Annotated[str, Option("--color", metavar="auto|always|never", help="Colour on stderr")]
RequestTimeout = Annotated[Text, Option("--request-timeout", metavar="30s", help="Most time for one request that reads")]
NoInput = Annotated[bool, Option("--no-input", help="Never ask")]

# what is meant
Targets = Annotated[list[str], Argument(metavar="TYPE[/NAME] [NAME...]", help="offers, order/train-7b, orders,cards …", show_default=False)]
FieldPath = Annotated[str, Argument(metavar="TYPE[.FIELD...]", help="offers, offers.spec.price, order.status.conditions …", show_default=False)]
OrderTargets = Annotated[Words, Argument(metavar="order/NAME...", help="Orders, by name", show_default=False)]
DeleteTargets = Annotated[Words, Argument(metavar="order/NAME... demand/NAME...", help="Orders and demands, by name", show_default=False)]
OrderName = Annotated[str, Argument(metavar="NAME", help="Yours, unique in the project for ever", show_default=False)]
ManifestName = Annotated[Text, Argument(metavar="NAME", help="The order's name in -o yaml; generateName: plan- without one", show_default=False)]
OptionalOrderName = Annotated[Text, Argument(metavar="NAME", help="Yours, unique in the project for ever", show_default=False)]

# how it is shown
Output = Annotated[Text, Option("--output", "-o", metavar="table|wide|json|yaml|toml|name|csv|jsonpath=|custom-columns=", help="The form of what is printed; jsonpath='{.items[*].metadata.name}'")]
Query = Annotated[Text, Option("--query", metavar="EXPR", help="What this JMESPath expression finds in the JSON or YAML")]
DocumentOutput = Annotated[Text, Option("--output", "-o", metavar="json|yaml", help="Print a document instead of text")]
NameOutput = Annotated[Text, Option("--output", "-o", metavar="name", help="The form of what is printed")]
ResourcesOutput = Annotated[Text, Option("--output", "-o", metavar="table|name|json|yaml", help="The form of what is printed")]
TableOutput = Annotated[Text, Option("--output", "-o", metavar="table|json|yaml", help="The form of what is printed")]
KindsOutput = Annotated[Text, Option("--output", "-o", metavar="table|wide|name|json|yaml", help="The form of what is printed")]
ExplainOutput = Annotated[Text, Option("--output", "-o", metavar="plaintext|json|yaml", help="The form of what is printed")]
ResultOutput = Annotated[Text, Option("--output", "-o", metavar="name|json|yaml", help="The form of what is printed")]
UsageOutput = Annotated[Text, Option("--output", "-o", metavar="table|csv|json|yaml", help="The form of what is printed")]
PlanOutput = Annotated[Text, Option("--output", "-o", metavar="table|wide|json|yaml", help="The form of what is printed; yaml is an Order for `apply`")]
NoHeaders = Annotated[bool, Option("--no-headers", help="No line of column titles")]

# filters of the catalogue
Province = Annotated[Words, Option("--province", metavar="P,...", help="Only these provinces: shanxi, 山西, 晋, SX, 140000")]
ExcludeProvince = Annotated[Words, Option("--exclude-province", metavar="P,...", help="Not these provinces")]
Provider = Annotated[Words, Option("--provider", metavar="NAME,...", help="Only these providers")]
ExcludeProvider = Annotated[Words, Option("--exclude-provider", metavar="NAME,...", help="Not these providers")]
Accelerator = Annotated[Words, Option("--accelerator", "--gpu", metavar="NAME,...", help="Only these accelerators: H800, 昇腾910B …")]
Vendor = Annotated[Words, Option("--vendor", metavar="NAME,...", help="Only these makers of accelerators: huawei, 华为, NVIDIA …")]
Cards = Annotated[Text, Option("--cards", metavar="N", help="Offers able to serve N cards")]
MinMemory = Annotated[Text, Option("--min-memory", metavar="80Gi", help="Least memory of a card")]
MaxPrice = Annotated[Text, Option("--max-price", metavar="CNY", help="Highest price of a card-hour")]
MaxPUE = Annotated[Text, Option("--max-pue", metavar="1.3", help="Highest power usage effectiveness")]
MinGreen = Annotated[Text, Option("--min-green", metavar="50%", help="Least share of green power")]
Billing = Annotated[Text, Option("--billing", metavar="on-demand|daily|monthly|spot", help="Only this way of billing")]
Interconnect = Annotated[Text, Option("--interconnect", metavar="NAME", help="Only cards linked by this: NVLink, HCCS …")]
LatencyClass = Annotated[Words, Option("--latency-class", metavar="CLASS,...", help="Only these latency classes: metro, regional, national")]
Task = Annotated[Words, Option("--task", metavar="TASK,...", help="Only models for these tasks: chat, embedding …")]
ModelKind = Annotated[Text, Option("--kind", metavar="base|vertical", help="Only base or only vertical models")]
Domain = Annotated[Words, Option("--domain", metavar="NAME,...", help="Only models of these domains: medical, law …")]
Publisher = Annotated[Words, Option("--publisher", metavar="NAME,...", help="Only models of these publishers")]
Model = Annotated[Words, Option("--model", metavar="NAME,...", help="Only sources of these models")]
OfOrder = Annotated[Text, Option("--order", metavar="NAME", help="Only cards and bills of this order")]

# fields
AllFields = Annotated[bool, Option("--recursive", help="The fields of all levels, without what they mean")]

# kinds
SortKinds = Annotated[Text, Option("--sort-by", metavar="name|kind", help="The order of the lines")]
Scope = Annotated[Text, Option("--scope", metavar="platform|yours", help="Only the platform's kinds, or only yours")]

# lists
Selector = Annotated[Text, Option("--selector", "-l", metavar="LABELS", help="Only objects with these labels: team=nlp, stage in (dev,test), !old")]
FieldSelector = Annotated[Text, Option("--field-selector", metavar="FIELDS", help="Only objects whose fields are so: spec.price<12, spec.province in (shanxi,ningxia)")]
SortBy = Annotated[Text, Option("--sort-by", metavar="FIELD,~FIELD", help="In the order of these fields; ~ for the largest first")]
AllProjects = Annotated[bool, Option("--all-projects", "-A", help="In all your projects, and without a profile's default filters")]
ShowLabels = Annotated[bool, Option("--show-labels", help="A last column with the labels")]
Limit = Annotated[Text, Option("--limit", metavar="N", help="At most N objects")]
ChunkSize = Annotated[Text, Option("--chunk-size", metavar="N", help="Objects a page (1000, then more)")]
IgnoreNotFound = Annotated[bool, Option("--ignore-not-found", help="A missing object is not a failure")]
Watch = Annotated[bool, Option("--watch", "-w", help="After the list every change of it, as it happens")]
WatchOnly = Annotated[bool, Option("--watch-only", help="Every change from now on, without the list")]
WatchEvents = Annotated[bool, Option("--output-watch-events", help="With --watch: what happened (ADDED, MODIFIED, DELETED) before each object")]
WatchTimeout = Annotated[Text, Option("--timeout", metavar="10m", help="With --watch: end after this long")]
RequireComplete = Annotated[bool, Option("--require-complete", help="End with 10 when a sub-platform did not answer")]

# buying
BuyAccelerator = Annotated[Words, Option("--accelerator", "--gpu", metavar="NAME,...", help="The accelerator, or several that will do")]
BuyCards = Annotated[Text, Option("--cards", metavar="N", help="How many cards")]
Duration = Annotated[Text, Option("--duration", metavar="24h", help="How long: 90s, 30m, 24h, 7d; funds for all of it are reserved")]
Until = Annotated[str, Option("--until", metavar="TIME", help="When it is to end, with a zone: 2026-01-31T08:00:00Z")]
UsageSince = Annotated[Text, Option("--since", metavar="7d", help="Since when: 7d, 12h, or a time with a zone; seven days by default")]
UsageUntil = Annotated[Text, Option("--until", metavar="TIME", help="Until before when, with a zone; now by default")]
UsageBy = Annotated[Words, Option("--by", metavar="KEY,...", help="What to sum by: province, accelerator, order, label:team …")]
LookUntil = Annotated[str, Option("--until", metavar="TIME", help="Until when cards are looked for, with a zone: 2026-01-31T08:00:00Z")]
Colocate = Annotated[Text, Option("--colocate", metavar="none|province|provider", help="All cards in one province, or of one provider")]
MaxProviders = Annotated[Text, Option("--max-providers", metavar="N", help="Cards of at most N providers")]
Budget = Annotated[Text, Option("--budget", metavar="CNY", help="Most the whole order may cost")]
Voucher = Annotated[Text, Option("--voucher", metavar="NAME", help="The voucher to use: cpctl get vouchers")]
Offer = Annotated[Words, Option("--offer", metavar="OFFER=N", help="N cards of exactly this offer; may be repeated")]
Scenario = Annotated[Text, Option("--scenario", metavar="NAME", help="Begin with a scenario's template")]
Image = Annotated[Text, Option("--image", metavar="NAME", help="The image the cards start with")]
SshKey = Annotated[Words, Option("--ssh-key", metavar="FILE", help="A public key to install; may be repeated")]
Label = Annotated[Words, Option("--label", metavar="KEY=VALUE", help="A label; may be repeated")]
Yes = Annotated[bool, Option("--yes", "-y", help="Do not ask")]
Activate = Annotated[bool, Option("--activate", help="Switch the order on as well")]
Wait = Annotated[bool, Option("--wait", help="Wait until it is done")]
NoWait = Annotated[bool, Option("--no-wait", help="Do not wait until the cards are back")]
Timeout = Annotated[Text, Option("--timeout", metavar="10m", help="Give up waiting after this long; what was begun goes on")]
For = Annotated[str, Option("--for", metavar="CONDITION", help="condition=Active, of a demand condition=Matched, delete, or jsonpath='{.status.phase}'=Active")]

# labels and events
Labelled = Annotated[list[str], Argument(metavar="order/NAME... KEY=VALUE... KEY-", help="Orders, and what is to become of their labels", show_default=False)]
Overwrite = Annotated[bool, Option("--overwrite", help="Change labels that stand for another value")]
ListLabels = Annotated[bool, Option("--list", help="Print the labels afterwards")]
About = Annotated[Text, Option("--for", metavar="TYPE/NAME", help="Only what happened to this object")]
EventTypes = Annotated[Words, Option("--types", metavar="TYPE,...", help="Only Normal or only Warning events")]

# manifests
Filename = Annotated[Words, Option("--filename", "-f", metavar="FILE", help="A manifest, a folder, or - for stdin; YAML, JSON or TOML")]
Recursive = Annotated[bool, Option("--recursive", "-R", help="Folders with all that is below them")]
RunId = Annotated[Text, Option("--run-id", metavar="ID", help="Completes metadata.generateName: a rerun with the same ID is the same order")]
DryRun = Annotated[str, Option("--dry-run", metavar="none|client|server", help="Write nothing: client shows the request that would be sent, server asks for a quote too")]
Adopt = Annotated[bool, Option("--adopt", help="Go on with an order that somebody else in the project made")]
Recreate = Annotated[bool, Option("--recreate", help="Buy again under a name whose order has ended and was charged")]

# the journal
Resolve = Annotated[Text, Option("--resolve", metavar="finish|cancel", help="Finish what runs on this machine began, or make sure that it buys nothing")]
Prune = Annotated[bool, Option("--prune", help="Delete closed records that are older than the platform's memory of keys")]
AuditProjects = Annotated[bool, Option("--all-projects", "-A", help="In all your projects")]

# models
ModelName = Annotated[str, Argument(metavar="MODEL[@PROVIDER]", help="deepseek-v3.2, or deepseek-v3.2@PROVIDER", show_default=False)]
Prompt = Annotated[Text, Argument(metavar="[PROMPT]", help="What to say; - or nothing reads stdin", show_default=False)]
System = Annotated[Text, Option("--system", metavar="TEXT", help="What stands before the conversation")]
Source = Annotated[Text, Option("--source", metavar="PROVIDER", help="Exactly this provider's source")]
ModelProvince = Annotated[Words, Option("--province", metavar="P,...", help="Only sources in these provinces")]
MaxTokens = Annotated[Text, Option("--max-tokens", metavar="N", help="Most tokens of the answer")]
Temperature = Annotated[Text, Option("--temperature", metavar="0.7", help="How freely words are chosen, 0 to 2")]
NoStream = Annotated[bool, Option("--no-stream", help="Print the answer when it is whole")]
AnswerTimeout = Annotated[Text, Option("--timeout", metavar="10m", help="Most time for the whole answer")]

# the raw API
OptionalMethod = Annotated[Text, Argument(metavar="METHOD", help="GET, POST …", show_default=False)]
Path = Annotated[Text, Argument(metavar="PATH", help="/v1/offers?limit=5", show_default=False)]

Field = Annotated[Words, Option("--field", "-f", metavar="NAME=VALUE", help="A query parameter of GET, else a text field of a JSON body; may be repeated")]
Input = Annotated[Text, Option("--input", metavar="FILE", help="The body: a file, or - for stdin")]
Paginate = Annotated[bool, Option("--paginate", help="All pages of a list, as one document")]
RawYes = Annotated[bool, Option("--yes", "-y", help="Send it although it spends money")]
OpenApi = Annotated[bool, Option("--openapi", help="Print the contract: an OpenAPI 3.1 document")]

# identity and profiles
AskedVerb = Annotated[str, Argument(metavar="VERB", help="get, list, watch, create, activate, release, delete, label, call …", show_default=False)]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print nothing; the exit code says it: 0 or 4")]
WithToken = Annotated[bool, Option("--with-token", help="Read a token from stdin")]
InsecureStorage = Annotated[bool, Option("--insecure-storage", help="Keep the token in a file (0600), not in the keyring")]
SettingKey = Annotated[str, Argument(metavar="SETTING", help="server, project, limits.max-day, … or profiles.NAME.server", show_default=False)]
SettingValue = Annotated[str, Argument(metavar="VALUE", help="Lists with commas", show_default=False)]
ProfileName = Annotated[str, Argument(metavar="NAME", help="A profile", show_default=False)]
NewProfileName = Annotated[str, Argument(metavar="NEW", help="Its new name", show_default=False)]

# the client itself
ClientOnly = Annotated[bool, Option("--client", help="Do not ask the platform")]

# the sandbox
Port = Annotated[Text, Option("--port", metavar="N", help="The port on 127.0.0.1 (8790)")]
Seed = Annotated[Text, Option("--seed", metavar="N", help="The same seed makes the same catalogue")]
Scale = Annotated[Text, Option("--scale", metavar="N", help="About this many offers")]
Speed = Annotated[Text, Option("--speed", metavar="N", help="How many times faster than the wall its clock runs")]
Foreground = Annotated[bool, Option("--foreground", help="Do not go to the background")]
Data = Annotated[Text, Option("--data", metavar="DIR", help="Where it keeps its state")]

CompletionWhat = Annotated[str, Argument(metavar="bash|zsh|fish|powershell|install|uninstall|status", help="A shell, or what to do", show_default=False)]
Shell = Annotated[Text, Argument(metavar="SHELL", help="bash, zsh, fish or powershell; the one of $SHELL", show_default=False)]
FaultAction = Annotated[str, Argument(metavar="list|set|clear", help="What to do", show_default=False)]
FaultPath = Annotated[Text, Option("--path", metavar="/v1/...", help="Only requests whose path begins so")]
FaultMethod = Annotated[Text, Option("--method", metavar="GET|POST|PATCH|DELETE", help="Only requests of this method")]
Down = Annotated[bool, Option("--down", help="The province's sub-platform does not answer")]
Denied = Annotated[bool, Option("--denied", help="The account may not see the province")]
Slow = Annotated[bool, Option("--slow", help="The province's rows stay as they are now, and are said to be late")]
Stale = Annotated[bool, Option("--stale", help="They stay as they are now, and all is said to be well")]
Latency = Annotated[Text, Option("--latency", metavar="2s", help="Answers come this much later; lists wait 2s for a province")]
ErrorStatus = Annotated[Text, Option("--error", metavar="503", help="Answers are this error; nothing is done")]
SoldOut = Annotated[bool, Option("--sold-out", help="No offer has a free card")]
Truncate = Annotated[bool, Option("--truncate", help="Half of each answer comes")]
DropAfterCommit = Annotated[bool, Option("--drop-after-commit", help="The platform acts, then cuts the line")]
SlowDrip = Annotated[bool, Option("--slow-drip", help="Answers come byte by byte")]
Html = Annotated[bool, Option("--html", help="A page of HTML comes, as from a proxy in between")]
Rate = Annotated[Text, Option("--rate", metavar="0.2", help="Only this share of the requests")]
Times = Annotated[Text, Option("--times", metavar="N", help="Only so many times")]

GLOBALS: dict[str, tuple[Any, Any]] = {
    "server": (Server, None),
    "profile": (Profile, None),
    "project": (Project, None),
    "verbose": (Verbose, 0),
    "color": (Color, "auto"),
    "request_timeout": (RequestTimeout, None),
    "no_input": (NoInput, False),
}


def taking_values() -> frozenset[str]:
    """The spellings of every flag that is followed by a value."""
    found: set[str] = set()
    for declared in globals().values():
        if get_origin(declared) is Annotated:
            base, info, *_ = get_args(declared)
            if base is not bool:
                found.update(word for word in (info.default, *(info.param_decls or ())) if isinstance(word, str) and word[:1] == "-")
    return frozenset(found)
