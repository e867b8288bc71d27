import signal
import socket
import sys
from pathlib import Path

import pytest

from bridge.sandbox.ports import LOOPBACK, Port
from bridge.sandbox.process import Process, ProcessFailed

#: A server that does not end when asked to.
DEAF = """
import http.server, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
handler = http.server.SimpleHTTPRequestHandler
http.server.HTTPServer(("127.0.0.1", {port}), handler).serve_forever()
"""


def _python(code: str, directory: Path) -> Process:
    return Process("the child", [sys.executable, "-c", code], log=directory / "child.log")


async def test_a_child_that_ends_early_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = _python("print('the reason'); raise SystemExit(3)", tmp_path)
    child.start()
    with (
        Port() as port,
        pytest.raises(ProcessFailed, match=r"ended with exit code 3\. .*\nthe reason"),
    ):
        await child.answers(port.url)


async def test_a_child_that_does_not_answer_is_told_with_what_was_asked(tmp_path: Path) -> None:
    child = _python("import signal; signal.pause()", tmp_path)
    child.start()
    try:
        with (
            Port() as port,
            pytest.raises(ProcessFailed, match=rf"did not answer {port.url} within 0.2 s"),
        ):
            await child.answers(port.url, within=0.2)
    finally:
        assert child.stop() == -signal.SIGTERM


async def test_a_child_that_will_not_end_is_ended(tmp_path: Path) -> None:
    with Port() as port:
        child = _python(DEAF.format(port=port.number), tmp_path)
        child.start()
        await child.answers(port.url)
        assert child.stop(within=0.2) == -signal.SIGKILL
    assert child.pid is None


def test_a_child_knows_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET", "not for children")
    child = Process(
        "the child",
        [sys.executable, "-c", "import os; print(sorted(os.environ))"],
        log=tmp_path / "child.log",
        environment={"GIVEN": "yes"},
    )
    child.start()
    assert child.stop(signal.SIGCONT) == 0
    assert "GIVEN" in child.tail()
    assert "STRIPE_SECRET" not in child.tail()


def test_a_held_port_is_nobody_elses_but_a_servers_may_listen_on_it_again_and_again() -> None:
    with Port() as port:
        for _ in range(2):
            with socket.create_server((LOOPBACK, port.number)):
                socket.create_connection((LOOPBACK, port.number)).close()
        with socket.socket() as other:
            other.bind((LOOPBACK, 0))
            assert other.getsockname()[1] != port.number


def test_the_end_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    child = _python("print('\\n'.join(map(str, range(100))))", tmp_path)
    assert child.tail() == "(nothing)"
    child.start()
    child.stop(signal.SIGCONT)
    assert child.tail(3) == "97\n98\n99"


def test_a_child_does_not_get_our_ctrl_c(tmp_path: Path) -> None:
    child = _python("import os; print(os.getsid(0) == os.getpid())", tmp_path)
    child.start()
    child.stop(signal.SIGCONT)
    assert child.tail() == "True"
