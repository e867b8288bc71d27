"""`python -m bridge.sandbox.stripe_server --port 12111`: the sandbox's Stripe by itself."""

import argparse
import asyncio
import contextlib

from .server import SandboxStripe


async def serve(port: int, seed: int) -> None:
    async with SandboxStripe(port=port, seed=seed) as stripe:
        print(
            f"The sandbox's Stripe is at {stripe.url}; help: curl {stripe.url}/_sandbox/",
            flush=True,
        )
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one when not given")
    parser.add_argument("--seed", type=int, default=0, help="the same ids for the same seed")
    asked = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(asked.port, asked.seed))


if __name__ == "__main__":
    main()
