"""The page on which a person approves a device login: plain HTML, no script, forms bound to their page by a token."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from html import escape
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

from cpctl.sandbox.accounts import ACCOUNTS
from cpctl.sandbox.endpoint import whole_body
from cpctl.sandbox.oauth import LONGEST, Refusal, form_of
from cpctl.sandbox.shapes import Text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cpctl.sandbox.platform import Platform

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
PAGE: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>cpctl sandbox login 沙箱登录</title>
<style>body{{font:16px/1.5 sans-serif;max-width:36em;margin:3em auto;padding:0 1em}}
button,input,select{{font:inherit}}</style>
</head><body><h1>中国算力平台 · 沙箱</h1>
{content}
<p><small>This is a sandbox on your own machine. 这是本机上的沙箱，没有真实的账户与资金。</small></p>
</body></html>
"""
ASK: Final = """<form method="get" action="/device"><p><label>Code shown by cpctl 设备码
<input name="user_code" required maxlength="40" autocomplete="off" autofocus></label>
<button>Continue 继续</button></p></form>"""
DECIDE: Final = """<p>A program asks to log in with the code <strong>{code}</strong> (client {client}).
Go on only if you started it. 请确认此登录由您本人发起。</p>
<form method="post" action="/device"><input type="hidden" name="user_code" value="{code}">
<input type="hidden" name="csrf" value="{csrf}">
<p><label>Account 账户 <select name="account">{accounts}</select></label></p>
<p><button name="decision" value="approve">Approve 同意</button>
<button name="decision" value="deny">Deny 拒绝</button></p></form>"""


def shown(platform: Platform) -> Callable[[Request], Awaitable[Response]]:
    """Serve GET /device."""

    async def serve(request: Request) -> Response:
        typed = request.query_params.get("user_code", "")
        Text(most=LONGEST["user_code"]).check(typed, "user_code")
        code = canonical(typed)
        client = waiting_client(platform, code)
        if not code:
            return page(ASK)
        if client is None:
            return page(f"<p>The code {escape(code)} is not waiting for anybody. 此代码无效或已过期。</p>{ASK}")
        options = "".join(
            f'<option value="{escape(each.name)}">{escape(each.name)}: {escape(each.display_name)}</option>'
            for each in ACCOUNTS.values()
        )
        token = form_token(platform, code)
        return page(DECIDE.format(code=escape(code), client=escape(client), csrf=token, accounts=options))

    return serve


def decided(platform: Platform) -> Callable[[Request], Awaitable[Response]]:
    """Serve POST /device."""

    async def serve(request: Request) -> Response:
        try:
            form = form_of(await whole_body(request), request)
        except Refusal as refusal:
            return page(f"<p>{escape(str(refusal))}</p>", 400)
        code = canonical(form.get("user_code", ""))
        if not is_own_form(platform, request, code, form.get("csrf", "")):
            return page(f"<p>This form is not from this page, or too old. 表单无效。</p>{ASK}", 400)
        account, decision = form.get("account", "dev"), form.get("decision")
        if account not in ACCOUNTS or decision not in ("approve", "deny"):
            return page(f"<p>Choose an account, and approve or deny. 请选择。</p>{ASK}", 400)
        state = "approved" if decision == "approve" else "denied"
        if not decide(platform, code, state, account):
            return page(f"<p>The code {escape(code)} is not waiting for anybody. 此代码无效或已过期。</p>{ASK}", 400)
        return page(f"<p>Login {state}. You can close this page. 已完成，可以关闭本页。</p>")

    return serve


def page(content: str, status: int = 200) -> HTMLResponse:
    """A whole page."""
    return HTMLResponse(PAGE.format(content=content), status, HEADERS)


def canonical(text: str) -> str:
    """A code as it is kept, however it was typed: `bcdf ghjk` is BCDF-GHJK."""
    letters = re.sub(r"[^A-Z]", "", text.upper())[:8]
    return f"{letters[:4]}-{letters[4:]}" if letters else ""


def waiting_client(platform: Platform, code: str) -> str | None:
    """Who waits for this code."""
    sql = "SELECT client FROM devices WHERE user_code = ? AND state = 'pending' AND expires > ?"
    row = platform.store.db.execute(sql, (code, platform.clock.wall())).fetchone()
    return None if row is None else str(row[0])


def decide(platform: Platform, code: str, state: str, account: str) -> bool:
    """Keep the decision; False when nobody waits for it any more."""
    sql = "UPDATE devices SET state = ?, account = ? WHERE user_code = ? AND state = 'pending' AND expires > ?"
    with platform.store.change() as change:
        return change.db.execute(sql, (state, account, code, platform.clock.wall())).rowcount == 1


def form_token(platform: Platform, code: str) -> str:
    """What only this server could have put into the form for this code."""
    return hmac.new(
        bytes.fromhex(platform.store.meta("cursor-key")), f"device {code}".encode(), hashlib.sha256
    ).hexdigest()


def is_own_form(platform: Platform, request: Request, code: str, token: str) -> bool:
    """Whether the form came from this page: its token fits, and a browser that says where it was says here."""
    origin = request.headers.get("origin")
    if origin not in (None, f"http://{request.headers['host']}"):
        return False
    return hmac.compare_digest(token.encode(), form_token(platform, code).encode())
