"""The form that asks for the token."""

from fitgap.runner.web.pages import page, settings_of
from fitgap.runner.web.security import login_cookie, same
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response


def login_form(request: Request) -> Response:
    return page(request, "login.html", wrong=False)


async def log_in(request: Request) -> Response:
    """Set the cookie if the token is correct."""
    settings = settings_of(request)
    async with request.form() as form:
        given = str(form.get("token", ""))
    if settings.token is None or not same(given, settings.token):
        return page(request, "login.html", status=401, wrong=True)
    answer = RedirectResponse("./", 303)
    answer.headers["Set-Cookie"] = login_cookie(settings, request.url.scheme == "https")
    return answer
