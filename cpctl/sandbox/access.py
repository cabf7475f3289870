"""How the cards of an active order would be reached; nothing answers at these addresses, kept for documentation."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Final

from cpctl.sandbox.cards import card_name, placed_cards
from cpctl.sandbox.order import Order

USER: Final = "ccpp"
SSH_PORT: Final = 22
KEY_TYPE: Final = b"ssh-ed25519"


def access(order: Order) -> dict[str, Any]:
    """The Access object of an order that is Active."""
    hosts = [
        {
            "card": card_name(order, number),
            "offer": offer,
            "province": province,
            "host": address(order, node),
            "port": SSH_PORT,
            "user": USER,
            "hostKeys": [host_key(order, node)],
            "jumpHost": f"jump.{province}.ccpp.example",
            "deviceIds": [str(index)],
        }
        for number, offer, _provider, province, node, index in placed_cards(order)
    ]
    status = {"hosts": hosts, "kubeconfig": kubeconfig(order)}
    return {"apiVersion": "ccpp/v1", "kind": "Access", "spec": {"order": order.name}, "status": status}


def seeded(order: Order, *words: str) -> bytes:
    """32 bytes that are the same whenever asked."""
    return hashlib.sha256("\0".join((order.uid, *words)).encode()).digest()


def address(order: Order, node: str) -> str:
    """A node's address in 198.51.100.0/24 (RFC 5737)."""
    return f"198.51.100.{1 + seeded(order, 'address', node)[0] % 254}"


def host_key(order: Order, node: str) -> str:
    """A node's public host key; well-formed, nobody has its private half."""
    parts = (KEY_TYPE, seeded(order, "host key", node))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"{KEY_TYPE.decode()} {base64.b64encode(blob).decode()}"


def kubeconfig(order: Order) -> str:
    """A kubeconfig (JSON, which is YAML) for a cluster that is not there, with a token that opens nothing."""
    name = f"ccpp-{order.name}"
    token = f"sandbox-{seeded(order, 'kubeconfig token').hex()}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": f"https://{order.name}.k8s.ccpp.example:6443"}}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(config, indent=2) + "\n"
