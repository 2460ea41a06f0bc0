"""Reading a request's message ahead without taking it from who comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive


def again(message: Message, receive: Receive) -> Receive:
    """Return a receive that gives a message that was taken once more, then what follows."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return message

    return replayed
