"""Every setting, its default and its bounds. `docs/configuration.md` is held to this file by a test."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bridge.config.kinds import (
    EVERYONE,
    AccountId,
    AliasPrefix,
    Currency,
    Destination,
    Duration,
    EventTypes,
    Identity,
    LocaleName,
    Localpart,
    MatrixId,
    Name,
    Outside,
    Role,
    RoleOrEveryone,
    SecretText,
    ServerName,
    StoreUrl,
    TimeZone,
    Token,
    Url,
    Verb,
)
from bridge.config.mistakes import validation_error
from bridge.config.names import contradictions
from bridge.model.signal import SignalClass


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_all_defaults(cls, data: object) -> object:
        """In YAML, a section whose every line is commented out is null."""
        return {} if data is None else data


class Store(Section):
    url: StoreUrl = Field(
        default=SecretStr("sqlite+aiosqlite:///stripe-bridge.db"),
        description="Where everything is kept: `sqlite+aiosqlite:///file.db` (one process) or `postgresql+asyncpg://user:password@host/name`.",
    )


class Web(Section):
    host: str = Field(
        default="127.0.0.1", min_length=1, max_length=255, description="The address to listen on."
    )
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on.")
    max_body_bytes: int = Field(
        default=2 * 1024 * 1024,
        ge=64 * 1024,
        le=64 * 1024 * 1024,
        description="The largest webhook body taken; larger ones are answered 413.",
    )


class Account(Section):
    reader_key: Token = Field(
        description="A restricted Stripe key that only reads; used for everything but actions."
    )
    writer_key: Token | None = Field(
        default=None,
        description="A restricted Stripe key for actions. Without it nobody can move money from chat.",
    )
    webhook_secrets: tuple[Token, ...] = Field(
        min_length=1,
        max_length=10,
        description="The signing secrets of the webhook endpoint; while one is rolled, both. In a file: one a line.",
    )
    livemode: bool = Field(
        default=False,
        description="Whether this is the live mode; events of the other mode are refused.",
    )
    account_id: AccountId | None = Field(
        default=None,
        description="Pins events to one connected account (`acct_…`); others are refused.",
    )
    api_base: Url = Field(default="https://api.stripe.com", description="Where Stripe's API is.")
    dashboard: Url = Field(
        default="https://dashboard.stripe.com",
        description="Where links to Stripe's dashboard point.",
    )
    currency: Currency | None = Field(
        default=None,
        description="What an amount is in that somebody wants to be paid and names without a currency (`eur`).",
    )
    thanks_url: Url | None = Field(
        default=None,
        description="Where a customer is led after paying at a checkout that was asked for in chat. Without it, customers get a payment link instead, which does not end by itself.",
    )
    timeout: Duration = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        le=timedelta(minutes=5),
        description="How long one call to Stripe may take.",
    )
    signature_tolerance: Duration = Field(
        default=timedelta(minutes=5),
        gt=timedelta(0),
        le=timedelta(hours=1),
        description="How far a webhook's timestamp may be from our clock, in the past and in the future.",
    )


class Channel(Section):
    title: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="The room's name; by default `#` and the channel's.",
    )
    topic: str | None = Field(default=None, max_length=500, description="The room's topic.")
    roles: tuple[RoleOrEveryone, ...] = Field(
        default=(EVERYONE,),
        description="Whom to invite: people with one of these roles; `*` is everyone in `people`.",
    )
    details: Literal["full", "masked", "none"] = Field(
        default="full",
        description="How much the bridge tells of people and amounts there: all, people masked (`a…@example.org`), or only what happened.",
    )


class RoomKind(Section):
    roles: tuple[RoleOrEveryone, ...] = Field(
        default=(EVERYONE,),
        description="Whom to invite: people with one of these roles; `*` is everyone in `people`.",
    )
    details: Literal["full", "masked", "none"] = Field(
        default="full",
        description="How much the bridge tells of people and amounts there: all, people masked (`a…@example.org`), or only what happened.",
    )


#: The channels that are there without being configured.
CHANNELS = {
    "payments-critical": Channel(
        topic="What cannot wait: disputes, failed payouts and refunds, failed webhooks."
    ),
    "payments": Channel(topic="What belongs to no customer's room."),
    "escalations": Channel(topic="What somebody asked for help with."),
}


#: What Synapse takes from an ordinary account.
_BOT_BUDGET = Decimal("0.2")


class Matrix(Section):
    homeserver: Url = Field(description="The homeserver's client API, as the bridge reaches it.")
    server_name: ServerName = Field(
        description="The part after the colon in the homeserver's Matrix ids."
    )
    mode: Literal["appservice", "bot"] = Field(
        default="appservice",
        description="`appservice` (recommended): registered with your homeserver. `bot`: an ordinary account on any homeserver.",
    )
    as_token: Token | None = Field(
        default=None,
        description="The token that the bridge shows to the homeserver. Needed in appservice mode.",
    )
    hs_token: Token | None = Field(
        default=None,
        description="The token that the homeserver shows to the bridge. Needed in appservice mode.",
    )
    user_id: MatrixId | None = Field(
        default=None, description="The bot's account. Needed in bot mode."
    )
    access_token: Token | None = Field(
        default=None, description="The bot's access token; in bot mode this or `password`."
    )
    password: SecretText | None = Field(
        default=None,
        description="The bot's password: used to log in, at each start unless `session_path` keeps the session.",
    )
    session_path: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="A file that keeps the session which `password` made, for its owner alone to read (`/var/lib/stripe-bridge/session`).",
    )
    messages_per_second: Decimal | None = Field(
        default=None,
        gt=0,
        le=1000,
        max_digits=8,
        description="How many messages a second the homeserver takes from the bridge; `0.2` in bot mode and no limit in appservice mode unless given.",
    )
    messages_burst: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="How many messages may go out at once before that limit is felt.",
    )
    remove_people: bool = Field(
        default=False,
        description="Whether people whom the bridge invited are removed from rooms that their roles no longer bring them to.",
    )
    bridge_url: Url = Field(
        default="http://127.0.0.1:8080",
        description="Where the homeserver reaches the bridge; written to the registration file.",
    )
    id: Name = Field(
        default="stripe-bridge", description="The appservice's id in the registration file."
    )
    sender_localpart: Localpart = Field(
        default="stripe",
        description="In appservice mode, the bridge's own Matrix user is `@<this>:<server_name>`.",
    )
    alias_prefix: AliasPrefix = Field(
        default="stripe_", description="Every room's alias begins with this."
    )
    history: Literal["invited", "joined", "shared"] = Field(
        default="shared",
        description="How far back people may read who come later: from their invitation, from their joining, or all of it.",
    )
    federate: bool = Field(
        default=False, description="Whether people of other homeservers may be in the rooms."
    )
    channels: dict[Name, Channel] = Field(
        default_factory=lambda: dict(CHANNELS),
        description="The named channels. Those given here are added to `payments-critical`, `payments` and `escalations`, or change them.",
    )
    customer_rooms: RoomKind = Field(default=RoomKind(), description="The rooms of customers.")
    dispute_rooms: RoomKind = Field(default=RoomKind(), description="The rooms of disputes.")

    @field_validator("channels", mode="after")
    @classmethod
    def _standing_channels_stay(cls, given: dict[str, Channel]) -> dict[str, Channel]:
        return {**CHANNELS, **{name: _amended(name, channel) for name, channel in given.items()}}

    @property
    def sender(self) -> str:
        """The bridge's own Matrix id."""
        return self.user_id or f"@{self.sender_localpart}:{self.server_name}"

    @property
    def budget(self) -> Decimal | None:
        """Messages a second; None if nobody counts."""
        return self.messages_per_second or (_BOT_BUDGET if self.mode == "bot" else None)


