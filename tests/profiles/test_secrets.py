from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cpctl.errors import LocalFailure, NoSecretStore, NotAuthorized, TokenRefused
from cpctl.profiles.secrets import FileStore, KeyringStore, SandboxStore
from cpctl.resources.endpoint import endpoint
from cpctl.resources.secret import checked
from tools import need


def backend(module: str, **methods) -> object:
    return type("Keyring", (), {"__module__": module, **methods})()


def memory(module: str = "keyring.backends.SecretService") -> object:
    kept: dict[tuple[str, str], str] = {}
    return backend(
        module,
        get_password=lambda self, service, user: kept.get((service, user)),
        set_password=lambda self, service, user, text: kept.__setitem__((service, user), text),
        delete_password=lambda self, service, user: kept.pop((service, user)),
    )


class TestKeyring:
    def test_keeps_one_text_a_profile(self):
        kept = memory()
        store = KeyringStore(lambda: kept)
        assert store.get("ci") is None and not store.delete("ci")
        store.set("ci", "record")
        assert store.get("ci") == "record" and store.get("sandbox") is None
        assert store.delete("ci") and store.get("ci") is None

    @pytest.mark.parametrize(
        "module", ["keyring.backends.null", "keyring.backends.fail", "keyrings.alt.file", "keyring.backends.made_up"]
    )
    def test_null_fail_and_plaintext_are_none(self, module):
        with pytest.raises(NoSecretStore) as caught:
            KeyringStore(lambda: memory(module)).set("ci", "secret")
        assert caught.value.exit_code == 4
        assert "CPCTL_TOKEN" in (caught.value.advice or "") and "--insecure-storage" in (caught.value.advice or "")

    def test_a_chain_is_as_good_as_what_is_in_it(self):
        good = memory()
        chain = backend("keyring.backends.chainer", backends=[memory("keyrings.alt.file"), good])
        KeyringStore(lambda: chain).set("ci", "record")
        assert KeyringStore(lambda: good).get("ci") == "record"
        empty = backend("keyring.backends.chainer", backends=[])
        with pytest.raises(NoSecretStore):
            KeyringStore(lambda: empty).get("ci")

    def test_whatever_a_backend_raises_is_one_line(self):
        def broken():
            raise RuntimeError("D-Bus\nis gone")

        with pytest.raises(NoSecretStore) as caught:
            KeyringStore(broken).get("ci")
        assert "\n" not in caught.value.message

    def test_one_that_hangs_is_given_up_once(self):
        store = KeyringStore(lambda: time.sleep(30), limit_s=0.2)
        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(NoSecretStore, match="did not answer"):
                store.get("ci")
        assert time.monotonic() - began < 1

    def test_a_hanging_keyring_does_not_hold_up_the_exit(self):
        script = (
            "import time\nfrom cpctl.profiles.secrets import KeyringStore\n"
            "try: KeyringStore(lambda: time.sleep(60)).get('x')\nexcept Exception as e: raise SystemExit(e.exit_code)"
        )
        began = time.monotonic()
        assert subprocess.run([sys.executable, "-c", script], timeout=30).returncode == 4
        assert time.monotonic() - began < 5

    @pytest.mark.parametrize("named", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
    def test_the_real_library_without_a_keyring(self, named):
        script = (
            "from cpctl.profiles.secrets import KeyringStore\n"
            "try: KeyringStore().set('x', 'y')\nexcept Exception as e: raise SystemExit(int(e.exit_code))"
        )
        env = {**os.environ, "PYTHON_KEYRING_BACKEND": named}
        assert subprocess.run([sys.executable, "-c", script], env=env, timeout=30).returncode == 4

    def test_a_real_keyring(self, tmp_path):
        for tool in ("dbus-run-session", "gnome-keyring-daemon"):
            need(tool)
        script = (
            "from cpctl.profiles.secrets import KeyringStore\n"
            "s = KeyringStore(); s.set('cpctl-test', 'record')\n"
            "assert KeyringStore().get('cpctl-test') == 'record'\nassert s.delete('cpctl-test')\n"
            "assert s.get('cpctl-test') is None"
        )
        unlocked = 'printf x | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"'
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
        env["PYTHONPATH"] = str(Path.cwd())
        command = ["dbus-run-session", "--", "sh", "-c", unlocked, "sh", sys.executable, "-c", script]
        done = subprocess.run(command, env=env, timeout=60, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


class TestFile:
    def test_is_private_from_creation(self, tmp_path):
        store = FileStore(tmp_path / "tokens")
        before = os.umask(0)
        try:
            store.set("ci", "record")
        finally:
            os.umask(before)
        assert stat.S_IMODE(store.path("ci").stat().st_mode) == 0o600
        assert store.get("ci") == "record" and store.delete("ci") and not store.delete("ci")

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o666])
    def test_a_wider_one_is_refused(self, tmp_path, mode):
        store = FileStore(tmp_path)
        store.set("ci", "record")
        store.path("ci").chmod(mode)
        with pytest.raises(NotAuthorized, match=f"{mode:04o}") as caught:
            store.get("ci")
        assert caught.value.exit_code == 4 and "chmod 600" in (caught.value.advice or "")

    def test_a_pipe_or_a_folder_is_refused_at_once(self, tmp_path):
        store = FileStore(tmp_path)
        os.mkfifo(store.path("ci"), 0o600)
        with pytest.raises(NotAuthorized, match="plain file"):
            store.get("ci")
        store.path("folder").mkdir()
        with pytest.raises(LocalFailure):
            store.get("folder")

    @pytest.mark.parametrize("name", ["../../etc/x", "/etc/x", "", "a/b"])
    def test_names_stay_in_the_folder(self, tmp_path, name):
        assert FileStore(tmp_path).path(name).parent == tmp_path


