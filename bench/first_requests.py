"""How long it takes until a command's first request is there, and what a list costs over https."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bench import long_lists
from bench.long_lists import FEW, LIST, Run, ran
from bench.starts import Timing, beside
from bench.still_server import still_server
from bench.table import paired

LIMIT_S = 30.0
MANIFEST = """\
apiVersion: ccpp/v1
kind: Order
metadata: {name: bench}
spec: {allocations: [{offer: of-0000001, cards: 1}], duration: 1h, billing: on-demand}
"""


def until_asked(argv: Sequence[str], env: Mapping[str, str]) -> float:
    """Seconds from the start of a process to the first byte it sends; nobody answers it, and it is ended."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LIMIT_S)
        own = long_lists.environment(env, f"http://127.0.0.1:{listener.getsockname()[1]}")
        began = time.perf_counter()
        process = subprocess.Popen(argv, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(LIMIT_S)
                if not connection.recv(1):
                    raise RuntimeError(f"{' '.join(argv)} asked nothing")
                return time.perf_counter() - began
        finally:
            process.kill()
            process.wait()


def spending(cpctl: str, bare: Sequence[str], env: Mapping[str, str], folder: Path, rounds: int) -> Timing:
    """The median seconds of `apply` until it asks for the first time, and their ratio to `bare`."""
    folder.mkdir(parents=True)
    manifest = folder / "order.yaml"
    manifest.write_text(MANIFEST)
    own = {**env, "HOME": str(folder)}
    argv = (cpctl, "apply", "-f", str(manifest), "--yes")
    until_asked(argv, own)  # writes byte code
    return paired([beside(partial(until_asked, argv, own), bare, own, turn) for turn in range(rounds)])


def over_https(
    cpctl: str, bare: Sequence[str], env: Mapping[str, str], folder: Path, rounds: int
) -> list[tuple[Run, float]]:
    """`get offers` of few rows over https, each beside `bare`; [] where openssl cannot make a certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return []
    folder.mkdir(parents=True)
    certificate = folder / "server.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(certificate), "-out", str(folder / "ca.pem")]
    subprocess.run(command, check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + (folder / "ca.pem").read_bytes())
    with still_server(FEW, certificate) as url:
        own = {**long_lists.environment(env, url), "SSL_CERT_FILE": str(folder / "ca.pem")}
        ran((cpctl, *LIST), own, FEW + 1)
        return [beside(partial(ran, (cpctl, *LIST), own, FEW + 1), bare, own, turn) for turn in range(rounds)]
