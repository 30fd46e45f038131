"""Who may ask the server: no other site, no other name, nobody without the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from server_atlas import CONTEXT, client
from starlette.testclient import TestClient

from lexiscope.server.security import is_loopback


@pytest.fixture(scope="module")
def served(small_atlas: Path) -> Iterator[TestClient]:
    with client(small_atlas) as open_client:
        yield open_client


def status(served: TestClient, method: str = "GET", address: str = "/api/jobs", **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return served.request(method, address, headers=named).status_code


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8765",
        "LOCALHOST:1",
        "127.0.0.1",
        "127.0.0.1:99",
        "[::1]:8765",
        "[::1]",
    ],
)
def test_own_names(served: TestClient, host: str):
    assert status(served, host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8765", "evil@localhost",
     "localhost:port", "", "192.168.0.1", "localhost/x", "[::1", "localhost:8765:80"],
)  # fmt: skip
def test_foreign_names(served: TestClient, host: str):
    assert status(served, host=host) == 403


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:8765", 200),
        ("http://localhost:9999", 403),
        ("http://127.0.0.1:8765", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
    ],
)
def test_origins(served: TestClient, origin: str, expected: int):
    assert status(served, host="localhost:8765", origin=origin) == expected
    tag = {"column": "x", "value": "y", "points": [99999]}
    answer = served.post(
        f"{CONTEXT}/tags", json=tag, headers={"Host": "localhost:8765", "Origin": origin}
    )
    assert answer.status_code == (400 if expected == 200 else 403)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_forms_of_other_sites(served: TestClient, kind: str):
    answer = served.post(
        f"{CONTEXT}/tags",
        content=b'{"column": "x", "value": "y", "points": [0]}',
        headers={"Content-Type": kind},
    )
    assert answer.status_code == 415
    assert set(answer.json()) == {"error"}


def test_headers_of_every_answer(served: TestClient):
    for address in ("/", "/api/atlases", "/api/none", f"{CONTEXT}/columns?name=label"):
        headers = served.get(address).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    assert "content-security-policy" in served.get("/", headers={"Host": "evil"}).headers


def test_a_token(small_atlas: Path):
    base = "http://box.local:8765"
    with client(small_atlas, host="box.local", token="right", base_url=base) as served:
        assert served.get("/api/atlases").status_code == 401
        assert set(served.get("/").json()) == {"error"}
        for wrong in ("wrong", "", "right\u00e9", "righ"):
            assert served.get("/", params={"token": wrong}).status_code == 401
        bearer = {"Authorization": "Bearer right"}
        assert served.get("/api/atlases", headers=bearer).status_code == 200
        assert (
            served.get("/api/atlases", headers={"Authorization": "Basic right"}).status_code == 401
        )
        assert (
            served.get("/api/jobs", headers={"Cookie": "lexiscope-8765=wrong"}).status_code == 401
        )
        assert served.get("/api/jobs", headers=bearer | {"Host": "evil"}).status_code == 403

        moved = served.get("/?token=right&a=1%262", follow_redirects=False)
        assert moved.status_code == 303
        assert moved.headers["location"] == "/?a=1%262"
        cookie = moved.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        for path in ("//evil.example/?token=right", "/%0d%0aX: y?token=right"):
            away = served.get(f"{base}{path}", follow_redirects=False, headers={"Cookie": ""})
            assert away.headers.get("location", "/").startswith("/")
            assert not away.headers.get("location", "/").startswith("//")
            assert "x" not in away.headers
        assert served.get("/api/atlases").status_code == 200  # by the cookie


def test_every_address_of_this_machine_is_another_name(small_atlas: Path):
    with client(small_atlas, host="0.0.0.0", token="t", base_url="http://10.1.2.3:8765") as served:
        assert served.get("/api/jobs").status_code == 401
        assert served.get("/api/jobs", headers={"Authorization": "Bearer t"}).status_code == 200


def test_what_is_reached_from_here_only():
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.1", "example.org", "")))
