"""Files as evidence: what may be uploaded, and how much of it goes to the bank."""

import io
import zlib
from typing import Any, Final

import aiohttp
import pytest
import stripe

from bridge.sandbox.stripe_server import SandboxStripe
from bridge.sandbox.stripe_server.filing import Upload

#: aiohttp warns of any body above 1 MiB, and the SDK hands it the whole one.
LARGE_BODY: Final = "ignore:Sending a large body:ResourceWarning"
PART = b"--x\r\nContent-Disposition: %b\r\n\r\nx\r\n--x--\r\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def pdf(pages: int, size: int = 0) -> bytes:
    leaves = b"".join(b"%d 0 obj <</Type /Page>> endobj\n" % n for n in range(pages))
    return b"%PDF-1.4\n1 0 obj <</Type /Pages>> endobj\n" + leaves + b"%" * size + b"\n%%EOF"


def packed(pages: int) -> bytes:
    """As newer writers do it: the page objects sit in a compressed stream."""
    inner = zlib.compress(b"<</Type/Page/Parent 1 0 R>> " * pages)
    head = b"%PDF-1.7\n5 0 obj <</Type /ObjStm /Filter /FlateDecode>>\nstream\r\n"
    return head + inner + b"\nendstream endobj\n%%EOF"


async def upload(owner: stripe.StripeClient, content: bytes, name: str = "slip.pdf") -> stripe.File:
    file = io.BytesIO(content)
    file.name = name
    return await owner.v1.files.create_async({"purpose": "dispute_evidence", "file": file})


async def stage(owner: stripe.StripeClient, dispute: str, **evidence: Any) -> stripe.Dispute:
    params: Any = {"evidence": evidence, "submit": False}
    return await owner.v1.disputes.update_async(dispute, params)


@pytest.mark.parametrize(
    ("content", "kind", "pages"),
    [
        (pdf(3), "pdf", 3),
        (packed(7), "pdf", 7),
        (b"%PDF-1.4 nothing else", "pdf", 1),
        (b"%PDF-1.7 /ObjStm stream\nnot deflated", "pdf", 1),
        (PNG, "png", 1),
        (b"\xff\xd8\xff\xe0", "jpg", 1),
        (b"GIF89a", None, 1),
        (b"", None, 1),
    ],
)
def test_kinds_and_pages(content: bytes, kind: str | None, pages: int) -> None:
    found = Upload("any name.pdf", content)
    assert (found.kind, found.pages) == (kind, pages)


def test_a_bomb_is_not_unpacked() -> None:
    inner = zlib.compress(b"/Type/Page " * 1_000_000)
    found = Upload("x", b"%PDF- /ObjStm stream\n" + inner)
    assert 50 <= found.pages < 1_000_000


