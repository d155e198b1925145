"""`/api/v1/subscriptions`: to subscribe, for programs and for a newspaper's own pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pressroom_notify.api.edge import TheClient, TheDesk, check_timezone
from pressroom_notify.readers import Following, TooManyRequests, Wishes, normal_email
from pressroom_notify.topics import EVERY_DAYS, SLUG_CHARACTERS_MAX, Frequency, TopicKind, read_topic
from pressroom_shared.http import FieldError, Problem, invalid, problem_responses

router = APIRouter(prefix="/api/v1/subscriptions", tags=["Readers"])


class TopicIn(BaseModel):
    """What to follow. `all` and `breaking` take no value."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    kind: TopicKind
    value: str = Field(default="", max_length=SLUG_CHARACTERS_MAX, examples=["business/economy"])


class SubscriptionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    email: str = Field(max_length=320, examples=["reader@post.example"])
    topics: Annotated[list[TopicIn], Field(min_length=1)]
    frequency: Frequency = "immediate"
    timezone: str | None = Field(default=None, max_length=64, description="IANA; the newspaper's own by default.")


class SubscriptionAsked(BaseModel):
    """The same for every address, known or not."""

    detail: str = Field(examples=["If the address can be written to, a mail is on its way to it."])


@router.post("", status_code=202, responses=problem_responses(413, 422, 429))
async def subscribe(desk: TheDesk, client: TheClient, given: SubscriptionIn) -> SubscriptionAsked:
    """Ask for a subscription. It begins when the link in the mail that is sent is confirmed.

    The answer is the same whether or not the address is known. An address gets a few such mails an hour at most.
    """
    email, wishes = _check(desk, given)
    try:
        async with desk.begin() as readers:
            await readers.ask("confirm", email, client, wishes)
    except TooManyRequests as error:
        raise Problem(429, str(error), headers={"Retry-After": str(desk.settings.requests_window_s)}) from error
    return SubscriptionAsked(detail="If the address can be written to, a mail is on its way to it. Its link confirms.")


def _check(desk: TheDesk, given: SubscriptionIn) -> tuple[str, Wishes]:
    """Raises 422 naming every field that is wrong."""
    errors: list[FieldError] = []
    email, timezone = "", given.timezone or desk.site.timezone
    try:
        email = normal_email(given.email)
    except ValueError as error:
        errors.append(FieldError("email", str(error)))
    try:
        check_timezone(timezone)
    except ValueError as error:
        errors.append(FieldError("timezone", str(error)))
    if len(given.topics) > desk.settings.topics_max:
        errors.append(FieldError("topics", f"At most {desk.settings.topics_max} topics can be followed."))
    following: list[Following] = []
    for place, each in enumerate(given.topics[: desk.settings.topics_max]):
        try:
            topic = read_topic(each.kind, each.value, desk.site)
        except ValueError as error:
            errors.append(FieldError(f"topics.{place}.value", str(error)))
        else:
            following.append(Following(topic, EVERY_DAYS[given.frequency]))
    if errors:
        raise invalid(errors)
    return email, Wishes(list(dict.fromkeys(following)), timezone)
