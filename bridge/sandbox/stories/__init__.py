"""Every story, in the order they were added. `make demo STORY=name` plays one."""

from bridge.sandbox.stories.black_friday import BlackFriday
from bridge.sandbox.stories.dispute_desk import DisputeDesk
from bridge.sandbox.stories.handover import Handover
from bridge.sandbox.stories.outage import Outage
from bridge.sandbox.stories.pay_link import PayLink
from bridge.sandbox.stories.refund_approval import RefundApproval
from bridge.sandbox.stories.renewal import Renewal
from bridge.sandbox.stories.two_modes import TwoModes
from bridge.sandbox.story import Story

STORIES: dict[str, type[Story]] = {
    BlackFriday.name: BlackFriday,
    Outage.name: Outage,
    Renewal.name: Renewal,
    TwoModes.name: TwoModes,
    RefundApproval.name: RefundApproval,
    PayLink.name: PayLink,
    DisputeDesk.name: DisputeDesk,
    Handover.name: Handover,
}
