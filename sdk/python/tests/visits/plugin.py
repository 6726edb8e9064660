#!/usr/bin/python3
"""Visits does everything that a plugin in Python can do; its tests are those of the SDK."""
import datetime
import io
import logging
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Iterator, List, Literal, Optional

import xrm
from xrm import ID, Config, Event, Host, JobRun, Money, PartyData, Plugin, Record, Refused, Request, Response, TimelineEntry, Timer

log = logging.getLogger("visits")


@dataclass
class Settings:
    sla: Annotated[datetime.timedelta, "Time until a visit is overdue."] = datetime.timedelta(hours=48)
    tone: Literal["kind", "strict"] = "kind"
    limit: int = 3


def check(settings: Settings) -> None:
    if settings.limit < 0:
        raise Refused(limit="must not be less than 0")


def merge(host: Host, party: str, into: str) -> None:
    kept, _ = host.state("notes/" + party)
    if kept is not None:
        host.put_state("notes/" + into, kept)
        host.delete_state("notes/" + party)


def export(host: Host, party: str) -> object:
    return host.state("notes/" + party)[0]


def erase(host: Host, party: str) -> None:
    host.delete_state("notes/" + party)


config = Config(Settings, check)
plugin = Plugin("visits", "1.0.0", entities="entities", mails="mails", texts="texts", party_data=PartyData(merge, export, erase), config=config)
plugin.page("board", "Visits", "board", needs="visit.read")


class Visit(Record, entity="visit"):
    subject: str
    customer: ID
    state: str
    fee: Money
    rate: Decimal
    due_on: datetime.date
    due_at: datetime.datetime
    left: int
    event: str
    paper: xrm.File


@dataclass
class Report:
    text: Annotated[str, "What came of it."]
    fee: Optional[Decimal] = None


@dataclass
class Total:
    count: int
    fee: Decimal
    latest: Optional[datetime.datetime]


@dataclass
class Found:
    visits: List[Visit]
    next: str


@plugin.before_save(Visit)
def wants_a_subject(host: Host, visit: Visit) -> None:
    if visit.subject == "nothing":
        raise Refused(subject="is nothing", rate="is nothing either")
    if visit.fee is not None and visit.before is None:
        visit.fee = visit.fee * Decimal("1.5")


@plugin.before_save("customer")
def look_at(host: Host, customer: Record) -> None:
    pass


@plugin.before_delete("visit")
def keep_what_was_done(host: Host, visit: Record) -> None:
    if visit["state"] == "done":
        raise xrm.Conflict("It was done.")


@plugin.query(for_everybody=True)
def sum_visits(host: Host, customer: ID, states: List[str]) -> Total:
    """Adds up the visits of a customer."""
    found = list(host.each(Visit, {"customer": {"eq": customer}, **({"state": {"in": states}} if states else {})}, order_by="-createdAt"))
    return Total(len(found), sum((v.rate or Decimal(0) for v in found), Decimal(0)), found[0].created_at if found else None)


@plugin.query(needs="visit.read")
def find_visits(host: Host, words: str, after: str = "") -> Found:
    page = host.find_page(Visit, search=words, after=after, limit=2)
    return Found(page.records, page.next)


@plugin.mutation("finishVisit", needs=["visit.update"])
def finish(host: Host, id: ID, report: Report) -> Visit:
    visit = host.transition(Visit, id, "done", from_="planned")
    visit.rate = report.fee
    log.info("a visit is done", extra={"visit": visit.id})
    return host.update(visit)


@plugin.mutation(for_everybody=True)
def plan_visits(host: Host, customer: ID, subjects: List[str]) -> int:
    made = host.batch([xrm.create(Visit(subject=s, customer=customer, left=2)) for s in subjects], key=host.idempotency_key)
    host.put_state("notes/" + customer, subjects)
    for visit in made:
        host.schedule("sla", visit.id, host.now + config.now.sla, {"subject": visit["subject"]})
        host.publish("planned", {"visit": visit.id}, key=visit.id)
    return len(made)


@plugin.mutation(for_everybody=True)
def file_paper(host: Host, id: ID, name: str, text: str) -> Visit:
    paper = host.upload_file(name, io.BytesIO(text.encode()))
    return host.update_if(Visit, id, None, set={"paper": paper.id})


