"""What a plugin in Python can do, against the host that plugins in Go are tested with."""
import datetime
import pathlib
import sys
import threading
import unittest
from concurrent import futures
from decimal import Decimal

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "visits")]

import xrm  # noqa: E402
import xrm.testing  # noqa: E402
from plugin import Visit, plugin  # noqa: E402


class Visits(unittest.TestCase):
    def setUp(self):
        self.host = xrm.testing.start(self, plugin)
        self.anna = self.host.add("customer", kind="person", displayName="Anna")

    def visit(self, **fields):
        return self.host.add(Visit, **{"subject": "Hello", "customer": self.anna.id, **fields})

    def test_values_have_the_types_of_python(self):
        due = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.timezone.utc)
        made = self.host.save(Visit(subject="Hello", customer=self.anna.id, fee=xrm.Money("10", "EUR"), rate=Decimal("0.30"), due_on=due.date(), due_at=due, left=3))
        self.assertEqual((made.fee, made.rate, made.due_on, made.due_at, made.left), (xrm.Money("15", "EUR"), Decimal("0.30"), due.date(), due, 3))
        self.assertEqual(self.host.get("visit", made.id).money("fee"), xrm.Money("15", "EUR"))
        self.assertEqual((made.version, made.created_by, made.created_at), (1, "tester", self.host.now))

    def test_a_rule_refuses_with_all_that_is_wrong(self):
        with self.assertRaises(xrm.Refused) as refused:
            self.host.save(Visit(subject="nothing", customer=self.anna.id))
        self.assertEqual([(v.field, v.message) for v in refused.exception.violations], [("subject", "is nothing"), ("rate", "is nothing either")])

    def test_a_deletion_is_refused_with_the_code_that_was_raised(self):
        visit = self.visit(state="done")
        with self.assertRaises(xrm.Conflict) as conflict:
            self.host.delete(Visit, visit.id)
        self.assertEqual(str(conflict.exception), "It was done.")
        self.assertEqual(self.host.text("de", str(conflict.exception)), "Er ist erledigt.")

    def test_a_transition_and_an_update(self):
        visit = self.visit()
        self.host.call("finishVisit", id=visit.id, report={"text": "All is well.", "fee": "12.50"})
        self.assertEqual((self.host.get(Visit, visit.id).state, self.host.get(Visit, visit.id).rate), ("done", Decimal("12.50")))
        with self.assertRaises(xrm.Conflict):
            self.host.call("finishVisit", id=visit.id, report={"text": "Again."})

    def test_a_query_reads_as_many_as_there_are_and_returns_a_dataclass(self):
        for n in range(3):
            self.visit(subject=f"Visit {n}", rate=Decimal("0.1"))
        total = self.host.call("sumVisits", customer=self.anna.id, states=["planned"])
        self.assertEqual((total["count"], total["fee"]), (3, "0.3"))
        self.assertEqual(self.host.call("sumVisits", customer=self.anna.id, states=["done"]), {"count": 0, "fee": "0", "latest": None})

    def test_a_file_is_uploaded_and_read_as_a_stream(self):
        visit, text = self.visit(), "It is said. " * 20_000
        self.host.call("filePaper", id=visit.id, name="C:\\report.txt", text=text)
        self.assertEqual(self.host.call("readPaper", id=visit.id), "report.txt (text/plain; charset=utf-8): " + text)
        paper = self.host.get(Visit, visit.id).paper
        self.assertEqual((paper.name, paper.size, self.host.content(paper.id)), ("report.txt", len(text), text.encode()))
        self.assertEqual(self.host.get("visit", visit.id).file("paper"), paper)
        with self.assertRaises(xrm.Refused) as refused:
            self.host.call("filePaper", id=visit.id, name="..", text="x")
        self.assertIn("needs a name", str(refused.exception))
        mine = self.host.upload("mine.txt", b"mine")
        self.host.save(Visit(id=visit.id, paper=mine))
        self.assertEqual(self.host.call("readPaper", id=visit.id), "mine.txt (text/plain; charset=utf-8): mine")
        with self.assertRaises(xrm.Refused) as refused:
            self.host.call("filePaper", id=visit.id, name="report.txt", text="%PDF-1.7")
        self.assertEqual([(v.field, v.message) for v in refused.exception.violations], [("paper", "must be a file of type text/*, not application/pdf")])

    def test_a_search_goes_on_from_page_to_page(self):
        ids = [self.visit(subject=f"Visit {n}").id for n in range(3)]
        self.visit()
        first = self.host.call("findVisits", words="vis")
        last = self.host.call("findVisits", words="vis", after=first["next"])
        self.assertEqual((first["visits"] + last["visits"], last["next"]), (ids, ""))

    def test_a_computed_field_has_the_records_of_each_parent(self):
        visit, ben = self.visit(), self.host.add("customer", kind="person", displayName="Ben")
        before = self.host.finds
        self.assertEqual(self.host.resolve("customer", "openVisits", [self.anna, ben]), [[visit.id], []])
        self.assertEqual(self.host.finds - before, 1)

    def test_a_guard_counts_down_and_not_below(self):
        visit = self.visit(left=1)
        self.host.call("takeOne", id=visit.id)
        with self.assertRaises(xrm.Conflict) as conflict:
            self.host.call("takeOne", id=visit.id)
        self.assertTrue(conflict.exception.guarded)

    def test_a_batch_is_made_once_for_a_key(self):
        for _ in range(2):
            self.host.call("planVisits", customer=self.anna.id, subjects=["a", "b"], idempotency_key="k")
        self.assertEqual(len(self.host.find(Visit)), 2)
        self.assertEqual(len(self.host.events("visits.planned")), 2)

    def test_a_timer_fires_when_the_configuration_says(self):
        self.host.configure(sla="1h")
        self.host.call("planVisits", customer=self.anna.id, subjects=["a"])
        [visit] = self.host.find(Visit)
        self.host.advance(datetime.timedelta(minutes=59))
        self.assertEqual(self.host.get(Visit, visit.id).subject, "a")
        self.host.advance(datetime.timedelta(minutes=2))
        self.assertEqual(self.host.get(Visit, visit.id).subject, "overdue: a")
        self.assertEqual([(m["key"], m["to"], m["language"], m["subject"]) for m in self.host.mails()],
                         [("overdue " + visit.id, ["Desk <desk@example.org>"], "de", f"Besuch {visit.id} überfällig")])

    def test_a_page_is_its_folder_and_nothing_beside_it(self):
        self.assertIn(b"xrm.ask", self.host.page_file("board", "board.js"))
        for file in "none.js", "../plugin.py", "%2e%2e/plugin.py", "/etc/passwd", "":
            self.assertIsNone(self.host.page_file("board", file))

    def test_a_record_is_migrated_there_and_back(self):
        self.assertEqual(self.host.migrate("visit", 1, 2, {"subject": "Hello", "customer": self.anna.id, "rate": "3.5 EUR"})["rate"], "3.5")
        self.assertEqual(self.host.migrate("visit", 2, 1, {"rate": "3.5"})["rate"], "3.5 EUR")

    def test_a_configuration_is_refused_by_its_types_and_by_the_plugin(self):
        for settings, wrong in ({"tone": "rude"}, "tone"), ({"sla": "soon"}, "sla"), ({"limit": -1}, "limit must not be less than 0"):
            with self.assertRaises(xrm.Refused) as refused:
                self.host.configure(**settings)
            self.assertIn(wrong, str(refused.exception))

    def test_an_event_writes_into_the_timeline_and_tells_who_follows(self):
        heard = self.host.subscribe("followVisits", customer=self.anna.id)
        self.assertEqual(next(heard), "listening")
        self.host.save(Visit(subject="Hello", customer=self.anna.id))
        self.host.deliver()
        self.assertEqual(next(heard), "Hello")
        self.assertEqual([a["subject"] for a in self.host.find("activity")], ["Hello"])
        self.host.miss_broadcasts()
        with self.assertRaises(xrm.Unavailable):
            next(heard)

    def test_a_subscription_that_nobody_follows_ends(self):
        heard = self.host.subscribe("followVisits", customer=self.anna.id)
        next(heard)
        heard.close()
        self.assertEqual(self.host.broadcasts(), [])

    def test_an_event_comes_again_or_is_put_aside(self):
        later = self.host.save(Visit(subject="later", customer=self.anna.id))
        self.host.save(Visit(subject="never", customer=self.anna.id))
        self.host.deliver()
        self.assertEqual([d["reason"] for d in self.host.dead_letters()], ["nobody can tell this"])
        later.subject = "now"
        self.host.save(later)
        self.host.advance(datetime.timedelta(minutes=59))
        self.assertEqual(self.host.broadcasts(), [])
        self.host.advance(datetime.timedelta(minutes=2))
        self.assertEqual([b["value"] for b in self.host.broadcasts()], ["now", "now"], self.host.log)

    def test_an_event_that_comes_twice_is_handled_once(self):
        self.host.add("customer", kind="person", displayName="Ben")
        self.host.save(xrm.Record("order", {"customer": self.anna.id}))
        self.host.deliver()
        [event] = self.host.events("order.created")
        self.host.redeliver(event["id"])
        self.assertEqual([v.event for v in self.host.find(Visit)], [event["id"]])

    def test_a_job_reports(self):
        self.host.run_job("tidyUp")
        self.assertEqual([line for line in self.host.log if "tidyUp" in line][-1], "the job tidyUp reports: 3 of 3 tidying")

    def write(self, subject):
        self.host.await_listener("letters")
        self.host.broadcast("letters", {"subject": subject, "from": self.anna.id})

    def test_a_service_goes_on_until_its_lease_ends_and_begins_anew(self):
        for subject in "First", "Second":
            with self.host.service("inbox"):
                self.write(subject)
                while subject not in [v.subject for v in self.host.find(Visit)]:
                    pass
        self.assertEqual(self.host.log, [])

    def test_a_service_that_ends_by_itself_says_why(self):
        for subject, why in ("illegible", "ValueError: nobody can read this"), ("farewell", "the service returned by itself"):
            with futures.ThreadPoolExecutor() as another, self.assertRaises(xrm.Error) as ended:
                served = another.submit(self.host.run_service, "inbox")
                self.write(subject)
                served.result()
            self.assertIn(why, str(ended.exception))

    def test_a_service_that_outlives_its_lease_fails_the_test(self):
        stubborn, release = xrm.Plugin("stubborn", "1.0.0"), threading.Event()
        began = threading.Event()

        @stubborn.service
        def inbox(host):
            began.set()
            release.wait()
        host = xrm.testing.start(self, stubborn)
        self.addCleanup(release.set)
        with self.assertRaises(AssertionError) as failed:
            with host.service("inbox"):
                began.wait()
        self.assertIn("the service inbox still runs", str(failed.exception))

    def test_endpoints(self):
        answer = self.host.http("POST", "/hook", b"\x00\xff", {"X-Sum": "255"})
        self.assertEqual((answer.status, answer.body, answer.header("content-type")), (202, b"got \x00\xff", "text/plain"))
        self.assertEqual(self.host.http("POST", "/hook", b"x").status, 401)
        self.assertEqual(self.host.http("GET", "/files/a?q=1&q=2").body, b"/files/a 1,2")

    def test_what_is_kept_about_a_party_goes_with_it(self):
        ben = self.host.add("customer", kind="person", displayName="Ben")
        self.assertIsNone(self.host.export_party(self.anna.id))
        self.host.call("planVisits", customer=self.anna.id, subjects=["a"])
        self.assertEqual(self.host.export_party(self.anna.id), ["a"])
        self.host.merge_party(self.anna.id, ben.id)
        self.host.deliver()
        self.assertEqual(self.host.export_party(ben.id), ["a"])
        self.host.erase_party(ben.id)
        self.host.deliver()
        self.assertEqual((self.host.export_party(ben.id), self.host.dead_letters()), (None, []))

    def test_others_are_asked(self):
        sent = []
        self.host.set_secret("token", "s3cret")
        self.host.offer("issueVoucher", lambda customer: {"code": "V-" + customer})
        self.host.site("https://api.example.com", lambda request: sent.append(request) or xrm.Response("sent", 201))
        self.assertEqual(self.host.call("reward", customer=self.anna.id), "sent")
        self.assertEqual((sent[0]["method"], sent[0]["body"]), ("POST", b"V-" + self.anna.id.encode()))
        self.assertIn(["X-Token", "s3cret"], sent[0]["headers"])

        def refuse(customer):
            raise xrm.Forbidden("No vouchers today.")
        self.host.offer("issueVoucher", refuse)
        with self.assertRaises(xrm.Forbidden) as forbidden:
            self.host.call("reward", customer=self.anna.id)
        self.assertIn("No vouchers today.", str(forbidden.exception))

    def test_a_name_that_is_not_there_fails_the_test_with_the_nearest_one(self):
        with self.assertRaises(AssertionError) as failed:
            self.host.call("finishVisits")
        self.assertIn('did you mean "finishVisit"?', str(failed.exception))

    def test_many_calls_run_beside_each_other(self):
        visit, refused = self.visit(left=10), []

        def take():
            try:
                self.host.call("takeOne", id=visit.id)
            except xrm.Conflict as conflict:
                refused.append(conflict)
        people = [threading.Thread(target=take) for _ in range(30)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        self.assertEqual((len(refused), self.host.get(Visit, visit.id).left), (20, 0))


if __name__ == "__main__":
    unittest.main()
