"""Who may ask: tokens, the device login and its page, rotation, revocation, and the Host header."""

import http.client
import re
import sqlite3
import time

import httpx
import pytest

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def web(sandbox):
    """A client without a token."""
    with httpx.Client(base_url=sandbox.url, trust_env=False) as client:
        yield client


def started(web):
    return web.post("/oauth/device_authorization", data={"client_id": "cpctl"}).json()


def asked(web, device_code, client="cpctl"):
    return web.post("/oauth/token", data={"grant_type": DEVICE_GRANT, "client_id": client, "device_code": device_code})


def csrf_of(page):
    return re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)[1]


def decided(web, login, decision="approve", account="ci"):
    page = web.get(login["verification_uri_complete"])
    form = {"user_code": login["user_code"], "account": account, "decision": decision, "csrf": csrf_of(page)}
    return web.post("/device", data=form)


def logged_in(web, account="ci"):
    login = started(web)
    assert decided(web, login, account=account).status_code == 200
    return asked(web, login["device_code"]).json()


def who(web, token):
    return web.get("/v1/whoami", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nothing", "Basic ZGV2", "bearer \xff".encode("latin-1")])
@pytest.mark.parametrize("path", ["/v1/offers", "/v1/whoami", "/v1/orders/x", "/v1/ledger"])
def test_without_a_token_nothing(web, path, header):
    answer = web.get(path, headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_service_document_is_open(web):
    document = web.get("/v1").json()
    assert (document["sandbox"], document["contract"]) == (True, "v1")


@pytest.mark.parametrize("account", ["dev", "ci", "viewer", "other"])
def test_token_files_say_who(sandbox, account):
    said = sandbox.get("/v1/whoami", account).json()
    assert (said["account"], said["tokenExpiresAt"]) == (account, None)


def test_a_device_login(sandbox, web):
    metadata = web.get("/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == sandbox.url
    login = web.post(metadata["device_authorization_endpoint"], data={"client_id": "cpctl"}).json()
    assert login["verification_uri"] == f"{sandbox.url}/device"
    waiting = asked(web, login["device_code"])
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    assert asked(web, login["device_code"]).json()["error"] == "slow_down"
    page = decided(web, login, account="ci")
    assert "approved" in page.text
    tokens = asked(web, login["device_code"]).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    said = who(web, tokens["access_token"]).json()
    assert said["account"] == "ci"
    assert said["tokenExpiresAt"] is not None
    assert asked(web, login["device_code"]).json()["error"] == "invalid_grant"


def test_a_denied_login(web):
    login = started(web)
    assert "denied" in decided(web, login, "deny").text
    assert asked(web, login["device_code"]).json()["error"] == "access_denied"


def test_codes_are_read_however_they_are_typed(web):
    login = started(web)
    typed = login["user_code"].lower().replace("-", " ")
    assert login["user_code"] in web.get("/device", params={"user_code": typed}).text


def test_another_client_cannot_take_the_login(web):
    login = started(web)
    decided(web, login)
    assert asked(web, login["device_code"], client="other").json()["error"] == "invalid_grant"


def test_the_page_runs_nothing_and_takes_only_its_own_form(web):
    login = started(web)
    page = web.get("/device", params={"user_code": '"><script>alert(1)</script>'})
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    form = {"user_code": login["user_code"], "account": "dev", "decision": "approve", "csrf": "0" * 64}
    assert web.post("/device", data=form).status_code == 400
    form["csrf"] = csrf_of(web.get(login["verification_uri_complete"]))
    foreign = web.post("/device", data=form, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 400
    assert web.post("/device", data=form | {"account": "root"}).status_code == 400
    assert asked(web, login["device_code"]).json()["error"] == "authorization_pending"


def test_a_client_name_is_no_markup(web):
    answer = web.post("/oauth/device_authorization", data={"client_id": "<b>me</b>"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_refresh_tokens_rotate_and_a_stolen_one_ends_the_login(web):
    tokens = logged_in(web)
    form = {"grant_type": "refresh_token", "client_id": "cpctl", "refresh_token": tokens["refresh_token"]}
    fresh = web.post("/oauth/token", data=form).json()
    assert who(web, fresh["access_token"]).status_code == 200
    again = web.post("/oauth/token", data=form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert who(web, fresh["access_token"]).status_code == 401
    assert who(web, tokens["refresh_token"]).status_code == 401, "a refresh token is no access token"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_ends_the_login(web, which):
    tokens = logged_in(web)
    assert web.post("/oauth/revoke", data={"token": tokens[which]}).status_code == 200
    assert who(web, tokens["access_token"]).status_code == 401
    assert web.post("/oauth/revoke", data={"token": "unknown"}).status_code == 200


def test_token_files_cannot_be_revoked(sandbox, web):
    web.post("/oauth/revoke", data={"token": sandbox.token})
    assert sandbox.get("/v1/whoami").status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "client_id": "cpctl"}, "unsupported_grant_type"),
        ({"grant_type": DEVICE_GRANT, "client_id": "cpctl"}, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": "cpctl", "refresh_token": "x"}, "invalid_grant"),
    ],
)
def test_token_requests_that_cannot_be_granted(web, form, error):
    answer = web.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_no_token_is_kept_in_clear(sandbox, web):
    tokens = logged_in(web)
    with sqlite3.connect(f"file:{sandbox.data_dir / 'sandbox.db'}?mode=ro", uri=True) as db:
        dump = "\n".join(map(repr, [*db.execute("SELECT * FROM tokens"), *db.execute("SELECT * FROM devices")]))
    for secret in (tokens["access_token"], tokens["refresh_token"], sandbox.token):
        assert secret not in dump


def test_an_expired_token_says_so(sandbox, web):
    tokens = logged_in(web)
    with sqlite3.connect(sandbox.data_dir / "sandbox.db", timeout=10) as db:
        db.execute("UPDATE tokens SET expires = ? WHERE use = 'access'", (time.time() - 1,))
    answer = who(web, tokens["access_token"])
    assert (answer.status_code, answer.json()["reason"]) == (401, "TokenExpired")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8790", 200),
        ("[::1]:1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.1:80:80", 403),
        ("", 403),
    ],
)
def test_only_loopback_hosts(sandbox, host, status):
    line = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    line.putrequest("GET", "/v1", skip_host=True)
    line.putheader("Host", host)
    line.endheaders()
    assert line.getresponse().status == status
    line.close()


def test_it_listens_on_loopback_only(sandbox):
    assert sandbox.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("token", ["", "wrong", "ünicode".encode()])
def test_the_switches_need_their_own_token(sandbox, web, token):
    for path in ("state", "faults", "clock", "activation"):
        assert web.get(f"/sandbox/v1/{path}", headers={"X-Sandbox-Admin": token}).status_code == 401
    assert web.get("/sandbox/v1/state", headers={"Authorization": f"Bearer {sandbox.token}"}).status_code == 401


def test_paths_and_methods_that_are_not_there(sandbox):
    answer = sandbox.get("/v1/nothing")
    assert (answer.status_code, answer.json()["reason"]) == (404, "NotFound")
    answer = sandbox.client().put("/v1/orders")
    assert (answer.status_code, answer.json()["reason"]) == (405, "MethodNotAllowed")
    assert {word.strip() for word in answer.headers["allow"].split(",")} >= {"GET", "POST"}
