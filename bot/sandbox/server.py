"""HTTP: the Bot API under /bot<token>/, its files under /file/bot<token>/, and what the page needs."""

import asyncio
import contextlib
import json
import mimetypes
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import BodyPartReader, web
from yarl import URL

from .api import Api
from .control import Wrong, act
from .errors import Json, Refusal
from .events import Events
from .faults import Faults
from .files import File
from .phone import Phones
from .schema import METHODS, Upload

_PAGE = Path(__file__).with_name("page")
_LARGEST_REQUEST = 64 * 1024 * 1024
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PING = 15.0
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr).encode


@contextlib.asynccontextmanager
async def serve(
    token: str, api: Api, events: Events, phones: Phones, faults: Faults, host: str, port: int
) -> AsyncIterator[str]:
    """Serve on a loopback address; see Sandbox.serve."""
    server = _Server(token, api, events, phones, faults)

    def request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST_REQUEST)

    # The low-level server: aiohttp's routing and middlewares would cost more than an answer does.
    http = web.Server(
        server.handle,
        request_factory=request,
        handler_cancellation=True,
        access_log=None,
        tcp_keepalive=False,
    )
    runner = web.ServerRunner(http, shutdown_timeout=0.2, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        api.delivery.start()
        address = runner.addresses[0]
        yield f"http://{f'[{host}]' if ':' in host else host}:{address[1]}"
    finally:
        events.end()
        await api.delivery.stop()
        await runner.cleanup()


class _Server:
    def __init__(self, token: str, api: Api, events: Events, phones: Phones, faults: Faults) -> None:
        self._api = api
        self._events = events
        self._phones = phones
        self._faults = faults
        self._calls = f"/bot{token}/"
        self._files = f"/file/bot{token}/"
        self._good_hosts: set[str] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if host not in self._good_hosts:
            if urlsplit(f"//{host}").hostname not in _LOOPBACK:
                return _json({"ok": False, "error": "only loopback hosts are served"}, 403)
            if len(self._good_hosts) < 100:
                self._good_hosts.add(host)
        if request.method == "POST" and request.headers.get("Origin") not in (None, f"http://{host}"):
            return _json({"ok": False, "error": "foreign origin"}, 403)
        path = request.path
        if path.startswith(self._calls):
            return await self._call(request, path[len(self._calls) :])
        if path.startswith("/bot"):
            return _json(Refusal("Unauthorized", 401).body(), 401)
        if path.startswith(self._files):
            return self._file(self._api.world.files.at(path[len(self._files) :]))
        if path.startswith("/file/bot"):
            return _json(Refusal("Unauthorized", 401).body(), 401)
        return await self._page(request, path)

    # the Bot API

    async def _call(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        method = METHODS.get(name.lower())
        if method is None:
            return _json(Refusal("Not Found", 404).body(), 404)
        try:
            params = await read(request)
        except web.HTTPRequestEntityTooLarge:
            return _json(Refusal("Request Entity Too Large", 413).body(), 413)
        except UnicodeError:
            return _json(Refusal("Bad Request: strings must be encoded in UTF-8").body(), 400)
        except ValueError:
            return _json(Refusal("Bad Request: can't parse JSON object").body(), 400)
        fault = self._faults.take(method.name, self._api.chat_of(params))
        if fault is not None:
            self._api.world.changes.wake()
            if fault.kind == "refuse" and fault.refusal:
                return _json(fault.refusal.body(), fault.refusal.code)
            if fault.kind == "bare":
                return web.Response(status=fault.status, text="<html>Bad Gateway</html>", content_type="text/html")
            if fault.kind == "garbage":
                return web.Response(text="<garbage>{", content_type="application/json")
            if fault.kind == "drop_before":
                return _dropped(request)
            await asyncio.sleep(fault.seconds)
        answer = await self._api.call(method.name, params)
        if fault is not None and fault.kind == "drop_after":
            return _dropped(request)
        return _json(answer, answer.get("error_code", 200))

    def _file(self, file: File | None) -> web.Response:
        if file is None:
            return _json(Refusal("Not Found", 404).body(), 404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return web.Response(body=file.data, headers={"Content-Type": file.mime, **headers})

    # the page

    async def _page(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if request.method == "GET":
            if path == "/sandbox/events":
                return await self._stream(request)
            if path.startswith("/sandbox/files/"):
                return self._file(self._api.world.files.get(path.removeprefix("/sandbox/files/")))
            return _static("index.html" if path == "/" else path.removeprefix("/page/"))
        if request.method != "POST" or not path.startswith("/sandbox/phones"):
            return _json({"ok": False, "error": "not found"}, 404)
        try:
            params = await read(request)
            path = path.removeprefix("/sandbox/phones").strip("/")
            return _json({"ok": True, **act(self._phones, self._events, path, params)})
        except Wrong as wrong:
            return _json({"ok": False, "error": str(wrong)}, wrong.status)
        except Refusal as refusal:
            return _json({"ok": False, "error": refusal.description}, 400)
        except KeyError as error:
            return _json({"ok": False, "error": f"{error.args[0]} is missing"}, 400)
        except (AssertionError, ValueError, TypeError) as error:
            return _json({"ok": False, "error": str(error) or "wrong parameters"}, 400)

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Server-sent events: a snapshot, then everything that happens."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        stream = self._events.listen()
        try:
            while True:
                try:
                    event = await asyncio.wait_for(stream.get(), _PING)
                except TimeoutError:
                    await response.write(b": ping\n\n")
                    continue
                if event is None:
                    break
                await response.write(f"event: {event.kind}\ndata: {_encode(event.data)}\n\n".encode())
        except ConnectionResetError:
            pass
        finally:
            self._events.forget(stream)
            self._api.world.changes.wake()
        return response


def _json(body: Json, status: int = 200) -> web.Response:
    return web.Response(
        body=_encode(body).encode("utf-8", "surrogatepass"), status=status, content_type="application/json"
    )


def _dropped(request: web.BaseRequest) -> web.Response:
    """Break the connection; the response that aiohttp asks for goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _static(name: str) -> web.Response:
    file = (_PAGE / name).resolve()
    if not file.is_relative_to(_PAGE.resolve()) or not file.is_file():
        return _json({"ok": False, "error": "not found"}, 404)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    headers = {"Content-Type": kind + charset, "Cache-Control": "no-cache"}
    return web.Response(body=file.read_bytes(), headers=headers)


async def read(request: web.BaseRequest) -> Json:
    """The parameters of a request, from the address and from a JSON, urlencoded or multipart body.

    Files stand under their field's name as Upload, and all of them under "attached". ValueError: a body that
    is not what it says.
    """
    params: Json = dict(request.query) if request.query_string else {}
    if not request.can_read_body:
        return params
    kind = request.content_type
    if kind == "multipart/form-data":
        return params | await _multipart(request)
    body = await request.read()
    if kind == "application/json":
        given = json.loads(body) if body else {}
        if not isinstance(given, dict):
            raise ValueError("object expected")
        if _SURROGATE.search(body):
            json.dumps(given, ensure_ascii=False).encode()  # half a surrogate pair is a UnicodeError
        params.update(given)
    elif kind == "application/x-www-form-urlencoded":
        params.update(URL(f"/?{body.decode()}", encoded=True).query)  # seven times as fast as parse_qsl
    params.pop("attached", None)
    return params


async def _multipart(request: web.BaseRequest) -> Json:
    params: Json = {}
    attached: dict[str, Upload] = {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or not part.name:
            continue
        name = part.name
        data = bytes(await part.read())
        if part.filename is None:
            params[name] = data.decode()
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            if mime == "application/octet-stream":
                mime = mimetypes.guess_type(part.filename)[0] or mime
            params[name] = attached[name] = Upload(part.filename, mime, data)
    params["attached"] = attached
    return params
