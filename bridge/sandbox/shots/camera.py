"""A page as a person has it before them: how large, how bright, and when it has come to rest."""

import asyncio
import base64
from dataclasses import dataclass

from bridge.sandbox.shots.chromium import BrowserTrouble, Page

_STILL = 0.4
_LOOKS = 20


@dataclass(frozen=True)
class Look:
    """`scale` is how many of the picture's points one of the page's has."""

    name: str
    width: int
    height: int
    scale: int = 1
    phone: bool = False
    dark: bool = False


WIDE, PHONE = (1440, 900, 1, False), (390, 844, 2, True)
LOOKS = tuple(
    Look(f"{size}-{'dark' if dark else 'light'}", *shape, dark)
    for size, shape in (("wide", WIDE), ("phone", PHONE))
    for dark in (False, True)
)


async def look_through(page: Page, look: Look) -> None:
    await page.do(
        "Emulation.setDeviceMetricsOverride",
        width=look.width,
        height=look.height,
        deviceScaleFactor=look.scale,
        mobile=look.phone,
    )
    scheme = "dark" if look.dark else "light"
    await page.do(
        "Emulation.setEmulatedMedia",
        features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ],
    )


async def picture(page: Page) -> bytes:
    """A PNG of what stands still; what never does is taken as it is at last."""
    last = b""
    for _ in range(_LOOKS):
        taken = base64.b64decode((await page.do("Page.captureScreenshot", format="png"))["data"])
        if taken == last:
            break
        last = taken
        await asyncio.sleep(_STILL)
    if not last.startswith(b"\x89PNG"):
        raise BrowserTrouble("Chromium's picture is no PNG.")
    return last


async def log_in(page: Page, url: str, name: str, password: str) -> None:
    """With the client's own form, as a person does."""
    await page.do("Page.navigate", url=f"{url}/#/login")
    await page.until(_LOCKED, what="a form that asks for a password", within=60)
    for field, text in ((_NAME, name), (_LOCKED, password)):
        await page.evaluate(f"{field}.focus()")
        await page.do("Input.insertText", text=text)
    for kind in ("rawKeyDown", "char", "keyUp"):
        await page.do(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            text="\r",
            windowsVirtualKeyCode=13,
        )
    await page.until(f"!{_LOCKED}", what="that the person is logged in", within=60)


_LOCKED = "document.querySelector('input[type=password]')"
_NAME = f"""[...{_LOCKED}.form.querySelectorAll('input')].find(
    one => one.type !== 'password' && one.type !== 'hidden' && !one.disabled && !one.readOnly
)"""
