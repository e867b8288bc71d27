"""The bridge under measurement: a real process with a real configuration."""

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

import bridge
from benchmarks.speed.webhooks import Signer
from bridge.sandbox.cast import ACCOUNT, Surroundings, configuration
from bridge.sandbox.homeserver import Appservice
from bridge.sandbox.ports import Port
from bridge.sandbox.process import Process
from bridge.store.migrate import upgrade_async

ROOT = Path(bridge.__file__).parents[1]


@dataclass(frozen=True)
class Setting:
    """`people` are Matrix ids that the bridge invites into every room."""

    directory: Path
    homeserver: str
    stripe: str
    appservice: Appservice
    store: str
    people: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


class BridgeProcess:
    """`program` are the words between `python -m` and the configuration's path."""

    def __init__(
        self,
        setting: Setting,
        name: str = "bridge",
        *,
        program: tuple[str, ...] = (),
        port: Port | None = None,
    ) -> None:
        self.store = setting.store
        self._secret = f"whsec_{secrets.token_hex(16)}"
        self._own = None if port else Port()
        self._port = port or self._own or setting.appservice.port
        self._config = setting.directory / f"{name}.yaml"
        self._write(setting)
        words = program or ("bridge", "run", "--config")
        self.process = Process(
            name,
            [sys.executable, "-m", *words, str(self._config)],
            log=setting.directory / f"{name}.log",
            environment={"PYTHONPATH": str(ROOT)},
        )

    @property
    def port(self) -> int:
        return self._port.number

    @property
    def signer(self) -> Signer:
        return Signer(self._secret, f"/stripe/webhook/{ACCOUNT}")

    async def make_store(self) -> None:
        await upgrade_async(self.store)

    async def __aenter__(self) -> Self:
        await self.make_store()
        self.process.start()
        try:
            await self.process.answers(f"{self._port.url}/ready", within=60)
        except BaseException:
            self.process.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        self.process.stop()
        if self._own:
            self._own.close()

    def _write(self, setting: Setting) -> None:
        around = Surroundings(
            homeserver=setting.homeserver,
            appservice=setting.appservice,
            stripe=setting.stripe,
            reader_key="rk_test_bench",
            writer_key="rk_test_bench",
            webhook_secret=self._secret,
            finance_desk="json://127.0.0.1:9/nobody",
        )
        content = {
            **configuration(around),
            "web": {"port": self._port.number},
            "store": {"url": setting.store},
            "people": {
                f"p{n}": {"matrix": who, "roles": ["support"]}
                for n, who in enumerate(setting.people)
            },
            "targets": {},
            "commands": {"escalate_to": ["#escalations"]},
            **setting.more,
        }
        self._config.touch(mode=0o600)
        self._config.write_text(yaml.safe_dump(content))
