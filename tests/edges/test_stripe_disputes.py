"""The dispute calls against the sandbox's Stripe: nothing reaches the bank before it is submitted."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
import stripe as sdk

from bridge.edges.stripe_api import StripeApi
from bridge.edges.stripe_calls import files_base
from bridge.model.errors import StripeAmbiguous, StripeRefused
from bridge.sandbox.stripe_server import Fault, SandboxStripe

MARK = {"chat_action": "1"}
#: Larger than what aiohttp sends in one go without a warning, and warnings are errors here.
LARGE = b"%PDF-1.4\n1 0 obj\n<< /Type /Page >>\nendobj\n" + b"%" * 3_000_000


@pytest_asyncio.fixture
async def stripe() -> AsyncIterator[SandboxStripe]:
    async with SandboxStripe() as made:
        yield made


@pytest_asyncio.fixture
async def api(stripe: SandboxStripe) -> AsyncIterator[StripeApi]:
    opened = StripeApi(stripe.writer_key, api_base=stripe.url, timeout=timedelta(seconds=5))
    yield opened
    await opened.close()


async def test_evidence_is_staged_and_taken_back_without_the_bank(
    stripe: SandboxStripe, api: StripeApi
) -> None:
    dispute = stripe.happen("dispute_opens")["dispute"]
    evidence = {"product_description": "A lamp", "customer_name": "Ada"}
    made = await api.stage_evidence(dispute=dispute, evidence=evidence, metadata=MARK, key="a")
    assert made["evidence"]["product_description"] == "A lamp"
    more = {"customer_name": "", "service_date": "1 May"}
    made = await api.stage_evidence(dispute=dispute, evidence=more, metadata=MARK, key="b")
    assert made["evidence"]["customer_name"] is None
    assert (made["status"], made["metadata"]) == ("needs_response", MARK)
    assert made["evidence_details"]["submission_count"] == 0
    await api.set_metadata(kind="dispute", object_id=dispute, metadata={"note": "x"}, key="c")
    assert (await api.dispute(dispute))["status"] == "needs_response"
    made = await api.submit_evidence(dispute=dispute, evidence={}, metadata=MARK, key="d")
    assert (made["status"], made["evidence"]["service_date"]) == ("under_review", "1 May")
    with pytest.raises(StripeRefused, match="can no longer be changed"):
        await api.stage_evidence(dispute=dispute, evidence=evidence, metadata=MARK, key="e")


async def test_a_large_file_arrives_whole_and_once(stripe: SandboxStripe, api: StripeApi) -> None:
    made = await api.upload_evidence(name='a "b".pdf', content=LARGE, key="k:file")
    again = await api.upload_evidence(name='a "b".pdf', content=LARGE, key="k:file")
    assert again["id"] == made["id"]
    file = await api.file(made["id"])
    assert (file["size"], file["type"], file["purpose"]) == (len(LARGE), "pdf", "dispute_evidence")
    ((name, upload),) = stripe.world.uploads.items()
    assert (name, upload.content) == (made["id"], LARGE)


async def test_an_upload_that_is_cut_off_is_unclear(stripe: SandboxStripe, api: StripeApi) -> None:
    stripe.fail_next(Fault("cut", method="POST", path="/v1/files"))
    with pytest.raises(StripeAmbiguous):
        await api.upload_evidence(name="a.pdf", content=LARGE, key="k:file")
    await api.upload_evidence(name="a.pdf", content=LARGE, key="k:file")
    assert len(stripe.world.uploads) == 1


async def test_what_stripe_does_not_take_comes_back_as_a_sentence(api: StripeApi) -> None:
    with pytest.raises(StripeRefused, match="use PDF, JPEG or PNG"):
        await api.upload_evidence(name="a.pdf", content=b"MZ", key="k:file")


async def test_a_dispute_is_closed_once(stripe: SandboxStripe, api: StripeApi) -> None:
    dispute = stripe.happen("dispute_opens")["dispute"]
    for _ in range(2):
        assert (await api.close_dispute(dispute=dispute, key="k"))["status"] == "lost"


def test_uploads_to_stripe_itself_go_to_its_own_address() -> None:
    assert files_base(sdk.DEFAULT_API_BASE) == sdk.DEFAULT_UPLOAD_API_BASE
    assert files_base("http://127.0.0.1:1") == "http://127.0.0.1:1"
