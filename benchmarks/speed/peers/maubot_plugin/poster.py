"""A maubot plugin that posts what it gets: `POST /<room id>` with a message's content.

It runs in maubot's own environment, where this project is not.
"""
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"

from aiohttp.web import Request, Response, json_response
from maubot import Plugin
from maubot.handlers import web
from mautrix.types import EventType, RoomID


class Poster(Plugin):
    @web.post("/{room}")
    async def post(self, request: Request) -> Response:
        room, content = RoomID(request.match_info["room"]), await request.json()
        event = await self.client.send_message_event(room, EventType.ROOM_MESSAGE, content)
        return json_response({"event_id": event})
