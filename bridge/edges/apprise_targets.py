"""Notifications through Apprise: one service, one thread and one honest outcome for each target.

Apprise would send every target in one shared pool, stop waiting without stopping, and answer with
yes or no. Here each target has a thread of its own, so that a slow one holds up nobody, and what
became of a message is read from the exception and the status that Apprise met.
"""

import asyncio
import logging
import re
import smtplib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import apprise
from apprise.plugins import url_to_dict
from requests import exceptions as http
from urllib3 import exceptions as transport

from bridge.config.schema import Target
from bridge.model.errors import BridgeError
from bridge.model.message import Message
from bridge.model.outcome import Dead, Delivered, Outcome, Retry, Unknown
from bridge.model.signal import SignalClass

#: A message as title and text, neutralised, in at most so many characters.
PlainText = Callable[[Message, int], tuple[str, str]]

#: What acts on the bridge's own machine, its desktop or its devices, instead of telling anybody.
LOCAL = frozenset(
    {
        "blink1",
        "dbus",
        "exec",
        "file",
        "gio",
        "glib",
        "gnome",
        "kde",
        "macosx",
        "qt",
        "syslog",
        "windows",
    }
)

_REPEATED = "(may be a repetition)\n"
_LONGEST = 10_000
_HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")
#: The service asks to wait, or is away for everybody.
_AWAY = frozenset({429, 502, 503, 504})
_WORTH_ANOTHER_TRY = frozenset({408, 409, 425})
_NEVER_SENT = (
    ConnectionRefusedError,
    socket.gaierror,
    ssl.SSLCertVerificationError,
    transport.ConnectTimeoutError,
    transport.NewConnectionError,
    http.ConnectTimeout,
)
_UNSENDABLE = (http.InvalidURL, http.InvalidSchema, http.MissingSchema, http.InvalidHeader)


class TargetError(BridgeError):
    """A target's URL cannot be used. The sentence never holds the URL."""


class AppriseTargets:
    """The `Notifier` of the configured targets. `close` waits for what is under way."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        plain_text: PlainText,
        *,
        allow: Collection[str] | None = None,
    ) -> None:
        """`allow` names the only schemas (`slack`, `mailtos`) that may be used; None is all but `LOCAL`.

        Raises `TargetError` with a line for each target that cannot be used.
        """
        self._lanes: dict[str, _Lane] = {}
        wrong = []
        for name, target in targets.items():
            try:
                self._lanes[name] = _Lane(name, service_of(target, allow), target.timeout)
            except TargetError as error:
                wrong.append(f"targets.{name}.apprise: {error}")
        if wrong:
            raise TargetError("\n".join(wrong))
        self._plain_text = plain_text

    async def notify(self, target: str, message: Message, *, repeated: bool) -> Outcome:
        lane = self._lanes.get(target)
        if lane is None:
            return Dead(f"no target is called {target}")
        notice = _REPEATED if repeated else ""
        title, text = self._plain_text(message, lane.limit - len(notice))
        return await lane.send(title, notice + text, urgent=message.tone is SignalClass.PAGE)

    async def close(self) -> None:
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))


def service_of(target: Target, allow: Collection[str] | None = None) -> Any:
    """The Apprise service behind a target's URL, on our terms. Raises `TargetError`."""
    _quiet()
    seconds = target.timeout.total_seconds()
    parts = url_to_dict(target.apprise.get_secret_value())
    if not parts:
        raise TargetError("is not a URL that Apprise understands; see appriseit.com for its form")
    schema = str(parts["schema"])
    if schema in LOCAL or (allow is not None and schema not in allow):
        raise TargetError(
            f"{schema}:// cannot be a target: only services that reach people are allowed"
        )
    # Retries, redirects and patience are the bridge's own, whatever the URL says.
    parts |= {"retry": 0, "wait": 0, "optional": False, "redirect": False, "overflow": "truncate"}
    parts |= {"cto": seconds / 3, "rto": seconds * 2 / 3}
    service = apprise.Apprise.instantiate(parts, asset=_asset())
    if not service:
        raise TargetError(
            f"is not a complete {schema}:// URL, or the service needs a package that is not installed"
        )
    if service.category != "native" or len(service) != 1:
        raise TargetError("names several recipients (or none): give each its own target")
    return service


def _asset() -> Any:
    """No deadlines of Apprise's own: they would move the work into its shared pool."""
    return apprise.AppriseAsset(
        async_mode=False,
        service_timeout=0,
        http_redirects=False,
        storage_mode="memory",
        pem_autogen=False,
        pgp_autogen=False,
    )