class TestSandbox:
    @pytest.fixture
    def data(self, tmp_path):
        (tmp_path / "token").write_text("sandbox-token\n")
        (tmp_path / "token").chmod(0o600)
        (tmp_path / "endpoint.json").write_text(json.dumps({"url": "http://127.0.0.1:8790", "pid": 1}))
        return tmp_path

    def test_goes_to_its_own_address_only(self, data):
        store = SandboxStore(data)
        assert store.token(endpoint("http://127.0.0.1:8790")) == "sandbox-token"
        for other in ("http://127.0.0.1:8791", "http://localhost:8790", "https://127.0.0.1:8790"):
            assert store.token(endpoint(other)) is None

    def test_never_leaves_the_machine(self, data):
        (data / "endpoint.json").write_text(json.dumps({"url": "https://platform.example"}))
        assert SandboxStore(data).token(endpoint("https://platform.example")) is None

    @pytest.mark.parametrize("damage", ["", "{", "[]", '{"url": 5}', '{"url": "junk"}', "[" * 50_000])
    def test_a_damaged_description_is_no_sandbox(self, data, damage):
        (data / "endpoint.json").write_text(damage)
        assert SandboxStore(data).token(endpoint("http://127.0.0.1:8790")) is None

    def test_a_wider_token_file_is_refused(self, data):
        (data / "token").chmod(0o644)
        with pytest.raises(NotAuthorized):
            SandboxStore(data).token(endpoint("http://127.0.0.1:8790"))


@pytest.mark.parametrize("token", ["", "a\r\nX: y", "a\nb", "a\0b", "a b", "令牌", "a\x7f", "x" * 20_000])
def test_what_cannot_stand_in_a_header_is_refused_and_not_repeated(token):
    with pytest.raises(TokenRefused) as caught:
        checked(token)
    assert not token or token not in caught.value.message


def test_a_good_token_passes():
    assert checked("eyJ.a-b_c~+/=") == "eyJ.a-b_c~+/="
