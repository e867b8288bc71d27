"""Programs that bring webhooks into Matrix rooms, each installed in an environment of its own."""

from benchmarks.speed.peers.peer import Peer as Peer
from benchmarks.speed.peers.peer import matrix_webhook as matrix_webhook
from benchmarks.speed.peers.peer import maubot as maubot