def _quiet() -> None:
    """Apprise's log lines can hold tokens, and its connections' the paths of webhooks: they go nowhere.

    What matters of them is in the outcome.
    """
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(logging.WARNING)


@dataclass
class _Notes:
    """What Apprise said while it sent, with the exception it was handling at that moment."""

    said: list[tuple[str, BaseException | None]] = field(default_factory=list)

    def __call__(self, entry: Any, _service: Any) -> None:
        self.said.append((str(entry.message), sys.exc_info()[1]))

    def outcome(self) -> Outcome:
        for words, error in reversed(self.said):
            if error is not None:
                return _of_error(error)
            if status := _HTTP_STATUS.search(words):
                return _of_status(int(status[1]))
        return Retry("the service did not take the message")


class _Lane:
    """One target's service and the thread that is sending for it, if one is."""

    def __init__(self, name: str, service: Any, timeout: timedelta) -> None:
        self._name = name
        self._apprise = apprise.Apprise(asset=service.asset)
        self._apprise.add(service)
        # Apprise keeps a service's own pace by sleeping in the sending thread.
        self._patience = timeout.total_seconds() + service.request_rate_per_sec
        self._thread: threading.Thread | None = None
        self._result: Future[Outcome] | None = None
        self._closed = False
        self.limit = min(int(service.body_maxlen), _LONGEST)

    async def send(self, title: str, text: str, *, urgent: bool) -> Outcome:
        if self._closed:
            return Retry("the bridge is ending", outage=True)
        if self._result and not self._result.done():
            return Retry("the notification before this one is still under way", outage=True)
        result = self._result = Future()
        # A daemon: a service that never answers must not keep the process from ending.
        self._thread = threading.Thread(
            target=self._run,
            args=(result, title, text, urgent),
            name=f"apprise-{self._name}",
            daemon=True,
        )
        self._thread.start()
        done, _ = await asyncio.wait([asyncio.wrap_future(result)], timeout=self._patience)
        return done.pop().result() if done else Unknown(f"no answer within {self._patience:g} s")

    async def close(self) -> None:
        self._closed = True
        if self._thread:
            await asyncio.to_thread(self._thread.join, self._patience)

    def _run(self, result: Future[Outcome], title: str, text: str, urgent: bool) -> None:
        result.set_running_or_notify_cancel()
        try:
            outcome = self._notify(title, text, urgent)
        # A plugin may raise anything, and the lane must go on.
        except Exception as error:  # noqa: BLE001
            outcome = _of_error(error)
        result.set_result(outcome)

    def _notify(self, title: str, text: str, urgent: bool) -> Outcome:
        notes = _Notes()
        kind = apprise.NotifyType.WARNING if urgent else apprise.NotifyType.INFO
        with self._apprise.notify(
            text,
            title,
            notify_type=kind,
            body_format=apprise.NotifyFormat.TEXT,
            interpret_escapes=False,
            log_callback=notes,
            log_level=logging.WARNING,
        ) as answer:
            if answer:
                return Delivered()
            if answer.status == apprise.AppriseResultStatus.FAILURE:
                return notes.outcome()
            return Unknown(f"Apprise says {answer.status.name.lower()}")


def _of_status(status: int) -> Outcome:
    reason = f"the service answered HTTP {status}"
    if status in _AWAY:
        return Retry(reason, outage=True)
    # 2xx is here when the service's own answer says no.
    if status in _WORTH_ANOTHER_TRY or status >= 500 or status < 300:
        return Retry(reason)
    return Dead(reason)


def _of_error(error: BaseException) -> Outcome:
    """By whether the message can have left: if so nobody knows whether it arrived."""
    causes = list(_causes(error))
    kind = type(causes[-1]).__name__
    if any(isinstance(cause, _UNSENDABLE) for cause in causes):
        return Dead(f"the URL leads nowhere ({kind})")
    if any(isinstance(cause, _NEVER_SENT) for cause in causes):
        return Retry(f"the service cannot be reached ({kind})", outage=True)
    for cause in causes:
        if isinstance(cause, smtplib.SMTPResponseException):
            return _of_mail(cause.smtp_code)
    return Unknown(f"the connection broke before the answer ({kind})")


def _of_mail(code: int) -> Outcome:
    reason = f"the mail server answered {code}"
    return Dead(reason) if code >= 500 else Retry(reason, outage=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what led to it, outermost first."""
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = here.__cause__ or here.__context__