def _amended(name: str, channel: Channel) -> Channel:
    """A standing channel with what was said about it; any other as it is."""
    said = {key: getattr(channel, key) for key in channel.model_fields_set}
    return CHANNELS[name].model_copy(update=said) if name in CHANNELS else channel


class RoleRights(Section):
    verbs: tuple[Verb, ...] = Field(
        default=(),
        description="What people with this role may ask for; nothing by default.",
    )


class Person(Section):
    matrix: MatrixId | None = Field(
        default=None,
        description="The person's Matrix id; who has none needs another identity, and is in no room.",
    )
    roles: tuple[Role, ...] = Field(
        default=(),
        description="The person's roles; none by default, and then every command is refused.",
    )
    identities: tuple[Identity, ...] = Field(
        default=(),
        max_length=20,
        validate_default=True,
        description="What else the person is called: `platform:id`. All of them are one person, who cannot approve what any of them asked for.",
    )

    @field_validator("identities", mode="after")
    @classmethod
    def _somebody(cls, given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not given and info.data.get("matrix", "") is None:
            raise ValueError("is missing: whom does it mean? Give `matrix` or `identities`")
        return given


class Approval(Section):
    """One rule of how many other people must approve. The most specific one that matches counts."""

    verbs: tuple[Verb, ...] = Field(
        default=(), description="Verbs; all that move money when empty."
    )
    roles: tuple[Role, ...] = Field(
        default=(), description="Roles by which the asker may ask for it; any when empty."
    )
    accounts: tuple[Name, ...] = Field(default=(), description="Names of accounts; any when empty.")
    currencies: tuple[Currency, ...] = Field(
        default=(), description="Currencies (`eur`); any when empty."
    )
    amount_at_least: Decimal | None = Field(
        default=None,
        ge=0,
        max_digits=15,
        description="In the currency's own units (`500` is €500.00 or ¥500). Needs `currencies`.",
    )
    others: int = Field(
        ge=0,
        le=9,
        description="How many other people must approve; 0 if the asker's own `yes` is enough.",
    )
    by: tuple[Role, ...] = Field(
        default=(),
        description="Roles whose people may approve; when empty, those who may ask for the verb themselves.",
    )

    @field_validator("amount_at_least", mode="after")
    @classmethod
    def _amounts_need_a_currency(
        cls, amount: Decimal | None, info: ValidationInfo
    ) -> Decimal | None:
        if amount is not None and info.data.get("currencies") == ():
            raise ValueError("means nothing without `currencies`: name them")
        return amount


class Limit(Section):
    """One limit. Every one that matches holds; days are those of `timezone`."""

    verbs: tuple[Verb, ...] = Field(
        default=(), description="Verbs; all that move money when empty."
    )
    roles: tuple[Role, ...] = Field(
        default=(),
        description="Roles by which the asker may ask for it; any when empty. Who has another role that may do it is held to that one's limits instead.",
    )
    accounts: tuple[Name, ...] = Field(default=(), description="Names of accounts; any when empty.")
    currency: Currency = Field(description="The currency of the amounts below (`eur`).")
    per_action: Decimal | None = Field(
        default=None,
        ge=0,
        max_digits=15,
        description="The most at once, in the currency's own units.",
    )
    per_person_day: Decimal | None = Field(
        default=None, ge=0, max_digits=15, description="The most that one person moves in a day."
    )
    per_account_day: Decimal | None = Field(
        default=None,
        ge=0,
        max_digits=15,
        description="The most that is moved in a day in one account, by everybody.",
    )


class Audit(Section):
    head_to: tuple[Outside, ...] = Field(
        default=("#payments",),
        description="Where the heads of the audit trails go once a day, as an anchor outside of the store; nowhere when empty.",
    )


class Target(Section):
    apprise: SecretText = Field(
        description="One Apprise URL, of one recipient (`slack://…`, `mailtos://…`)."
    )
    tags: tuple[Name, ...] = Field(
        default=(), description="Words by which routes can name this target together with others."
    )
    details: Literal["full", "masked", "none"] = Field(
        default="masked",
        description="How much personal data goes there: all, masked (`a…@example.org`), or only what happened.",
    )
    timeout: Duration = Field(
        default=timedelta(seconds=15),
        gt=timedelta(0),
        le=timedelta(minutes=2),
        description="How long one notification may take.",
    )


class Match(Section):
    classes: tuple[SignalClass, ...] = Field(
        default=(), description="`page`, `notify`, `group`, `digest`; any when empty."
    )
    types: tuple[EventTypes, ...] = Field(
        default=(),
        description="Event types, with `*` for any letters (`charge.dispute.*`); any when empty.",
    )
    accounts: tuple[Name, ...] = Field(default=(), description="Names of accounts; any when empty.")
    currencies: tuple[Currency, ...] = Field(
        default=(), description="Currencies (`eur`); any when empty."
    )
    amount_at_least: Decimal | None = Field(
        default=None,
        ge=0,
        max_digits=15,
        description="In the currency's own units (`500` is €500.00 or ¥500). Needs `currencies`.",
    )
    livemode: bool | None = Field(
        default=None, description="Only live events, or only test events."
    )
    metadata: dict[str, str] = Field(
        default_factory=dict,
        description="Keys that the object's metadata must have, with `*` for any letters in the value.",
    )

    @field_validator("amount_at_least", mode="after")
    @classmethod
    def _amounts_need_a_currency(
        cls, amount: Decimal | None, info: ValidationInfo
    ) -> Decimal | None:
        if amount is not None and info.data.get("currencies") == ():
            raise ValueError("means nothing without `currencies`: name them")
        return amount


class Route(Section):
    name: Name = Field(description="What `why` and the logs call this route.")
    match: Match = Field(
        default=Match(), description="What the signal must be; an empty match takes all."
    )
    to: tuple[Destination, ...] = Field(
        description="`room` (the customer's or dispute's), `#channel`, `@target`, `tag:word`. An empty list sends it nowhere."
    )
    last: bool = Field(
        default=False,
        description="Whether the routes below are not looked at once this one has matched.",
    )


ROUTES = (
    # Stripe tells of these beside the events that say what happened.
    Route(
        name="noise",
        match=Match(
            types=(
                "charge.updated",
                "invoice.created",
                "invoice.updated",
                "invoiceitem.*",
                "payment_intent.created",
                "price.*",
                "product.*",
                "plan.*",
            )
        ),
        to=(),
        last=True,
    ),
    Route(
        name="page",
        match=Match(classes=(SignalClass.PAGE,)),
        to=("room", "#payments-critical", "tag:page"),
    ),
    Route(
        name="received",
        match=Match(
            types=(
                "charge.succeeded",
                "checkout.session.async_payment_succeeded",
                "checkout.session.completed",
                "invoice.paid",
                "payment_intent.succeeded",
            )
        ),
        to=("#payments",),
    ),
    Route(
        name="rest",
        match=Match(classes=(SignalClass.NOTIFY, SignalClass.GROUP, SignalClass.DIGEST)),
        to=("room",),
    ),
)


class Commands(Section):
    confirm_within: Duration = Field(
        default=timedelta(minutes=10),
        gt=timedelta(0),
        le=timedelta(days=1),
        description="How long a question waits for its `yes`.",
    )
    approve_within: Duration = Field(
        default=timedelta(hours=4),
        gt=timedelta(0),
        le=timedelta(days=7),
        description="How long a confirmed action waits for other people's approval.",
    )
    ignore_older_than: Duration = Field(
        default=timedelta(hours=1),
        gt=timedelta(0),
        le=timedelta(days=7),
        description="Messages older than this when they reach the bridge are not acted on.",
    )
    escalate_to: tuple[Destination, ...] = Field(
        default=("#escalations", "tag:escalation"), description="Where `escalate` goes."
    )


class Delivery(Section):
    lanes_at_once: int = Field(
        default=16,
        ge=1,
        le=256,
        description="How many lanes one process works on at the same time: so many that bring something in, and so many that take something out.",
    )
    lease: Duration = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=5),
        le=timedelta(hours=1),
        description="How long a worker owns a lane without a sign of life.",
    )
    poll: Duration = Field(
        default=timedelta(seconds=1),
        gt=timedelta(0),
        le=timedelta(minutes=1),
        description="How often to look for due work when nothing wakes the worker.",
    )
    backoff_first: Duration = Field(
        default=timedelta(seconds=1),
        gt=timedelta(0),
        le=timedelta(minutes=10),
        description="The pause after a lane's first failure; it doubles with each further one.",
    )
    backoff_most: Duration = Field(
        default=timedelta(minutes=5),
        gt=timedelta(0),
        le=timedelta(hours=6),
        description="The longest pause after a failure; not shorter than `backoff_first`.",
    )
    attempts: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="How many tries a delivery gets before it becomes a dead letter; an outage of its target costs none.",
    )
    give_up_after: Duration = Field(
        default=timedelta(days=3),
        ge=timedelta(minutes=1),
        le=timedelta(days=30),
        description="How long a delivery waits for a target that is away before it becomes a dead letter.",
    )

    @field_validator("backoff_most", mode="after")
    @classmethod
    def _most_is_not_less_than_first(cls, most: timedelta, info: ValidationInfo) -> timedelta:
        if most < info.data.get("backoff_first", most):
            raise ValueError("is shorter than `backoff_first`")
        return most


