"""The way to one origin: the same bytes, sent again only when that is safe, until a definite answer or the deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from typing import Any, TypeVar

from cpctl import __version__
from cpctl.api import policy
from cpctl.api.attempt import Attempt, Failure, Streamed
from cpctl.api.body import decoded, is_json
from cpctl.api.line import Cut, Late, Line, NotSent, Untrusted, tls_context
from cpctl.api.masking import SHOWN_LIMIT, masked_body, masked_headers, without
from cpctl.api.policy import Standing
from cpctl.api.problems import error_of, outcome_unknown, problem_of, redirected
from cpctl.api.proxies import proxy_for
from cpctl.api.quick import QuickLine, Unusual, openssl_trust
from cpctl.errors import BadAnswer, CpctlError, TokenRefused, Unreachable
from cpctl.resources.clock import Clock
from cpctl.resources.endpoint import Endpoint
from cpctl.resources.exchange import Answer, Request
from cpctl.resources.secret import Bearer, checked

T = TypeVar("T")
TRUST_HINT = "SSL_CERT_FILE=CA.pem, if it is your company's own authority that is missing"
Trace = Callable[[int, str], None]
Step = Callable[[Attempt], T]


class Transport:
    """A `Sender` for one endpoint: all rules of sending, over lines of two kinds.

    Plain reads go over a `QuickLine`, which leaves whatever is unusual to a `Line` of httpx; all else
    goes over a `Line`.

    Args:
        bearer: Whose token goes along; None for requests without one. It is shown to this origin only.
        clock: Time for deadlines and pauses.
        env: Where proxies are named.
        trace: Is told (level, one line); everything in it is masked, nothing is made safe for a terminal.
        whole_bodies: Bodies are told whole, however long they are.
        jitter: Answers 0 ≤ x < 1, at random if none is given, so that many clients do not come back at once.
        down_hint: What to do when nothing answers.
        quick: Plain reads may do without httpx.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        bearer: Bearer | None = None,
        *,
        clock: Clock,
        env: Mapping[str, str] | None = None,
        trace: Trace | None = None,
        jitter: Callable[[], float] | None = None,
        down_hint: str | None = None,
        whole_bodies: bool = False,
        quick: bool = True,
    ) -> None:
        self.origin = endpoint.origin
        self._endpoint = endpoint
        self._bearer = bearer
        self._clock = clock
        self._env = env or {}
        self._trace = trace
        self._jitter = jitter or _random
        self._down_hint = down_hint
        self._shown_bytes = None if whole_bodies else SHOWN_LIMIT
        self._quick = quick
        self._idle: list[Line | QuickLine] = []
        self._seen: set[str] = set()  # tokens that were sent, to be masked wherever they come back

    def send(self, request: Request) -> Answer:
        """The definite answer.

        Raises:
            CpctlError: As `exchange.Sender` says.
        """
        return self._until_definite(request, self._whole)

    @contextmanager
    def stream(self, request: Request) -> Iterator[Streamed]:
        """The answer's head at once and its body while it comes; sending again ends with the first good head."""
        attempt = self._until_definite(request, self._head)
        try:
            yield Streamed(attempt, self._clock)
        finally:
            self._give_back(attempt.line)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    # sending again

    def _until_definite(self, request: Request, step: Step[T]) -> T:
        policy.checked_path(request.path)
        ends = self._clock.monotonic() + request.deadline_s
        doubtful, renewed = False, False
        for tries in count(1):
            try:
                return self._attempt(Attempt(request, self._line(request), ends, tries), step)
            except Failure as failure:
                if not renewed and self._renew(failure.error):
                    renewed = True
                    continue
                doubtful = doubtful or failure.standing in (Standing.DOUBTFUL, Standing.BUSY)
                pause_s = policy.pause_s(tries, failure.retry_after_s, self._jitter())
                again = policy.may_send_again(request, failure.standing, tries)
                if not again or self._clock.monotonic() + pause_s >= ends:
                    raise self._last(request, failure, doubtful) from failure
                self._tell(6, f"{failure.error.message}; again in {pause_s:.1f} s")
                self._clock.sleep(pause_s)
        raise AssertionError("count() has no end")

    def _last(self, request: Request, failure: Failure, doubtful: bool) -> CpctlError:
        """What the user is told when no further attempt is made."""
        if request.spending and doubtful and not failure.settles:
            return outcome_unknown(self.origin, request, failure.error, keyed=policy.is_keyed(request))
        return failure.error

    def _renew(self, error: CpctlError) -> bool:
        """Whether there is a fresh token in place of one the platform called expired."""
        if not isinstance(error, TokenRefused) or error.reason != "TokenExpired" or not self._bearer or not self._token:
            return False
        fresh = self._bearer.renewed(self._token)
        if not fresh or fresh == self._token:
            return False
        self._token = fresh
        return True

    @cached_property
    def _token(self) -> str | None:
        token = self._bearer.token() if self._bearer else None
        return checked(token) if token else None

    # one attempt

    def _attempt(self, attempt: Attempt, step: Step[T]) -> T:
        began = self._clock.monotonic()
        try:
            self._ask(attempt, began)
            return step(attempt)
        except NotSent as fault:
            raise Failure(self._unreachable(fault), Standing.UNSENT) from fault
        except Cut as fault:
            raise Failure(self._cut(attempt, fault), Standing.DOUBTFUL) from fault
        except BaseException:
            attempt.line.healthy = False
            raise
        finally:
            self._tell(6, self._summary(attempt, self._clock.monotonic() - began))
            if step != self._head or attempt.status >= 300 or not attempt.line.healthy:
                self._give_back(attempt.line)

    def _ask(self, attempt: Attempt, now: float) -> None:
        request = attempt.request
        headers = self._headers(request)
        self._tell_all(7, f"> {request.method} {request.path}", headers, request.body)
        limit_s = policy.first_byte_limit_s(request, attempt.number, max(attempt.ends - now, 0.001))
        words = (request.method, request.path, headers, request.body)
        try:
            attempt.status, attempt.headers = attempt.line.ask(*words, limit_s)
        except Unusual:
            self._quick = False
            self.close()
            attempt.line.close()
            attempt.line = self._line(request)
            left_s = max(now + limit_s - self._clock.monotonic(), 0.001)
            attempt.status, attempt.headers = attempt.line.ask(*words, left_s)

    def _whole(self, attempt: Attempt) -> Answer:
        self._refuse_failures(attempt)
        answer = Answer(attempt.status, attempt.headers, self._body(attempt, policy.BODY_LIMIT))
        self._refuse_odd(attempt, answer)
        return answer

    def _head(self, attempt: Attempt) -> Attempt:
        self._refuse_failures(attempt)
        return attempt

    def _refuse_failures(self, attempt: Attempt) -> None:
        """Raises Failure for every status that is no success."""
        status, headers, request = attempt.status, attempt.headers, attempt.request
        if status < 300 or (status == 304 and _header(request.headers, "if-none-match")):
            return
        if status < 400:
            raise Failure(redirected(status, headers, request), Standing.FINAL)
        body = self._masked(self._body(attempt, policy.PROBLEM_LIMIT))
        problem = problem_of(status, body, headers.get("content-type", ""))
        error = error_of(status, headers, body, request)
        if isinstance(error, TokenRefused) and self._bearer:
            error.advice = self._bearer.login_hint
        standing = policy.standing(status, problem.reason, problem.understood)
        raise Failure(error, standing, status, policy.retry_after_s(headers, self._clock.now()))

    def _refuse_odd(self, attempt: Attempt, answer: Answer) -> None:
        """A success whose body is none: a proxy's page, or half a document."""
        request = attempt.request
        if attempt.status == 304 or "json" not in _header(request.headers, "accept", "application/json"):
            return
        if not answer.body and not request.spending and request.method != "GET":
            return
        if not is_json(attempt.headers):
            kind = attempt.headers.get("content-type", "no content type")[:60]
            fault = BadAnswer(detail=f"{self.origin} answers with {kind}, not JSON; is this the platform's address?")
            raise Failure(fault, self._odd(attempt))
        try:
            answer.json()
        except BadAnswer as error:
            raise Failure(error, self._odd(attempt)) from error

    def _odd(self, attempt: Attempt) -> Standing:
        return Standing.DOUBTFUL if attempt.request.spending else Standing.FINAL

    def _body(self, attempt: Attempt, limit: int) -> bytes:
        left_s = max(attempt.ends - self._clock.monotonic(), 0.001)
        try:
            body = b"".join(decoded(attempt.line.chunks(left_s), attempt.headers, limit))
        except BadAnswer as error:
            attempt.line.healthy = False
            raise Failure(error, self._odd(attempt)) from error
        self._tell_all(8, f"< {attempt.status}", attempt.headers, body)
        return body

    # headers

    def _headers(self, request: Request) -> dict[str, str]:
        usual = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": f"cpctl/{__version__}"}
        if request.body is not None:
            usual["content-type"] = "application/json"
        given = {name.lower(): value for name, value in policy.checked_headers(request.headers).items()}
        if self._token:
            self._seen.add(self._token)
            given["authorization"] = f"Bearer {self._token}"
        return usual | given

    # lines

    def _line(self, request: Request) -> Line | QuickLine:
        """A connection; one that was idle may be closed at its other end, which a request sent once cannot risk."""
        for line in [] if request.spending else reversed(self._idle):
            if line.takes(request):
                self._idle.remove(line)
                return line
        proxy = proxy_for(self._endpoint, self._env)
        if self._quick and proxy is None and QuickLine.takes(request):
            return QuickLine(self._endpoint, (lambda: self._quick_tls) if self._endpoint.secure else None)
        return Line(self._endpoint, self._tls, proxy)

    @cached_property
    def _quick_tls(self) -> Any:
        return openssl_trust()

    @cached_property
    def _tls(self) -> Any:
        return tls_context() if self._endpoint.secure else None

    def _give_back(self, line: Line | QuickLine) -> None:
        line.finish()
        if line.healthy:
            self._idle.append(line)
        else:
            line.close()

    # words

    def _unreachable(self, fault: NotSent) -> Unreachable:
        if isinstance(fault, Untrusted):
            return Unreachable(reason="Untrusted", detail=f"{self.origin} is not believed: {fault}", hint=TRUST_HINT)
        return Unreachable(detail=f"platform {self.origin} is not answering: {fault}", hint=self._down_hint)

    def _cut(self, attempt: Attempt, fault: Cut) -> CpctlError:
        if isinstance(fault, Late):
            return Unreachable(
                detail=f"{self.origin} did not finish its answer within {attempt.request.deadline_s:g} s"
            )
        if attempt.status:
            return BadAnswer(reason="Cut", detail=f"{self.origin} cut its answer short: {fault}")
        return Unreachable(detail=f"{self.origin} closed the connection without an answer: {fault}")

    # tracing

    def _summary(self, attempt: Attempt, seconds: float) -> str:
        request = attempt.request
        outcome = attempt.status or "no answer"
        return f"{request.method} {self._endpoint.url}{request.path} {outcome} in {seconds * 1000:.0f} ms"

    def _tell(self, level: int, text: str) -> None:
        if self._trace:
            self._trace(level, without(text, self._seen))

    def _tell_all(self, level: int, first: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Headers at their level, bodies at 8, whole at 9."""
        if not self._trace:
            return
        for line in (first, *masked_headers(headers)):
            self._tell(level, line)
        if body:
            self._tell(8, masked_body(self._masked(body), _header(headers, "content-type"), self._shown_bytes))

    def _masked(self, body: bytes) -> bytes:
        """An error body in which no token that was sent comes back."""
        for token in self._seen:
            body = body.replace(token.encode(), b"***")
        return body


def _random() -> float:
    from random import random

    return random()  # noqa: S311  (it spreads clients, and hides nothing)


def _header(headers: Mapping[str, str], name: str, default: str = "") -> str:
    return next((value for key, value in headers.items() if key.lower() == name), default)