@plugin.query(for_everybody=True)
def read_paper(host: Host, id: ID) -> str:
    visit = host.get(Visit, id)
    if visit.paper is None:
        return ""
    with host.open_file(Visit, id, visit.paper.id) as content:
        return f"{content.file.name} ({content.file.media_type}): {content.read().decode()}"


@plugin.mutation(for_everybody=True)
def take_one(host: Host, id: ID) -> Visit:
    return host.update_if(Visit, id, {"left": {"gte": 1}}, add={"left": -1})


@plugin.mutation(for_everybody=True)
def reward(host: Host, customer: ID) -> str:
    voucher = host.call("issueVoucher", customer=customer)
    answer = host.fetch("POST", "https://api.example.com/letters", headers={"X-Token": host.as_plugin.secret("token")}, body=voucher["code"].encode())
    if answer.status != 201:
        raise xrm.Unavailable(f"The letter was not sent: {answer.status}.")
    return answer.body.decode()


@plugin.subscription(for_everybody=True)
def follow_visits(host: Host, customer: ID) -> Iterator[str]:
    heard = host.listen("customer/" + customer)
    yield "listening"
    for subject in heard:
        yield subject


@plugin.computed("customer", "openVisits", returns="visit")
def open_visits(host: Host, customers: List[Record]) -> List[List[Record]]:
    """The visits that are planned."""
    found = host.find("visit", {"customer": {"in": xrm.ids(customers)}, "state": {"eq": "planned"}})
    return xrm.group_by(found, "customer", customers)


@plugin.on("order.created")
def thank(host: Host, event: Event) -> None:
    host.upsert(Visit(subject="Thank you", customer=ID("c1"), event=event.id), "event")


@plugin.on("visit.*")
def tell(host: Host, event: Event) -> None:
    visit = host.get(Visit, event.record_id)
    if visit.subject == "later":
        raise xrm.RetryAfter(datetime.timedelta(hours=1), "it is too early")
    if visit.subject == "never":
        raise xrm.DeadLetter("nobody can tell this")
    host.broadcast("customer/" + visit.customer, visit.subject)
    host.put_state("told/" + event.id, {"attempt": event.attempt})


@plugin.timeline("visit.created")
def line(host: Host, event: Event) -> Optional[TimelineEntry]:
    visit = host.get(Visit, event.record_id)
    return TimelineEntry(visit.customer, visit.subject, kind="visit")


@plugin.job("0 7 * * 1-5", zone="Europe/Berlin")
def tidy_up(host: Host, run: JobRun) -> None:
    for n in range(3):
        run.report(n + 1, 3, "tidying")
        host.sleep(0.01)


@plugin.service
def inbox(host: Host) -> None:
    """Makes a visit of every letter."""
    for letter in host.listen("letters"):
        if letter["subject"] == "illegible":
            raise ValueError("nobody can read this")
        if letter["subject"] == "farewell":
            return
        host.create(Visit(subject=letter["subject"], customer=ID(letter["from"])))


def rates_are_texts(record: Visit) -> None:
    if record["rate"] is not None:
        record["rate"] = str(record["rate"]) + " EUR"


@plugin.migration("visit", to=2, back=rates_are_texts)
def rates_are_numbers(record: Visit) -> None:
    """Takes the unit off, with which rates were stored once."""
    if record["rate"] is not None:
        record["rate"] = str(record["rate"]).removesuffix(" EUR")


@plugin.timer("sla")
def overdue(host: Host, timer: Timer) -> None:
    host.send_mail("overdue " + timer.key, "Desk <desk@example.org>", template="overdue", language="de-AT", values={"visit": timer.key})
    host.update_if(Visit, timer.key, None, set={"subject": "overdue: " + (timer.payload or {}).get("subject", "")})


@plugin.http("POST /hook")
def hook(host: Host, request: Request) -> Response:
    body = request.read()
    if request.header("x-sum") != str(sum(body)):
        return Response("who are you?", 401)
    return Response(b"got " + body, 202, {"Content-Type": "text/plain"})


@plugin.http("/files/")
def files(host: Host, request: Request) -> Iterator[bytes]:
    return (part.encode() for part in (request.path, " ", ",".join(request.query.get("q", []))))


if __name__ == "__main__":
    plugin.run()
