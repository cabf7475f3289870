"""One connection to one origin, through httpx, with a deadline that nothing outlasts.

httpx bounds each read, not all of them together: a server that sends a byte a second is never late. So a timer shuts
the socket down when its time is over, whatever is being waited for.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from cpctl.api.bare import without_command_line
from cpctl.api.policy import CONNECT_LIMIT_S
from cpctl.errors import LocalFailure
from cpctl.resources.endpoint import Endpoint
from cpctl.resources.exchange import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Timer


class NotSent(Exception):
    """No byte of the request left this machine; the words say why."""


class Untrusted(NotSent):
    """The server could not show that it is who it should be."""


class Cut(Exception):
    """The request left, whole or in part, and no whole answer came back; the words say why."""


class Late(Cut):
    """The time was over first."""


class Line:
    """At most one connection, one request at a time.

    Args:
        tls: Verifies the server; None for plain http to this machine.
        proxy: The URL of an HTTP proxy.
    """

    def __init__(self, endpoint: Endpoint, tls: Any, proxy: str | None) -> None:
        with without_command_line():
            import httpx

        self.healthy = True
        self._url = endpoint.url
        self._late = False
        self._handle: socket.socket | None = None
        self._timer: Timer | None = None
        self._reply: httpx.Response | None = None
        single = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=15)
        self._transport = httpx.HTTPTransport(
            verify=tls or False,  # False only for plain http to this machine, where there is no TLS
            trust_env=False,
            limits=single,
            proxy=httpx.Proxy(proxy) if proxy else None,
        )

    @staticmethod
    def takes(request: Request) -> bool:
        """Whether such a request may go over a line of this kind."""
        return True

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, limit_s: float
    ) -> tuple[int, dict[str, str]]:
        """Send a request and read the answer's head; header names come back in lower case.

        Raises:
            NotSent, Cut, Late: As their names say.
        """
        import httpx

        self._reply = None
        self._watch(limit_s)
        each = {"connect": min(CONNECT_LIMIT_S, limit_s), "read": limit_s, "write": limit_s, "pool": limit_s}
        try:
            request = httpx.Request(method, self._url + path, headers=dict(headers), content=body)
            request.extensions = {"timeout": each, "trace": self._observe}
            self._reply = self._transport.handle_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise self._failed(NotSent, error) from error
        except (httpx.TransportError, OSError) as error:
            raise self._failed(Cut, error) from error
        except httpx.InvalidURL as error:
            raise self._failed(NotSent, error) from error
        return self._reply.status_code, {name.lower(): value for name, value in self._reply.headers.items()}

    def chunks(self, limit_s: float | Callable[[], float]) -> Iterator[bytes]:
        """The body's bytes as they come off the wire.

        Args:
            limit_s: For the whole body; or asked before each piece, for that piece.

        Raises:
            Cut, Late: It ended before its end.
        """
        import httpx

        assert self._reply is not None
        each_s = limit_s if callable(limit_s) else None
        self._watch(limit_s() if callable(limit_s) else limit_s)
        try:
            for chunk in self._reply.stream:  # type: ignore[union-attr]  # a synchronous transport's
                if self._late:
                    raise self._failed(Late, None)
                if each_s:
                    self._calm()  # what is done with the piece takes its own time
                yield chunk
                if each_s:
                    self._watch(each_s())
            if self._late:
                raise self._failed(Late, None)
        except (httpx.TransportError, OSError) as error:
            raise self._failed(Cut, error) from error
        finally:
            self._calm()

    def finish(self) -> None:
        """Give up what was not read; the connection stays only when the body was read to its end."""
        self._calm()
        if self._reply is not None:
            with suppress(Exception):
                self._reply.close()

    def close(self) -> None:
        self._calm()
        with suppress(Exception):
            self._transport.close()
        self._drop_handle()

    def _observe(self, event: str, facts: Mapping[str, Any]) -> None:
        """httpcore's own report of what it does: the only way to the socket before an answer is there."""
        if event == "connection.connect_tcp.complete":
            self._drop_handle()
            self._handle = facts["return_value"].get_extra_info("socket").dup()

    def _watch(self, limit_s: float) -> None:
        from threading import Timer

        self._calm()
        self._timer = Timer(max(limit_s, 0.001), self._stop)
        self._timer.daemon = True
        self._timer.start()

    def _calm(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _stop(self) -> None:
        self._late = True
        if self._handle:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def _drop_handle(self) -> None:
        if self._handle:
            with suppress(OSError):
                self._handle.close()
            self._handle = None

    def _failed(self, kind: type[NotSent] | type[Cut], error: Exception | None) -> NotSent | Cut:
        import httpx

        self.healthy = False
        self._calm()
        if kind is not NotSent and (self._late or isinstance(error, httpx.TimeoutException)):
            return Late("it took too long")
        if self._late or isinstance(error, httpx.TimeoutException):
            return kind("no connection in time")
        distrust = _distrust(error)
        return Untrusted(f"its certificate is not trusted ({distrust})") if distrust else kind(words_of(error))


def tls_context() -> Any:
    """The operating system's own trust, so that a company's certificate authority works.

    Raises:
        LocalFailure: This machine has none that can be read.
    """
    import ssl

    try:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except (ssl.SSLError, OSError, NotImplementedError) as error:
        raise LocalFailure(
            detail=f"this machine's certificates cannot be read: {words_of(error)}",
            hint="check SSL_CERT_FILE and SSL_CERT_DIR",
        ) from error


def _distrust(error: BaseException | None) -> str:
    """Why the certificate was not believed, or nothing when that was not the trouble."""
    import ssl

    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error.verify_message if error is not None else ""


def words_of(error: BaseException | None) -> str:
    """The innermost reason, as the operating system says it, on one line."""
    while error is not None and (error.__cause__ or error.__context__):
        error = error.__cause__ or error.__context__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower() if error.strerror[1:2].islower() else error.strerror
    text = str(error).partition(": bytearray(")[0]  # h11 shows what it got as Python spells it
    return " ".join(text.split())[:300] or type(error).__name__