async def test_from_upload_to_the_bank(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("dispute_opens")
    content = pdf(2)
    file = await upload(owner, content, "Lieferschein März.pdf")
    assert (file.type, file.size, file.purpose) == ("pdf", len(content), "dispute_evidence")
    assert file.filename == "Lieferschein März.pdf"
    assert sandbox.events()[-1]["type"] == "file.created"
    staged = await stage(owner, made["dispute"], shipping_documentation=file.id)
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    sent = await owner.v1.disputes.update_async(made["dispute"], {"submit": True})
    assert (sent.status, sent.evidence.shipping_documentation) == ("under_review", file.id)
    assert sent.evidence_details.submission_method == "manual"
    read = await owner.v1.disputes.retrieve_async(
        made["dispute"], {"expand": ["evidence.shipping_documentation"]}
    )
    expanded: Any = read.evidence.shipping_documentation
    assert expanded.id == (await owner.v1.files.retrieve_async(file.id)).id
    listed = await owner.v1.files.list_async({"purpose": "dispute_evidence"})
    assert [f.id for f in listed.data] == [file.id]


async def test_what_arrived_can_be_compared(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    content = pdf(2)
    file = await upload(owner, content)
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{sandbox.url}/_sandbox/files") as answer,
    ):
        assert await answer.json() == [{
            "file": file.id, "filename": "slip.pdf", "size": len(content), "pages": 2,
            "sha256": Upload("", content).digest,
        }]  # fmt: skip
    asked = sandbox.requests()[0]["params"]
    assert asked["purpose"] == "dispute_evidence"
    assert asked["file"].startswith("slip.pdf (")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"MZ executable", "use PDF, JPEG or PNG"),
        (pdf(1, size=5_000_000), "greater than 5 MB"),
        (pdf(50), "has 50 pages; it must have fewer than 50"),
        (packed(50), "has 50 pages"),
    ],
    ids=["empty", "executable", "large", "long", "long and packed"],
)
@pytest.mark.filterwarnings(LARGE_BODY)
async def test_uploads_refused(
    sandbox: SandboxStripe, owner: stripe.StripeClient, content: bytes, message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        await upload(owner, content)
    assert sandbox.events() == []


async def test_forty_nine_pages_are_allowed(owner: stripe.StripeClient) -> None:
    assert (await upload(owner, pdf(49))).type == "pdf"


async def test_not_a_file(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    headers = {"Authorization": f"Bearer {sandbox.owner_key}"}
    for data in (
        {"purpose": "dispute_evidence", "file": "words"},
        aiohttp.FormData(
            {"purpose": "dispute_evidence", "file": "words"}, default_to_multipart=True
        ),
    ):
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{sandbox.url}/v1/files", data=data) as answer,
        ):
            assert answer.status == 400
            assert "multipart/form-data" in (await answer.json())["error"]["message"]
    file: Any = io.BytesIO(pdf(1))
    with pytest.raises(stripe.InvalidRequestError, match="dispute_evidence only"):
        await owner.v1.files.create_async({"purpose": "business_logo", "file": file})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\nnonsense",
        b"--x--\r\n",
        PART % b'form-data; name="a"\r\nContent-Type: text/plain; charset=klingon',
        PART % b'form-data; name="a["',
    ],
)
async def test_a_broken_body(sandbox: SandboxStripe, body: bytes) -> None:
    headers = {
        "Authorization": f"Bearer {sandbox.owner_key}",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{sandbox.url}/v1/files", data=body) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json())["error"]["type"] == "invalid_request_error"


async def test_the_same_upload_with_the_same_key_is_one_file(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    names = set()
    for _ in range(2):
        file: Any = io.BytesIO(pdf(1))
        made = await owner.v1.files.create_async(
            {"purpose": "dispute_evidence", "file": file}, {"idempotency_key": "k"}
        )
        names.add(made.id)
    assert len(names) == len(sandbox.world.uploads) == 1
    other: Any = io.BytesIO(pdf(2))
    with pytest.raises(stripe.IdempotencyError):
        await owner.v1.files.create_async(
            {"purpose": "dispute_evidence", "file": other}, {"idempotency_key": "k"}
        )


@pytest.mark.filterwarnings(LARGE_BODY)
async def test_together_no_more_than_4_5_megabytes(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("dispute_opens")
    one, two = [(await upload(owner, pdf(1, size=2_300_000))).id for _ in range(2)]
    # One file in two fields is sent once.
    await stage(owner, made["dispute"], receipt=one, service_documentation=one)
    with pytest.raises(stripe.InvalidRequestError, match=r"combined size .* greater than 4\.5 MB"):
        await stage(owner, made["dispute"], receipt=two)
    # What takes its place makes room.
    await stage(owner, made["dispute"], receipt=two, service_documentation="")


@pytest.mark.parametrize(("brand", "most"), [("visa", 49), ("mastercard", 19)])
async def test_a_network_takes_so_many_pages(
    sandbox: SandboxStripe, owner: stripe.StripeClient, brand: str, most: int
) -> None:
    bought = sandbox.happen("billing_details_change", brand=brand)
    paid = sandbox.happen("checkout_succeeds", customer=bought["customer"])
    made = sandbox.happen("dispute_opens", charge=paid["charge"])
    file = await upload(owner, pdf(most - 1))
    text = {"uncategorized_text": "x" * 4_000}
    await stage(owner, made["dispute"], receipt=file.id, **text)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await stage(owner, made["dispute"], product_description="y")
    assert refused.value.code == "dispute_evidence_page_limit_exceeded"


async def test_no_such_file(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made = sandbox.happen("dispute_opens")
    for evidence in ({"receipt": "file_nobody"}, {"appeal": {"card": {"supporting_files": ["f"]}}}):
        with pytest.raises(stripe.InvalidRequestError, match="No such file upload"):
            await stage(owner, made["dispute"], **evidence)
