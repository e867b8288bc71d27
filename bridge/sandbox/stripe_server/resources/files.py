"""/v1/files"""

from typing import Final

from bridge.sandbox.stripe_server.errors import invalid
from bridge.sandbox.stripe_server.filing import Upload
from bridge.sandbox.stripe_server.routes import Call, Route
from bridge.sandbox.stripe_server.shapes import Json

from .shared import family

_LARGEST: Final = 5_000_000
_TOO_MANY_PAGES: Final = 50


def create(call: Call) -> Json:
    upload = _checked(call.upload)
    if call.params["purpose"] != "dispute_evidence":
        raise invalid("The sandbox keeps files of dispute_evidence only.", param="purpose")
    file = call.desk.new(
        "file",
        filename=upload.filename,
        purpose=call.params["purpose"],
        size=upload.size,
        type=upload.kind,
    )
    call.world.uploads[file["id"]] = upload
    links = {"object": "list", "data": [], "has_more": False, "url": _links(file)}
    page = f"https://files.stripe.com/v1/files/{file['id']}/contents"
    return call.desk.change(file, "file.created", links=links, url=page)


def _links(file: Json) -> str:
    return f"/v1/file_links?file={file['id']}"


def _checked(upload: Upload | None) -> Upload:
    if upload is None:
        raise invalid("Invalid file: it must be uploaded as multipart/form-data.", param="file")
    if not upload.size:
        raise invalid("The file is empty.", param="file")
    if upload.kind is None:
        raise invalid("Files of this type are not supported; use PDF, JPEG or PNG.", param="file")
    if upload.size > _LARGEST:
        raise invalid(f"The file is greater than {_LARGEST // 1_000_000} MB.", param="file")
    if upload.pages >= _TOO_MANY_PAGES:
        raise invalid(
            f"The file has {upload.pages} pages; it must have fewer than {_TOO_MANY_PAGES}.",
            param="file",
        )
    return upload


ROUTES: Final = (
    *family("file", "/v1/files", "File", "rak_file", "purpose"),
    Route("POST", "/v1/files", "FileCreateParams", "rak_file_write", create, "file purpose"),
)  # fmt: skip