_ONE_MONTH = timedelta(days=31)


class EventRetention(Section):
    """Stripe can send an event again for 30 days: until then its id must be remembered."""

    page: Duration = Field(
        default=timedelta(days=400), ge=_ONE_MONTH, description="For events that interrupted."
    )
    notify: Duration = Field(
        default=timedelta(days=180), ge=_ONE_MONTH, description="For events that were told."
    )
    group: Duration = Field(
        default=timedelta(days=90), ge=_ONE_MONTH, description="For events that come in numbers."
    )
    digest: Duration = Field(
        default=timedelta(days=45), ge=_ONE_MONTH, description="For all others."
    )


class Retention(Section):
    events: EventRetention = Field(
        default=EventRetention(),
        description="How long handled events are kept whole, by their class; people's commands as those that interrupted.",
    )
    deliveries: Duration = Field(
        default=timedelta(days=30),
        ge=timedelta(days=2),
        description="How long deliveries that are done with are kept.",
    )
    dead: Duration = Field(
        default=timedelta(days=180),
        ge=timedelta(days=7),
        description="How long dead letters are kept.",
    )
    cards: Duration = Field(
        default=timedelta(days=730),
        ge=timedelta(days=30),
        description="How long is kept what cards say, since they last moved. One that may still move by itself is never forgotten; the messages stay in their rooms.",
    )


