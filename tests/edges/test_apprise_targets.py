"""Notifications over real connections to a real receiver on this machine."""

import asyncio
import io
import json
import logging
import re
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import apprise.plugins
import pytest
from aiohttp import web
from apprise.manager_plugins import NotificationManager

from bridge.config.schema import Target
from bridge.edges.apprise_targets import LOCAL, AppriseTargets, TargetError, service_of
from bridge.model.message import Message
from bridge.model.outcome import Dead, Delivered, Outcome, Retry, Unknown
from bridge.model.signal import SignalClass
from bridge.model.text import SafeText

SECRET = "hush-do-not-tell"
SAID = "the service answered HTTP"
HOSTILE = "<b>&amp;</b> @everyone <!channel> [x](http://evil) `*_~ :smile: \\n %s {0} ${HOME} \u00e9\U0001f4a5"


def said(
    title: str = "A payment failed",
    text: str = "€20.00 of Anna",
    tone: SignalClass = SignalClass.NOTIFY,
) -> Message:
    return Message(title=SafeText(title), text=SafeText(text), tone=tone)


def plain(message: Message, limit: int) -> tuple[str, str]:
    return str(message.title), str(message.text)[:limit]


def at(url: str, **how: Any) -> Target:
    return Target.model_validate({"apprise": url, **how})


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """Answers every request as told, and remembers what came."""

    port: int = 0
    answer: Handler | int = 200
    got: list[dict[str, Any]] = field(default_factory=list)
    here: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.got.append(await request.json())
        self.here.set()
        if isinstance(self.answer, int):
            return web.Response(
                status=self.answer, text="as told", headers={"Location": "/elsewhere"}
            )
        return await self.answer(request)

    def url(self, more: str = "") -> str:
        return f"json://127.0.0.1:{self.port}/{SECRET}{more}"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def targets() -> AsyncIterator[Callable[..., AppriseTargets]]:
    made: list[AppriseTargets] = []

    def make(**urls: str | Target) -> AppriseTargets:
        configured = {name: at(url) if isinstance(url, str) else url for name, url in urls.items()}
        made.append(AppriseTargets(configured, plain))
        return made[-1]

    yield make
    for each in made:
        await each.close()
    assert not [
        thread.name for thread in threading.enumerate() if thread.name.startswith("apprise-")
    ]


@contextmanager
def bad_server(first_bytes: bytes, *, drip: bool = False) -> Iterator[int]:
    """A server that says `first_bytes` and hangs up, or goes on saying a little for ever."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(first_bytes)
            while drip and not over.wait(0.005):
                connection.sendall(b"x")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        thread.join(5)
        server.close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a handler on the root logger writes, at any level. (`caplog` also looks where nothing is written.)"""
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


async def test_a_message_arrives_as_plain_text(
    receiver: Receiver, targets: Callable[..., AppriseTargets]
) -> None:
    notifier = targets(one=receiver.url())
    assert await notifier.notify("one", said(text=HOSTILE), repeated=False) == Delivered()
    (got,) = receiver.got
    assert (got["title"], got["message"], got["type"]) == ("A payment failed", HOSTILE, "info")


async def test_a_repetition_says_so_and_a_page_is_a_warning(
    receiver: Receiver, targets: Callable[..., AppriseTargets]
) -> None:
    notifier = targets(one=receiver.url())
    assert await notifier.notify("one", said(tone=SignalClass.PAGE), repeated=True) == Delivered()
    (got,) = receiver.got
    assert (got["message"], got["type"]) == ("(may be a repetition)\n€20.00 of Anna", "warning")


async def test_the_text_is_asked_for_at_the_service_s_length(receiver: Receiver) -> None:
    limits = []

    def asked(_message: Message, limit: int) -> tuple[str, str]:
        limits.append(limit)
        return "t" * 10, "x" * (limit - 10)

    notifier = AppriseTargets({"one": at(receiver.url())}, asked)
    for repeated in (False, True):
        assert await notifier.notify("one", said(), repeated=repeated) == Delivered()
    await notifier.close()
    assert limits == [10_000, 10_000 - len("(may be a repetition)\n")]
    assert [len(got["message"]) for got in receiver.got] == [9_990, 9_990]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (201, None),
        (302, Dead(SAID)),
        (400, Dead(SAID)),
        (401, Dead(SAID)),
        (404, Dead(SAID)),
        (408, Retry(SAID)),
        (409, Retry(SAID)),
        (410, Dead(SAID)),
        (425, Retry(SAID)),
        (429, Retry(SAID, outage=True)),
        (500, Retry(SAID)),
        (503, Retry(SAID, outage=True)),
    ],
)
async def test_what_the_service_answers(
    status: int,
    expected: Dead | Retry | None,
    receiver: Receiver,
    targets: Callable[..., AppriseTargets],
) -> None:
    receiver.answer = status
    answer = await targets(one=receiver.url()).notify("one", said(), repeated=False)
    assert answer == (replace(expected, reason=f"{SAID} {status}") if expected else Delivered())
    assert len(receiver.got) == 1, "asked once, and no redirect followed"


