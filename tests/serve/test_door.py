"""Who is let in: by cookie, key, or the signature of Open WebUI; on a real server."""

import time
from collections.abc import Iterator

import httpx2
import jwt
import openai
import pytest
from live_server import Live, Puppet, live_server, tutor

from quimbot.exceptions import RecipeError
from quimbot.serve.door import SECRET, open_webui_secret
from quimbot.serve.store.person import Role

SHARED = "a secret that both of them know, long enough for the longest of the hashes"


@pytest.fixture
def live() -> Iterator[Live]:
    with live_server(tutor(Puppet()), accounts=True, secret=SHARED) as live:
        yield live


@pytest.fixture
def visitor(live: Live) -> Iterator[httpx2.Client]:
    """A browser without a cookie."""
    with httpx2.Client(base_url=live.url) as client:
        yield client


def token(live: Live, role: Role = "learner") -> str:
    return live.store.invitations.make(None, role, time.time() + 60, maker_id=None)


def join(visitor: httpx2.Client, live: Live, name: str = "Ana") -> httpx2.Response:
    return visitor.post("/api/join", json={"token": token(live), "name": name})


def signed(secret: str = SHARED, algorithm: str = "HS256", **claims: object) -> dict[str, str]:
    """The header of a user as Open WebUI signs it."""
    usual: dict[str, object] = {"sub": "u-1", "iss": "open-webui", "exp": time.time() + 60}
    usual |= {"email": "ana@example.org", "name": "Ana", "role": "user"}
    told = {key: value for key, value in {**usual, **claims}.items() if value is not None}
    return {"X-OpenWebUI-User-Jwt": jwt.encode(told, secret, algorithm)}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/me"),
        ("PUT", "/api/me"),
        ("DELETE", "/api/me"),
        ("GET", "/api/me/export"),
        ("POST", "/api/me/link"),
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ],
)
def test_nobody_unknown_gets_anything(visitor: httpx2.Client, method: str, path: str) -> None:
    body = {"model": "tutor", "messages": [{"role": "user", "content": "Hello"}]}
    answer = visitor.request(method, path, json={} if path == "/api/me" else body)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_an_invitation_signs_in_until_one_leaves(visitor: httpx2.Client, live: Live) -> None:
    answer = join(visitor, live)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("quimbot=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert "Secure" not in cookie  # over plain http it would be lost
    me = visitor.get("/api/me").json()
    assert (me["name"], me["role"], me["accounts"]) == ("Ana", "learner", True)
    assert visitor.get("/v1/models").status_code == 200
    left = dict(visitor.cookies)
    assert visitor.post("/api/leave").status_code == 204
    assert visitor.get("/api/me").status_code == 401
    assert httpx2.get(f"{live.url}/api/me", cookies=left).status_code == 401


def test_behind_https_the_cookie_goes_nowhere_else(visitor: httpx2.Client, live: Live) -> None:
    said = {"token": token(live), "name": "Ana"}
    answer = visitor.post("/api/join", json=said, headers={"X-Forwarded-Proto": "https"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-quimbot=")
    assert "Secure" in cookie


@pytest.mark.parametrize("cookie", ["", "x", "quimbot", "../../etc/passwd"])
def test_a_made_up_cookie_opens_nothing(visitor: httpx2.Client, live: Live, cookie: str) -> None:
    join(visitor, live)
    with httpx2.Client(base_url=live.url, cookies={"quimbot": cookie}) as other:
        assert other.get("/api/me").status_code == 401


def test_a_key_lets_the_official_client_in_until_it_is_revoked(live: Live) -> None:
    ana = live.store.people.add("Ana")
    secret = live.store.keys.make(ana.id, "laptop")
    with openai.OpenAI(base_url=f"{live.url}/v1", api_key=secret, max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["tutor"]
        (key,) = live.store.keys.of(ana.id)
        assert key.used is not None
        live.store.keys.revoke(ana.id, key.id)
        with pytest.raises(openai.AuthenticationError):
            client.models.list()


def test_open_webuis_users_are_known_apart_and_nothing_else_of_them(
    visitor: httpx2.Client, live: Live
) -> None:
    ana = visitor.get("/api/me", headers=signed()).json()
    again = visitor.get("/api/me", headers=signed(name="Anna", role="admin")).json()
    bo = visitor.get("/api/me", headers=signed(sub="u-2")).json()
    assert ana["id"] == again["id"] != bo["id"]
    assert (ana["name"], ana["role"]) == ("", "learner")
    kept = str(live.store.people.export(ana["id"]))
    assert "u-1" in kept
    assert "example.org" not in kept
    assert "Ana" not in kept


NOT_SIGNED = {
    "expired": signed(exp=1.0),
    "endless": signed(exp=None),
    "for nobody": signed(sub=None),
    "for an empty name": signed(sub=""),
    "for a number": signed(sub=7),
    "by another issuer": signed(iss="somebody"),
    "by no issuer": signed(iss=None),
    "with another secret": signed(secret="another secret that nobody else knows"),
    "with another hash": signed(algorithm="HS512"),
    "with none": signed(secret="", algorithm="none"),
    "blank": {"X-OpenWebUI-User-Jwt": ""},
    "junk": {"X-OpenWebUI-User-Jwt": "a.b.c"},
}


@pytest.mark.parametrize("headers", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_open_webui_did_not_sign_now_is_refused(
    visitor: httpx2.Client, live: Live, headers: dict[str, str]
) -> None:
    join(visitor, live)  # not even somebody who is signed in gets past it
    answer = visitor.get("/api/me", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_without_a_shared_secret_what_is_signed_is_passed_over() -> None:
    with live_server(tutor(Puppet()), accounts=True) as live:
        assert httpx2.get(f"{live.url}/api/me", headers=signed()).status_code == 401


def test_without_accounts_everybody_here_is_the_one_owner() -> None:
    with live_server(tutor(Puppet()), secret=SHARED) as live:
        me = httpx2.get(f"{live.url}/api/me").json()
        assert (me["role"], me["accounts"]) == ("owner", False)
        other = {"Authorization": "Bearer none"}
        assert httpx2.get(f"{live.url}/api/me", headers=other).json() == me
        assert httpx2.get(f"{live.url}/api/me", headers=signed()).json()["id"] != me["id"]
        wrong = {"Authorization": "Bearer qb_made_up"}
        assert httpx2.get(f"{live.url}/api/me", headers=wrong).status_code == 401
        join = httpx2.post(f"{live.url}/api/join", json={"token": "x", "name": "Ana"})
        assert join.json()["error"]["code"] == "no_accounts"


def test_a_secret_too_short_to_sign_with_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "short")
    with pytest.raises(RecipeError, match="has 5 bytes; give 32 or more"):
        open_webui_secret()
    monkeypatch.setenv(SECRET, SHARED)
    assert open_webui_secret() == SHARED
    monkeypatch.delenv(SECRET)
    assert open_webui_secret() == ""
