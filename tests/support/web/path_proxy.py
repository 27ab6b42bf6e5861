"""A reverse proxy on this machine: it serves the page below a path and strips the path from requests."""

import contextlib
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/lab/fitgap"
# Headers that apply to a single connection.
OWN_HEADERS = ("connection", "transfer-encoding", "keep-alive", "date", "server")
BYTES = 65_536


class Handler(BaseHTTPRequestHandler):
    """Forwards a request, and streams the answer back."""

    def do_GET(self):
        if not self.path.startswith(f"{PREFIX}/"):
            self.send_error(404)
            return
        upstream = self.server.upstream
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN_HEADERS}
        if not self.server.keeps_host:
            # nginx does this by default.
            headers["Host"] = f"{upstream[0]}:{upstream[1]}"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(*upstream)
        with contextlib.closing(connection), contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(self.command, self.path.removeprefix(PREFIX), body, headers)
            self.pass_back(connection.getresponse())

    do_POST = do_HEAD = do_GET  # noqa: N815

    def pass_back(self, answer):
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while part := answer.read1(BYTES):
            self.wfile.write(part)
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, *words):
        """Print nothing."""


class PathProxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream, *, keeps_host=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.keeps_host = upstream, keeps_host

    @property
    def address(self):
        """The address of the page behind the proxy."""
        return f"http://127.0.0.1:{self.server_port}{PREFIX}/"


@contextlib.contextmanager
def proxied(upstream, *, keeps_host=True):
    """A proxy of a server, given by its host and port, while the block runs."""
    with PathProxy(upstream, keeps_host=keeps_host) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
