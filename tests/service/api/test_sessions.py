"""Console sessions: signing in with a password or a key, and writing only from our own pages."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from service.accounts.attempts import A_LOGIN, WINDOW
from service.accounts.audit import Action, list_audit
from service.accounts.csrf import FIELD, HEADER, csrf_field, proves, token_of
from service.accounts.passwords import hashed, is_right
from service.accounts.roles import Role
from service.accounts.users import NewUser, change_password, change_role, disable_user, make_user
from service.api.app import create_app
from service.api.sessions import COOKIE, Sessions, session_secret
from tests.service.api.world import NOW, World

LOGIN, PASSWORD = "desk@bank.example", "four random words here"
NEED = {"text": "anything at all that turns in a river"}


@pytest.fixture
def world_of_users(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("service.api.keys.REMEMBERED", 0.0)
    with world.store.writing() as session:
        make_user(session, NewUser(LOGIN, Role.BROKER, password=PASSWORD), actor="test", at=NOW)
    return world


@contextmanager
def _client(world: World, **options: str) -> Iterator[TestClient]:
    with TestClient(create_app(world.settings), follow_redirects=False, **options) as client:  # type: ignore[arg-type]
        yield client


def _sign_in(client: TestClient, login: str = LOGIN, password: str = PASSWORD) -> int:
    return client.post("/sign-in", data={"login": login, "password": password, "next": "/"}).status_code


def _token(world: World, client: TestClient) -> str:
    signed_in = Sessions(session_secret(world.settings.data_dir)).read(client.cookies[COOKIE])
    assert signed_in is not None
    return signed_in.csrf


def test_a_password_opens_the_console_as_the_user_with_their_role(world_of_users: World) -> None:
    with _client(world_of_users) as client:
        assert _sign_in(client, login="Desk@Bank.example ") == 303, "case and spaces of a mailbox do not matter"
        known = client.get("/v1/key").json()
        assert client.get("/").status_code == 200
    assert (known["prefix"], known["user"], known["role"]) == ("", LOGIN, "broker")


@pytest.mark.parametrize(
    ("login", "password"),
    [(LOGIN, "wrong"), (LOGIN, ""), ("nobody@bank.example", PASSWORD), (LOGIN, PASSWORD * 100), ("\x00", "x")],
)
def test_a_wrong_password_is_told_in_the_same_words_and_gives_no_cookie(
    world_of_users: World, login: str, password: str
) -> None:
    with _client(world_of_users) as client:
        answer = client.post("/sign-in", data={"login": login, "password": password})
    assert answer.status_code == 401
    assert "not good" in answer.text
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_for_this_site_and_not_for_scripts_and_secure_over_https(world_of_users: World) -> None:
    for base, secure in (("http://testserver", False), ("https://testserver", True)):
        with _client(world_of_users, base_url=base) as client:
            answer = client.post("/sign-in", data={"login": LOGIN, "password": PASSWORD})
        said = answer.headers["set-cookie"].lower()
        assert ("httponly" in said, "samesite=lax" in said, "secure" in said) == (True, True, secure)


def test_a_session_writes_with_its_token_only(world_of_users: World) -> None:
    with _client(world_of_users) as client:
        _sign_in(client)
        token = _token(world_of_users, client)
        for headers in (
            {},
            {HEADER: ""},
            {HEADER: token[:-1] + "x"},
            {HEADER: token, "Origin": "https://evil.example"},
        ):
            answer = client.post("/v1/match", json=NEED, headers=headers)
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "csrf"), headers
        assert client.post("/v1/match", json=NEED, headers={HEADER: token}).status_code == 200
        own = {HEADER: token, "Origin": "http://testserver"}
        assert client.put("/v1/needs/need-9", json=NEED, headers=own).status_code == 201


def test_a_sessions_writing_is_bounded_by_its_role(world_of_users: World) -> None:
    with _client(world_of_users) as client:
        _sign_in(client)
        with world_of_users.store.writing() as session:
            change_role(session, LOGIN, Role.VIEWER, actor="test", at=NOW)
        sent = {HEADER: _token(world_of_users, client)}
        answer = client.put("/v1/needs/need-9", json=NEED, headers=sent)
    assert answer.json()["type"].endswith("not-permitted")


def test_the_token_of_one_session_is_nothing_to_another(world_of_users: World) -> None:
    with _client(world_of_users) as client:
        _sign_in(client)
        first = _token(world_of_users, client)
        _sign_in(client)
        assert _token(world_of_users, client) != first
        assert client.post("/v1/match", json=NEED, headers={HEADER: first}).status_code == 403


def test_a_token_is_found_in_both_kinds_of_form_and_nowhere_else() -> None:
    token = token_of("secret", "session")
    form, kind = f"a=b&{FIELD}={token}".encode(), "application/x-www-form-urlencoded; charset=utf-8"
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{FIELD}"\r\n\r\n{token}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nid\r\n--x--\r\n'
    ).encode()
    assert proves(token, header=None, content_type=kind, body=form)
    assert proves(token, header=None, content_type="multipart/form-data; boundary=x", body=parts)
    assert not proves(
        token, header=None, content_type="multipart/form-data; boundary=x", body=parts.replace(b"name=", b"n=")
    )
    assert not proves(token, header=None, content_type="text/plain", body=form)
    assert not proves(token, header=None, content_type=kind, body=b"")
    assert not proves("", header="", content_type=kind, body=f"{FIELD}=".encode())
    assert csrf_field(token) == f'<input type="hidden" name="{FIELD}" value="{token}">'


def test_a_key_needs_no_token(world: World) -> None:
    with world.client() as client:
        assert client.post("/v1/match", json=NEED).status_code == 200


@pytest.mark.parametrize("change", ["password", "disabled"])
def test_another_password_and_a_disabled_account_end_the_session(world_of_users: World, change: str) -> None:
    with _client(world_of_users) as client:
        _sign_in(client)
        assert client.get("/").status_code == 200
        with world_of_users.store.writing() as session:
            if change == "password":
                change_password(session, LOGIN, "another four random words", actor="test", at=NOW)
            else:
                disable_user(session, LOGIN, actor="test", at=NOW)
        assert client.get("/").status_code == 303
        assert _sign_in(client) == 401


def test_guessing_is_stopped_after_a_few_attempts_even_with_the_right_password(world_of_users: World) -> None:
    with _client(world_of_users) as client:
        for _ in range(A_LOGIN):
            assert _sign_in(client, password="wrong") == 401
        answer = client.post("/sign-in", data={"login": LOGIN, "password": PASSWORD})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= WINDOW.total_seconds() + 1
        assert "Too many attempts" in answer.text
    with world_of_users.store.reading() as session:
        assert len(list_audit(session, action=Action.SIGN_IN_FAILED)) == A_LOGIN, "what was not tried is not logged"


def test_all_server_processes_count_attempts_together_and_a_restart_forgets_none(world_of_users: World) -> None:
    with _client(world_of_users) as one, _client(world_of_users) as another:
        for at in range(A_LOGIN):
            assert _sign_in(another if at % 2 else one, password="wrong") == 401
        assert [_sign_in(client) for client in (one, another)] == [429, 429]
    with _client(world_of_users) as restarted:
        assert _sign_in(restarted) == 429


def test_success_forgets_what_failed_before(world_of_users: World) -> None:
    with _client(world_of_users) as client:
        for _ in range(2):
            for _ in range(A_LOGIN - 1):
                assert _sign_in(client, password="wrong") == 401
            assert _sign_in(client) == 303


def test_signing_in_is_written_down_and_no_secret_is(world_of_users: World) -> None:
    with _client(world_of_users) as client:
        _sign_in(client)
        client.post("/sign-in", data={"key": world_of_users.key})
        client.post("/sign-in", data={"key": "pm_0_wrong"})
    with world_of_users.store.reading() as session:
        entries = list_audit(session)
    assert [(one.action, one.actor) for one in entries][:3] == [
        (Action.SIGN_IN_FAILED, "nobody"),
        (Action.SIGNED_IN, f"key:{world_of_users.key.split('_')[1]}"),
        (Action.SIGNED_IN, f"user:{LOGIN}"),
    ]
    assert PASSWORD not in str(entries)
    assert world_of_users.key not in str(entries)


def test_a_password_is_kept_as_a_salted_hash() -> None:
    first, second = hashed(PASSWORD), hashed(PASSWORD)
    assert first != second
    assert first.startswith("$argon2id$")
    assert PASSWORD not in first
    assert is_right(PASSWORD, first)
    assert not is_right(PASSWORD + " ", first)
    assert not is_right("nobody has this password", ""), "the hash that unknown logins are compared with opens nothing"
