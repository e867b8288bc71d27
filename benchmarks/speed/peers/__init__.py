"""Programs that bring webhooks into Matrix rooms, each installed in an environment of its own."""

from benchmarks.speed.peers.peer import KINDS as KINDS
from benchmarks.speed.peers.peer import Peer as Peer
