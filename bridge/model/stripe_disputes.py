"""What is asked of Stripe about disputes, their evidence and its files."""

from collections.abc import Mapping
from typing import Protocol

from bridge.model.event import Json


class DisputeReader(Protocol):
    async def dispute(self, dispute_id: str) -> Json: ...
    async def disputes_of_charge(self, charge_id: str) -> list[Json]: ...
    async def file(self, file_id: str) -> Json: ...


class DisputeWriter(Protocol):
    async def upload_evidence(self, *, name: str, content: bytes, key: str) -> Json:
        """A file of Stripe's, for `stage_evidence`; nothing refers to it yet."""

    async def stage_evidence(
        self, *, dispute: str, evidence: Mapping[str, str], metadata: Mapping[str, str], key: str
    ) -> Json:
        """Beside what is there; an empty text takes a field back. The bank sees nothing of it."""

    async def submit_evidence(
        self, *, dispute: str, evidence: Mapping[str, str], metadata: Mapping[str, str], key: str
    ) -> Json:
        """Beside what is there, all of it to the bank: that is final."""

    async def close_dispute(self, *, dispute: str, key: str) -> Json:
        """It is lost: that is final."""
