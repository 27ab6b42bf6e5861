"""Checks of every request before anything else: Host, Origin, Sec-Fetch-Site, token, method and size.

If other websites could reach the page through the browser, they could read results and start programs. The Host stops
DNS rebinding, Origin and Sec-Fetch-Site stop requests from other websites, and the token stops other users.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from fitgap.runner.web.problem_pages import problem_response
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.settings import PageSettings
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
READING, WRITING = ("GET", "HEAD"), ("POST",)
# Paths that need no token: the form that asks for it, and its style sheet.
OPEN_PATHS = ("/login", "/static/style.css")
MOST_BYTES = 64 * 1024 * 1024
OWN_SITES = ("same-origin", "none")


class Gate:
    """Lets through only requests that pass all checks, and adds the security headers to every answer."""

    def __init__(self, application: ASGIApp, settings: PageSettings):
        self.application, self.settings = application, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # WebSockets are not supported. Events of the server itself, such as its start, pass.
            if scope["type"] == "lifespan":
                await self.application(scope, receive, send)
            return
        refusal = self.refusal(scope)
        answer = problem_response(scope, refusal) if refusal else self.application
        await answer(scope, limited(receive), with_headers(send))

    def refusal(self, scope: Scope) -> Problem | None:
        """Why a request is refused; None if it may pass."""
        headers = Headers(scope=scope)
        method = scope["method"]
        if method not in (*READING, *WRITING):
            return Problem(
                405, f"The method {method} is not used here.", "Use GET to read and POST to change something."
            )
        return (
            self.wrong_host(headers)
            or wrong_origin(headers, method, self.has_token(headers, bearer_only=True), self.settings.hosts)
            or too_large(headers)
            or self.wrong_token(scope, headers)
            or self.not_writable(scope, method)
        )

    def wrong_host(self, headers: Headers) -> Problem | None:
        """Refuse any Host but this machine and the allowed ones: a website's name may resolve to this machine."""
        hosts = headers.getlist("host")
        name = host_name(hosts[0]) if len(hosts) == 1 else None
        if name is not None and name in (*THIS_MACHINE, *self.settings.hosts):
            return None
        shown = name or "(none)"
        return Problem(
            400,
            f"This page does not answer under the name {shown}.",
            f"Open it as localhost or 127.0.0.1, or start it with: fitgap ui --allow-host {shown} --token TOKEN",
        )

    def wrong_token(self, scope: Scope, headers: Headers) -> Problem | None:
        if self.settings.token is None or scope["path"] in OPEN_PATHS or self.has_token(headers):
            return None
        return Problem(401, "This page asks for a token.", "Log in with the token that `fitgap ui --token` was given.")

    def has_token(self, headers: Headers, bearer_only: bool = False) -> bool:
        """Whether a request has the token, in its header or in the cookie of a login."""
        token = self.settings.token
        if token is None:
            return False
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and same(given.strip(), token):
            return True
        return not bearer_only and same(cookie_of(headers, cookie_name(token)), cookie_value(self.settings))

    def not_writable(self, scope: Scope, method: str) -> Problem | None:
        if not self.settings.read_only or method not in WRITING or scope["path"] == "/login":
            return None
        return Problem(403, "This page is read-only.", "To change something, start it without --read-only.")


def host_name(host: str) -> str | None:
    """The name in a Host header, without the port; None if it is not valid."""
    try:
        parts = urlsplit(f"//{host}")
        is_valid = parts.netloc == host and not parts.path and parts.username is None and parts.port != 0
    except ValueError:
        return None
    return parts.hostname if is_valid else None


def wrong_origin(headers: Headers, method: str, is_script: bool, hosts: Sequence[str]) -> Problem | None:
    """Refuse requests from other websites. A script with the token in its header needs no Origin.

    Behind a proxy that sends its own Host, the Origin must be one of the `hosts` under which the page may be reached.
    """
    refusal = Problem(
        403,
        "This request came from another website.",
        "Open the page by its address, or follow a link on the page itself.",
    )
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    if any(site not in OWN_SITES for site in sites) or len(origins) > 1:
        return refusal
    if origins and not is_own_origin(origins[0], headers, hosts):
        return refusal
    is_shown_own = bool(origins) or "same-origin" in sites or is_script
    return refusal if method in WRITING and not is_shown_own else None


def is_own_origin(origin: str, headers: Headers, hosts: Sequence[str]) -> bool:
    try:
        parts = urlsplit(origin)
        is_own = parts.netloc == headers.get("host") or parts.hostname in hosts
    except ValueError:
        return False
    return is_own and parts.scheme in ("http", "https")


def too_large(headers: Headers) -> Problem | None:
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) <= MOST_BYTES:
        return None
    return Problem(
        413, "This is too large to upload.", f"The limit is {MOST_BYTES // 2**20} MB; use `fitgap run` for it."
    )


def limited(receive: Receive) -> Receive:
    """The same messages; if they exceed the allowed number of bytes, the connection is reported as closed."""
    taken = 0

    async def count() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return message if taken <= MOST_BYTES else {"type": "http.disconnect"}

    return count


def with_headers(send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return add


def same(given: str, expected: str) -> bool:
    """Whether two texts are equal, in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode("utf-8", "surrogateescape"))


def cookie_name(token: str) -> str:
    """The name of the cookie, which depends on the token: pages on other ports of this machine share cookies."""
    return f"fitgap_{hashlib.sha256(token.encode()).hexdigest()[:8]}"


def cookie_value(settings: PageSettings) -> str:
    """The value of the cookie, which does not reveal the token. A new form token at each start ends all logins."""
    return hmac.new(settings.form_token.encode(), (settings.token or "").encode(), "sha256").hexdigest()


def cookie_of(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def check_form(form: Mapping[str, object], settings: PageSettings) -> None:
    """Raise Problem unless a form comes from this page."""
    if not same(str(form.get("form_token", "")), settings.form_token):
        raise Problem(403, "This form has expired.", "Go back, reload the page, and send the form again.")


def login_cookie(settings: PageSettings, is_secure: bool) -> str:
    """The Set-Cookie header of a login. Without a path, the cookie is sent only to this page, even behind a proxy."""
    secure = "; Secure" if is_secure else ""
    return f"{cookie_name(settings.token or '')}={cookie_value(settings)}; HttpOnly; SameSite=Strict{secure}"
