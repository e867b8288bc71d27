"""What Stripe's events mean to people. `rows.py` lists the event types; a new one is one more row.

for need in needs(event):
    links = links.and_(links_in(need, await ask(need), event))
signal = signal_of(event, links, words)
"""

from bridge.notices.catalogue.links import NO_LINKS, Links, Lookup, Need, links_in
from bridge.notices.catalogue.rows import CATALOGUE
from bridge.notices.catalogue.signals import needs, signal_class_of, signal_of

__all__ = [
    "CATALOGUE",
    "NO_LINKS",
    "Links",
    "Lookup",
    "Need",
    "links_in",
    "needs",
    "signal_class_of",
    "signal_of",
]