class Config(Section):
    store: Store = Field(
        default=Store(), description="Where the bridge keeps what it must not lose."
    )
    web: Web = Field(default=Web(), description="The bridge's own HTTP server.")
    accounts: dict[Name, Account] = Field(
        min_length=1, description="The Stripe accounts, by a name of yours."
    )
    matrix: Matrix = Field(description="The homeserver, the rooms, and who is in them.")
    roles: dict[Role, RoleRights] = Field(
        default_factory=dict, description="What the people of each role may do."
    )
    people: dict[Name, Person] = Field(
        default_factory=dict, description="The people, by a name of yours."
    )
    approvals: tuple[Approval, ...] = Field(
        default=(),
        description="How many other people must approve what; without a matching rule, one for whatever moves money.",
    )
    limits: tuple[Limit, ...] = Field(
        default=(), description="How much money may be moved from chat."
    )
    audit: Audit = Field(
        default=Audit(), description="The trail of everything that was done or refused."
    )
    targets: dict[Name, Target] = Field(
        default_factory=dict,
        description="Where notifications go besides Matrix, by a name of yours.",
    )
    routes: tuple[Route, ...] = Field(
        default=ROUTES,
        description="The rules that take signals to their targets, looked at from the top.",
    )
    commands: Commands = Field(default=Commands(), description="What people ask for in chat.")
    delivery: Delivery = Field(default=Delivery(), description="How hard the bridge tries.")
    retention: Retention = Field(
        default=Retention(), description="How long things are kept that are done with."
    )
    locale: LocaleName = Field(
        default="en_GB", description="The language and customs of amounts and dates."
    )
    timezone: TimeZone = Field(
        default="UTC", description="The time zone of dates (`Europe/Berlin`)."
    )

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if problems := list(contradictions(self.model_dump(), CHANNELS)):
            raise validation_error(problems)
        return self
