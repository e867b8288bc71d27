"""Disputes, their evidence, and the files for it."""

import io
from collections.abc import Mapping
from typing import Any, cast

from bridge.edges.stripe_calls import StripeCalls
from bridge.model.event import Json

_PAGE = 100


class _Named(io.BytesIO):
    """The SDK takes an upload's name from here; without one every file is called `blob`."""

    name = ""


class DisputeCalls(StripeCalls):
    async def dispute(self, dispute_id: str) -> Json:
        return await self._get(self._client.v1.disputes.retrieve_async(dispute_id))

    async def disputes_of_charge(self, charge_id: str) -> list[Json]:
        wanted = {"charge": charge_id, "limit": _PAGE}
        page = await self._get(self._client.v1.disputes.list_async(cast("Any", wanted)))
        return list(page["data"])

    async def file(self, file_id: str) -> Json:
        return await self._get(self._client.v1.files.retrieve_async(file_id))

    async def upload_evidence(self, *, name: str, content: bytes, key: str) -> Json:
        file = _Named(content)
        file.name = name
        params: Any = {"purpose": "dispute_evidence", "file": file}
        return await self._write(
            self._client.v1.files.create_async(params, {"idempotency_key": key})
        )

    async def stage_evidence(
        self, *, dispute: str, evidence: Mapping[str, str], metadata: Mapping[str, str], key: str
    ) -> Json:
        return await self._update(dispute, evidence, metadata, key, submit=False)

    async def submit_evidence(
        self, *, dispute: str, evidence: Mapping[str, str], metadata: Mapping[str, str], key: str
    ) -> Json:
        return await self._update(dispute, evidence, metadata, key, submit=True)

    async def close_dispute(self, *, dispute: str, key: str) -> Json:
        return await self._write(
            self._client.v1.disputes.close_async(dispute, {}, {"idempotency_key": key})
        )

    async def _update(
        self,
        dispute: str,
        evidence: Mapping[str, str],
        metadata: Mapping[str, str],
        key: str,
        *,
        submit: bool,
    ) -> Json:
        # `submit` is always said: Stripe takes its absence for a yes.
        params: Any = {"evidence": dict(evidence), "metadata": dict(metadata), "submit": submit}
        return await self._write(
            self._client.v1.disputes.update_async(dispute, params, {"idempotency_key": key})
        )
