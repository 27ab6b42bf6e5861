"""Requests to the page that no client library has normalized."""

from urllib.parse import unquote

import anyio

HOST = "127.0.0.1:8640"


def raw_answers(application, requests):
    """The status and text of the answer to each request (method, address, headers), without a client library
    normalizing it.

    All requests share one event loop, because starting one takes longer than most answers.
    """

    async def ask_all():
        return [await raw_answer(application, *request) for request in requests]

    return anyio.run(ask_all)


async def raw_answer(application, method, address, headers):
    answer = {"status": None, "text": b""}

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        answer["status"] = message.get("status", answer["status"])
        answer["text"] += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(address),
        "raw_path": address.encode("utf-8", "replace"),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in {"Host": HOST, **headers}.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8640),
    }
    await application(scope, receive, send)
    return answer["status"], answer["text"].decode(errors="replace")