async def test_a_url_cannot_bring_its_own_retries_or_hide_a_failure(
    receiver: Receiver, targets: Callable[..., AppriseTargets]
) -> None:
    receiver.answer = 503
    url = receiver.url("?retry=5&wait=0.1&optional=yes&redirect=yes&rto=60&cto=60&overflow=split")
    answer = await targets(one=url).notify("one", said(), repeated=False)
    assert answer == Retry("the service answered HTTP 503", outage=True)
    assert len(receiver.got) == 1


async def test_nobody_listens(targets: Callable[..., AppriseTargets]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"json://127.0.0.1:{taken.getsockname()[1]}/{SECRET}"
        answer = await targets(one=url).notify("one", said(), repeated=False)
    assert answer == Retry("the service cannot be reached (ConnectionRefusedError)", outage=True)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"not http at all\r\n\r\n",
    ],
    ids=["nothing", "half", "chunks", "garbage"],
)
async def test_the_connection_breaks_before_the_answer(
    first: bytes, targets: Callable[..., AppriseTargets]
) -> None:
    with bad_server(first) as port:
        answer = await targets(one=f"json://127.0.0.1:{port}/").notify(
            "one", said(), repeated=False
        )
    assert isinstance(answer, Unknown)


async def test_encryption_that_cannot_begin(
    receiver: Receiver, targets: Callable[..., AppriseTargets]
) -> None:
    answer = await targets(one=receiver.url().replace("json:", "jsons:")).notify(
        "one", said(), repeated=False
    )
    assert isinstance(answer, Unknown)
    assert receiver.got == []


async def test_no_answer_in_time_is_unknown_and_delays_no_other(
    receiver: Receiver, targets: Callable[..., AppriseTargets]
) -> None:
    """The slow target's request is held until the fast one has been told."""
    go = asyncio.Event()

    async def hold(request: web.Request) -> web.Response:
        if "slow" in request.query_string:
            await go.wait()
        return web.Response()

    receiver.answer = hold
    notifier = targets(
        slow=at(receiver.url("?-slow=1"), timeout=timedelta(seconds=10)), fast=receiver.url()
    )
    slow = asyncio.create_task(notifier.notify("slow", said(), repeated=False))
    await receiver.here.wait()
    assert await notifier.notify("fast", said(), repeated=False) == Delivered()
    assert not slow.done()
    again = await notifier.notify("slow", said(), repeated=False)
    assert again == Retry("the notification before this one is still under way", outage=True)
    go.set()
    assert await slow == Delivered()
    assert await notifier.notify("slow", said(), repeated=False) == Delivered()


async def test_a_slow_answer_is_unknown(
    receiver: Receiver, targets: Callable[..., AppriseTargets]
) -> None:
    go = asyncio.Event()

    async def hold(_request: web.Request) -> web.Response:
        await go.wait()
        return web.Response()

    receiver.answer = hold
    notifier = targets(slow=at(receiver.url(), timeout=timedelta(milliseconds=60)))
    answer = await notifier.notify("slow", said(), repeated=False)
    go.set()
    assert isinstance(answer, Unknown)
    assert len(receiver.got) == 1


