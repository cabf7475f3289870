from __future__ import annotations

import pytest

from cpctl.errors import BadValue, NotAuthorized, UnknownName, UsageError
from cpctl.profiles import config
from cpctl.profiles.resolve import Flags, Limit, environment_token, resolve, tightest

DOCUMENT = config.parse(
    """
current-profile = "sandbox"
[profiles.sandbox]
server = "http://127.0.0.1:8790"
project = "nlp"
province = ["山西", "NX"]
output = "wide"
[profiles.sandbox.limits]
max-price = "20"
max-order = "5000.00"
[profiles.sandbox.residency]
provinces = ["shanghai"]
[profiles.ci]
server = "https://platform.example/ccpp"
[profiles.llm]
models = "http://127.0.0.1:8080/v1"
""",
    "config.toml",
)


def test_the_current_profile_says_everything():
    profile = resolve(DOCUMENT, {})
    assert (profile.name, profile.endpoint.url, profile.project) == ("sandbox", "http://127.0.0.1:8790", "nlp")
    assert (profile.provinces, profile.output, profile.residency) == (("shanxi", "ningxia"), "wide", ("shanghai",))
    assert profile.sources["project"] == "profile sandbox"
    assert profile.title == "sandbox (http://127.0.0.1:8790)"


def test_flag_before_environment_before_profile_before_default():
    env = {"CPCTL_PROJECT": "from-env", "CPCTL_OUTPUT": "yaml"}
    profile = resolve(DOCUMENT, env, Flags(project="from-flag"))
    assert (profile.project, profile.sources["project"]) == ("from-flag", "--project")
    assert (profile.output, profile.sources["output"]) == ("yaml", "CPCTL_OUTPUT")
    other = resolve(DOCUMENT, {"CPCTL_PROFILE": "ci"})
    assert (other.project, other.sources["project"]) == ("default", "default")
    assert (other.output, other.sources["output"]) == ("table", "default")


def test_flag_names_the_profile_before_the_environment():
    assert resolve(DOCUMENT, {"CPCTL_PROFILE": "ci"}, Flags(profile="sandbox")).name == "sandbox"


def test_an_empty_variable_is_none():
    assert resolve(DOCUMENT, {"CPCTL_PROFILE": "", "CPCTL_SERVER": ""}).name == "sandbox"


def test_a_server_alone_is_enough():
    profile = resolve({}, {"CPCTL_SERVER": "https://platform.example"})
    assert (profile.name, profile.endpoint.origin) == ("", "https://platform.example")
    assert profile.title == "CPCTL_SERVER (https://platform.example)"


def test_models_alone_are_enough_until_a_platform_is_needed():
    profile = resolve(DOCUMENT, {"CPCTL_PROFILE": "llm"})
    assert profile.models and profile.models.url == "http://127.0.0.1:8080/v1"
    with pytest.raises(UsageError, match="llm names no platform"):
        _ = profile.endpoint


def test_no_profile_says_what_to_do():
    with pytest.raises(UsageError, match="no profile") as caught:
        resolve({}, {})
    assert "cpctl sandbox up" in (caught.value.advice or "") and "cpctl config set" in (caught.value.advice or "")


def test_an_unknown_profile_is_a_usage_error_with_the_legal_ones():
    with pytest.raises(UnknownName, match="CPCTL_PROFILE") as caught:
        resolve(DOCUMENT, {"CPCTL_PROFILE": "sandbax"})
    assert 'Did you mean "sandbox"' in caught.value.message


@pytest.mark.parametrize(
    "env",
    [
        {"CPCTL_SERVER": "http://platform.example"},
        {"CPCTL_PROJECT": "../admin"},
        {"CPCTL_MAX_PRICE": "cheap"},
        {"CPCTL_MAX_DAY": "-1"},
        {"CPCTL_MODELS_URL": "file:///etc"},
    ],
)
def test_a_bad_variable_is_named(env):
    with pytest.raises(BadValue) as caught:
        resolve(DOCUMENT, env)
    assert next(iter(env)) in caught.value.message


def test_limits_are_the_least_of_all_places():
    env = {"CPCTL_MAX_PRICE": "25", "CPCTL_MAX_ORDER": "100", "CPCTL_MAX_DAY": "7"}
    assert resolve(DOCUMENT, env).limits == {
        "max-price": Limit("20", "profile sandbox"),
        "max-order": Limit("100", "CPCTL_MAX_ORDER"),
        "max-day": Limit("7", "CPCTL_MAX_DAY"),
    }


def test_tightest_compares_numbers_not_texts():
    assert tightest({"max-day": Limit("9", "a")}, {"max-day": Limit("10", "b")})["max-day"].set_by == "a"


class TestEnvironmentToken:
    """CPCTL_TOKEN goes to the origin of CPCTL_SERVER or of the profile CPCTL_PROFILE names, and nowhere else."""

    def sent(self, env, flags=None):
        profile = resolve(DOCUMENT, {"CPCTL_TOKEN": "t", **env}, flags)
        return environment_token({"CPCTL_TOKEN": "t", **env}, profile.endpoint.origin, profile.token_origins)

    def test_goes_to_the_named_server_and_the_named_profile(self):
        assert self.sent({"CPCTL_SERVER": "https://platform.example"}) == "t"
        assert self.sent({"CPCTL_PROFILE": "ci"}) == "t"

    def test_with_neither_is_refused(self):
        with pytest.raises(NotAuthorized, match="neither") as caught:
            self.sent({})
        assert caught.value.exit_code == 4

    def test_a_flag_does_not_lead_it_elsewhere(self):
        with pytest.raises(NotAuthorized):
            self.sent({"CPCTL_PROFILE": "ci"}, Flags(profile="sandbox"))
        with pytest.raises(NotAuthorized):
            self.sent({"CPCTL_SERVER": "https://platform.example"}, Flags(server="https://evil.example"))

    def test_none_is_none(self):
        assert environment_token({}, "https://platform.example", frozenset()) is None


def test_a_token_that_belongs_nowhere_is_no_login():
    with pytest.raises(NotAuthorized, match="neither CPCTL_SERVER nor CPCTL_PROFILE"):
        resolve({}, {"CPCTL_TOKEN": "secret-canary"})
