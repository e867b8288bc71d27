"""A whole world on this machine: Stripe, a homeserver, people, a receiver, and the bridge among them.

Everything listens on free loopback ports. Whatever ends the block, all that was started ends too.
"""

import asyncio
import secrets
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from bridge.sandbox.cast import ACCOUNT, CAST, FINANCE_DESK, Surroundings, configuration
from bridge.sandbox.following import Heard
from bridge.sandbox.homeserver import QUICK_PEOPLE, SERVER_NAME, Appservice, Login, Synapse
from bridge.sandbox.person import Person
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process
from bridge.sandbox.receiver import Notified, Receiver
from bridge.sandbox.stripe_control import StripeControl
from bridge.sandbox.stripe_server import SandboxStripe

_COMMAND_SECONDS = 60
BOT = "paybot"


class World:
    """`heard` is called with every event that any of the people sees, `notified` with what Apprise brings."""

    stripe: StripeControl
    receiver: Receiver
    homeserver: Synapse
    bridge: Process

    def __init__(
        self, directory: Path, *, heard: Heard | None = None, notified: Notified | None = None
    ) -> None:
        self.directory = directory
        self.people: dict[str, Person] = {}
        self.logins: dict[str, Login] = {}
        self._heard = heard
        self._notified = notified
        self._open = AsyncExitStack()
        self._secrets: list[str] = []
        self._others: list[Process] = []

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    def room(self, kind: str, object_id: str) -> str:
        """The alias of a customer's or dispute's room."""
        return self._alias(f"{kind}_{object_id}")

    def channel(self, name: str) -> str:
        """The alias of a named channel."""
        return self._alias(name)

    async def start_bridge(self) -> None:
        """Also once more, after it ended or was ended: it finds its store as it left it."""
        self.bridge.start()
        await self.bridge.answers(f"{self._appservice.port.url}/ready")

    async def add_bot(self) -> Process:
        """A second bridge for the same Stripe, with a store of its own, on an ordinary account.

        Its rooms' aliases begin with `BOT`.
        """
        directory = self.directory / BOT
        directory.mkdir(mode=0o700)
        port, secret = self._port(), f"whsec_{secrets.token_hex(16)}"
        login = await self.homeserver.register(BOT, displayname="Stripe (bot)")
        self._secrets += [secret, login.token]
        written = yaml.safe_load((self.directory / "bridge.yaml").read_text())
        _as_bot(written, login, port.number, secret)
        (directory / "bridge.yaml").write_text(yaml.safe_dump(written, allow_unicode=True))
        await self.stripe.open_endpoint(f"{port.url}/stripe/webhook/{ACCOUNT}", secret)
        await self._do("migrate", directory=directory)
        bot = self._command("run", directory=directory)
        self._open.push_async_callback(asyncio.to_thread, bot.stop)
        bot.start()
        self._others.append(bot)
        await bot.answers(f"{port.url}/ready")
        return bot

    async def command(self, *words: str) -> str:
        """What another command on the same store and configuration prints; it must end well."""
        program = str(Path(sys.executable).with_name("stripe-bridge"))
        where = ["--config", str(self.directory / "bridge.yaml")]
        log = self.directory / f"bridge-{'-'.join(words)}.log"
        process = Process(f"stripe-bridge {' '.join(words)}", [program, *words, *where], log=log)
        await self._ends_well(process)
        return process.tail()

    def logs(self) -> dict[str, str]:
        """The end of each server's log, without what is secret."""
        return {process.name: self._hushed(process.tail()) for process in self._processes()}

    async def _start(self) -> None:
        self._appservice = Appservice("stripe-bridge", self._port(), "stripe", "stripe_")
        self.receiver = await self._open.enter_async_context(Receiver(heard=self._notified))
        stripe = await self._open.enter_async_context(SandboxStripe())
        self.stripe = await self._open.enter_async_context(
            StripeControl(stripe.url, stripe.reader_key)
        )
        port = self._port()
        await self._configure(stripe, port.url)
        registration = self.directory / "registration.yaml"
        await asyncio.gather(
            self._do("registration", "--output", str(registration)), self._do("migrate")
        )
        self.homeserver = Synapse(
            self.directory / "homeserver",
            registrations=[yaml.safe_load(registration.read_text())],
            limits=QUICK_PEOPLE,
            port=port,
        )
        await self._open.enter_async_context(self.homeserver)
        await self._people()
        await self._bridge()

    async def _configure(self, stripe: SandboxStripe, homeserver: str) -> None:
        secret = f"whsec_{secrets.token_hex(16)}"
        around = Surroundings(
            homeserver=homeserver,
            appservice=self._appservice,
            stripe=stripe.url,
            reader_key=stripe.reader_key,
            writer_key=stripe.writer_key,
            webhook_secret=secret,
            finance_desk=self.receiver.apprise_url(FINANCE_DESK),
        )
        hooks = f"{self._appservice.port.url}/stripe/webhook/{ACCOUNT}"
        await self.stripe.open_endpoint(hooks, secret)
        self._secrets = [secret, stripe.reader_key, stripe.writer_key, stripe.owner_key]
        self._secrets += [self._appservice.as_token, self._appservice.hs_token]
        path = self.directory / "bridge.yaml"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(configuration(around), allow_unicode=True, sort_keys=False))

    async def _people(self) -> None:
        for member in CAST:
            login = await self.homeserver.register(member.name, displayname=member.title)
            person = Person(self.homeserver.url, login.user_id, login.token, heard=self._heard)
            self.logins[member.name] = login
            self.people[member.name] = await self._open.enter_async_context(person)

    async def _bridge(self) -> None:
        self.bridge = self._command("run")
        self._open.push_async_callback(asyncio.to_thread, self.bridge.stop)
        await self.start_bridge()

    async def _do(self, verb: str, *options: str, directory: Path | None = None) -> None:
        """A command that does its work and ends."""
        await self._ends_well(self._command(verb, *options, directory=directory))

    async def _ends_well(self, process: Process) -> None:
        process.start()
        try:
            code = await asyncio.to_thread(process.ended, within=_COMMAND_SECONDS)
        finally:
            process.kill()
        if code:
            raise process.failed(f"ended with exit code {code}")

    def _command(self, verb: str, *options: str, directory: Path | None = None) -> Process:
        """Its configuration, its store and its log are in the directory."""
        here = directory or self.directory
        program = str(Path(sys.executable).with_name("stripe-bridge"))
        command = [program, verb, "--config", str(here / "bridge.yaml"), *options]
        name = f"stripe-bridge {verb}" + (f" ({here.name})" if directory else "")
        return Process(name, command, log=here / f"bridge-{verb}.log")

    def _port(self) -> Port:
        return self._open.enter_context(Port())

    def _alias(self, rest: str) -> str:
        return f"#{self._appservice.alias_prefix}{ACCOUNT}_{rest}:{SERVER_NAME}"

    def _processes(self) -> list[Process]:
        started = [self.homeserver.process]
        started += [self.bridge] if hasattr(self, "bridge") else []
        return [*started, *self._others]

    def _hushed(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _as_bot(written: dict[str, Any], login: Login, port: int, secret: str) -> None:
    """The configuration, as it is for the bot. The sandbox's homeserver takes messages freely."""
    matrix = written["matrix"]
    for key in ("id", "as_token", "hs_token", "bridge_url", "sender_localpart"):
        del matrix[key]
    matrix |= {"mode": "bot", "user_id": login.user_id, "access_token": login.token}
    matrix |= {"alias_prefix": f"{BOT}_", "messages_per_second": 20, "messages_burst": 100}
    written["web"]["port"] = port
    written["accounts"][ACCOUNT]["webhook_secrets"] = [secret]
