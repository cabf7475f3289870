"""A bad network on loopback: lines that carry a watch are cut after some bytes or a moment, at random, and counted."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

RESET = struct.pack("ii", 1, 0)


class CuttingProxy:
    """Forwards to one upstream and cuts watches until it is told to stop; everything else goes through.

    Attributes:
        cuts: How many lines with a watch were cut.
        resumed: How many of the watches asked for carried Last-Event-ID.
    """

    def __init__(self, upstream: str, seed: int = 1, most_bytes: int = 6_000, most_s: float = 0.03) -> None:
        self._target = (urlsplit(upstream).hostname, urlsplit(upstream).port)
        self._throw = random.Random(seed)
        self._most_bytes, self._most_s = most_bytes, most_s
        self._lock = threading.Lock()
        self.cuts = self.watches = self.resumed = 0
        self.is_cutting = True

    def __enter__(self) -> CuttingProxy:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One request a line, which is then closed."""
        with client, suppress(OSError):
            client.settimeout(30)
            request = b""
            while b"\r\n\r\n" not in request:
                piece = client.recv(65536)
                if not piece:
                    return
                request += piece
            is_watch = b"watch=true" in request.split(b"\r\n", 1)[0]
            with socket.create_connection(self._target, timeout=30) as platform:
                platform.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                self._watched(client, platform, request) if is_watch else self._whole(client, platform)

    def _whole(self, client: socket.socket, platform: socket.socket) -> None:
        while piece := platform.recv(65536):
            client.sendall(piece)

    def _watched(self, client: socket.socket, platform: socket.socket, request: bytes) -> None:
        with self._lock:
            self.watches += 1
            self.resumed += b"last-event-id:" in request.lower()
            left = int(self._most_bytes * self._throw.random() ** 2)
            ends = time.monotonic() + self._most_s * (0.2 + self._throw.random())
            is_rude = self._throw.random() < 0.5
        platform.settimeout(0.01)
        while True:
            try:
                piece = platform.recv(65536)
            except TimeoutError:
                piece = None
            if piece == b"":
                return
            now_cut = self.is_cutting and (left <= len(piece or b"") or time.monotonic() >= ends)
            if now_cut:
                client.sendall((piece or b"")[:left])
                with self._lock:
                    self.cuts += 1
                if is_rude:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return
            if piece:
                client.sendall(piece)
                left -= len(piece)
