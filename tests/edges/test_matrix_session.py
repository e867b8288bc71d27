"""The file of a bot's session: its owner's alone, whole or not there, and never a reason to stop."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.edges.matrix_session import SessionFile
from bridge.model.ports import Login

LOGIN = Login("syt_secret", "STRIPEBRIDGE")


def test_what_is_written_is_read_and_nobody_else_can(tmp_path: Path) -> None:
    file = SessionFile(tmp_path / "session")
    file.write(Login("earlier", "STRIPEBRIDGE"))
    file.write(LOGIN)
    assert file.read() == LOGIN
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["session"]


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = SessionFile(tmp_path / "session")
    file.write(LOGIN)
    file.path.chmod(0o644)
    assert file.read() == LOGIN
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_somebody_elses_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.write_text("theirs")
    (tmp_path / "session.new").symlink_to(target)
    SessionFile(tmp_path / "session").write(LOGIN)
    assert target.read_text() == "theirs"
    assert SessionFile(tmp_path / "session").read() == LOGIN


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"token": "x"}', b"\xff\xfe"])
def test_what_cannot_be_read_costs_a_log_in_and_tells_no_secret(
    content: bytes, tmp_path: Path
) -> None:
    file = SessionFile(tmp_path / "session")
    file.path.write_bytes(content)
    with capture_logs() as logs:
        assert file.read() is None
    assert [one["event"] for one in logs] == ["session_not_read"]


def test_one_that_is_not_there_is_nothing_to_speak_of(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert SessionFile(tmp_path / "session").read() is None
    assert logs == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with capture_logs() as logs:
        SessionFile(tmp_path / "nowhere" / "session").write(LOGIN)
    assert [one["event"] for one in logs] == ["session_not_kept"]
    assert LOGIN.token not in str(logs)