async def test_an_answer_that_never_ends_is_given_up(
    targets: Callable[..., AppriseTargets],
) -> None:
    """Each byte comes in time for the connection's own limit; the whole does not."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with bad_server(head, drip=True) as port:
        notifier = targets(one=at(f"json://127.0.0.1:{port}/", timeout=timedelta(milliseconds=150)))
        assert await notifier.notify("one", said(), repeated=False) == Unknown(
            "no answer within 0.15 s"
        )
        busy = await notifier.notify("one", said(), repeated=False)
        assert isinstance(busy, Retry)


async def test_a_plugin_that_raises_does_not_end_the_lane(
    receiver: Receiver, targets: Callable[..., AppriseTargets], monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = targets(one=receiver.url())

    def raising(*_: object, **__: object) -> bool:
        raise RuntimeError(SECRET)

    with monkeypatch.context() as patch:
        patch.setattr("apprise.plugins.custom_json.NotifyJSON.send", raising)
        answer = await notifier.notify("one", said(), repeated=False)
    assert answer == Unknown("the connection broke before the answer (RuntimeError)")
    assert await notifier.notify("one", said(), repeated=False) == Delivered()


async def test_unknown_targets_and_a_closed_notifier(receiver: Receiver) -> None:
    notifier = AppriseTargets({"one": at(receiver.url())}, plain)
    assert isinstance(await notifier.notify("two", said(), repeated=False), Dead)
    await notifier.close()
    assert isinstance(await notifier.notify("one", said(), repeated=False), Retry)
    assert receiver.got == []


@pytest.mark.parametrize(
    ("greeting", "to_sender", "expected"),
    [
        ("220 here", "250 ok", Delivered()),
        ("220 here", "550 not you", Retry("the service did not take the message")),
        ("421 later", "250 ok", Retry("the mail server answered 421", outage=True)),
        ("554 never", "250 ok", Dead("the mail server answered 554")),
    ],
)
async def test_what_a_mail_server_answers(
    greeting: str, to_sender: str, expected: Outcome, targets: Callable[..., AppriseTargets]
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {b"MAIL": to_sender, b"QUIT": "221 bye", b"DATA": "354 go on"}
        writer.write(f"{greeting}\r\n".encode())
        text = False
        while line := await reader.readline():
            text = (text or line == b"DATA\r\n") and line != b".\r\n"
            if not text or line == b"DATA\r\n":
                writer.write(f"{answers.get(line[:4].upper(), '250 ok')}\r\n".encode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"mailto://127.0.0.1:{port}/?from=a@example.org&to=b@example.org&smtp=127.0.0.1"
        assert await targets(one=url).notify("one", said(), repeated=False) == expected


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (SECRET, "not a URL that Apprise understands"),
        (f"nothing://{SECRET}", "not a URL that Apprise understands"),
        (f"slack://{SECRET}", "not a complete slack:// URL"),
        ("syslog://", "syslog:// cannot be a target"),
        ("SYSLOG://x", "syslog:// cannot be a target"),
        ("dbus://", "dbus:// cannot be a target"),
        (f"mailto://u:{SECRET}@example.org?to=a@example.org,b@example.org", "several recipients"),
        (f"tgram://123456789:{'a' * 35}/1/2", "several recipients"),
    ],
)
def test_urls_that_cannot_be_used(
    url: str, problem: str, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TargetError) as caught:
        AppriseTargets({"one": at(url), "two": at(url)}, plain)
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        "targets.one.apprise",
        "targets.two.apprise",
    ]
    assert problem in str(caught.value)
    assert SECRET not in f"{caught.value}{log.getvalue()}{capsys.readouterr()}"


def test_an_allow_list_allows_nothing_else() -> None:
    assert service_of(at("json://127.0.0.1/"), {"json"}).schema == "json"
    with pytest.raises(TargetError, match="jsons:// cannot be a target"):
        service_of(at("jsons://127.0.0.1/"), {"json"})


def test_what_acts_on_this_machine_is_on_the_list() -> None:
    """A new release of Apprise may bring more of it: this looks at what the installed one does."""
    signs = re.compile(
        r"^\s*(import (subprocess|syslog|dbus|gi|win32\w*|blink1\w*)|from (gi|dbus|subprocess|syslog)\b)",
        re.MULTILINE,
    )
    manager = NotificationManager()
    folder = Path(apprise.plugins.__file__).parent
    local = {file.stem for file in folder.glob("*.py") if signs.search(file.read_text("utf-8"))}
    schemas = {
        schema
        for schema in manager.schemas()
        if manager[schema].__module__.rpartition(".")[2] in local
    }
    assert schemas
    assert schemas <= LOCAL


async def test_no_secret_reaches_a_log_or_an_outcome(
    receiver: Receiver,
    targets: Callable[..., AppriseTargets],
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notifier = targets(one=receiver.url(f"?+X-Api-Key={SECRET}"))
    told = []
    for status in (200, 404, 500):
        receiver.answer = status
        told.append(await notifier.notify("one", said(), repeated=False))
    assert [type(one) for one in told] == [Delivered, Dead, Retry]
    assert SECRET not in f"{told}{log.getvalue()}{capsys.readouterr()}"
    assert json.dumps(receiver.got).count("A payment failed") == 3
