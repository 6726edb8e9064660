"""What is wrong with a declaration is said at once, all of it; and values."""
import datetime
import enum
import pathlib
import re
import sys
import tempfile
import unittest
from dataclasses import dataclass
from decimal import Decimal
from typing import List, Optional

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

import xrm  # noqa: E402
from xrm import values  # noqa: E402
from xrm.describe import Description, Mistakes  # noqa: E402


@dataclass
class Line:
    product: xrm.ID
    quantity: Decimal = Decimal(1)


class Mood(str, enum.Enum):
    GOOD = "good"


class Coupon(xrm.Record, entity="coupon"):
    code: str
    expires_on: Optional[datetime.date]
    lines: List[Line]
    mood: Mood


def described(plugin):
    return Description(plugin, "python").message


class Declaration(unittest.TestCase):
    def test_hints_become_types_of_the_api(self):
        plugin = xrm.Plugin("p", "1.0.0")

        @plugin.mutation(needs="coupon.update")
        def price_lines(host, lines: List[Line], day: Optional[datetime.date] = None) -> Coupon:
            """Adds up
            lines.

            Not this."""
        [o] = described(plugin).operations
        self.assertEqual((o.name, o.doc, list(o.needs), o.returns.entity), ("priceLines", "Adds up lines.", ["coupon.update"], "coupon"))
        self.assertEqual([(a.name, a.type.required) for a in o.arguments], [("lines", False), ("day", False)])
        [line] = described(plugin).objects
        self.assertEqual((line.name, line.input, [(m.name, m.type.scalar, m.type.required) for m in line.members]),
                         ("LineInput", True, [("product", "id", True), ("quantity", "decimal", False)]))

    def test_every_mistake_is_named_and_says_what_would_be_right(self):
        plugin = xrm.Plugin("P", "")

        @plugin.query("Sum", needs="visit.see", for_everybody=True)
        def sum_up(host, untyped, rate: float) -> xrm.Record:
            pass

        @plugin.subscription
        def follow(host) -> int:
            pass

        @plugin.computed("customer")
        def points(host, customers) -> int:
            pass

        @plugin.on("order")
        def order(host, event):
            pass

        @plugin.on("a.created")
        def first(host, event):
            pass

        @plugin.on("a.created")
        def second(host, event):
            pass

        @plugin.http("erp")
        def erp(host, request):
            pass
        with self.assertRaises(Mistakes) as mistakes:
            described(plugin)
        self.assertEqual(sorted(str(mistakes.exception).splitlines()), sorted("""plugin P:
on has two functions for a.created, first and second; make one of them
the name is 'P'; it must be of lower-case letters, digits and hyphens
the version is missing
the argument untyped of Sum has no type hint, which says what it is in the API
the argument rate of Sum is a float, which is not exact; use Decimal
operation Sum needs 'visit.see'; write an entity and one of read, create, update, delete, grant and withdraw, such as visit.update
operation Sum is for_everybody and has needs; say one of them
the result of Sum is a Record; say of which entity, by returns="..." or a class of its own
the subscription follow must say what it yields: -> Iterator[T]
the field customer.points must return one value for each parent: -> list[T]
'Sum' cannot be the name of a operation; use camelCase, as Python's snake_case becomes
'order' cannot be the name of a topic; write ENTITY.ACTION such as order.created, or order.*
'erp' cannot be the name of a path of an endpoint; begin with a slash: "POST /erp\"""".splitlines()))

    def test_a_page_has_an_index_and_a_title_and_changes_with_its_files(self):
        with tempfile.TemporaryDirectory() as folder:
            plugin = xrm.Plugin("p", "1.0.0")
            plugin.page("my board", "", folder, needs="visit.see", for_everybody=True)
            with self.assertRaises(Mistakes) as mistakes:
                described(plugin)
            self.assertEqual(str(mistakes.exception), f"""plugin p:
page my board needs 'visit.see'; write an entity and one of read, create, update, delete, grant and withdraw, such as visit.update
page my board is for_everybody and has needs; say one of them
page my board has no title
page my board needs an index.html in {folder}
'my board' cannot be the name of a page; use camelCase""")
            seen = set()
            for content in "one", "two":
                pathlib.Path(folder, "index.html").write_text(content)
                plugin = xrm.Plugin("p", "1.0.0")
                plugin.page("board", "Board", folder)
                seen.add(described(plugin).pages[0].digest)
            self.assertEqual(len(seen), 2)

    def test_a_record_tells_what_was_changed(self):
        record = xrm.record.from_wire(xrm.record.pb.Record(entity="coupon", id="1", values=b'{"code":"A","n":1,"mood":"good"}'), Coupon)
        self.assertEqual(record.patch(), b"")
        record.code, record.expires_on = "B", datetime.date(2026, 1, 2)
        record["n"] = None
        del record.values["mood"]
        self.assertEqual(values.decode(record.patch()), {"code": "B", "expiresOn": "2026-01-02", "n": None, "mood": None})

    def test_lists_of_dataclasses_are_read_and_written(self):
        coupon = Coupon(code="A", lines=[Line(xrm.ID("1")), Line(xrm.ID("2"), Decimal("1.50"))], mood=Mood.GOOD)
        self.assertEqual(coupon.values["lines"], [{"product": "1", "quantity": "1"}, {"product": "2", "quantity": "1.50"}])
        self.assertEqual((coupon.lines[1], coupon.mood, coupon.expires_on), (Line(xrm.ID("2"), Decimal("1.50")), Mood.GOOD, None))

    def test_a_field_that_is_mistyped_is_no_field(self):
        with self.assertRaisesRegex(TypeError, "Coupon has no field cod"):
            Coupon(cod="A")
        with self.assertRaisesRegex(TypeError, "Bad.version: every record has its own version"):
            class Bad(xrm.Record, entity="bad"):
                version: int


class Readme(unittest.TestCase):
    def test_it_names_all_that_there_is(self):
        import xrm.testing

        text = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
        for owner in xrm.Plugin, xrm.Host, xrm.testing.Rehearsal:
            for name in vars(owner):
                if not name.startswith("_") and name != "close":
                    self.assertTrue(re.search(rf"\b{name}\b", text), f"README.md does not tell of {owner.__name__}.{name}")


class Values(unittest.TestCase):
    def test_a_float_is_never_sent(self):
        for value in (1.5, {"rate": [0.1]}):
            with self.assertRaisesRegex(TypeError, "no exact number"):
                values.encode(value)
        self.assertEqual(values.encode({"n": Decimal("1E+2"), "i": 2**63 - 1}), b'{"i":9223372036854775807,"n":"100"}')

    def test_instants_are_those_of_a_zone(self):
        berlin = datetime.timezone(datetime.timedelta(hours=2))
        self.assertEqual(values.rfc3339(datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, berlin)), "2026-01-02T01:04:05.678000Z")
        with self.assertRaisesRegex(ValueError, "has no time zone"):
            values.rfc3339(datetime.datetime(2026, 1, 2))
        for text in "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.123456789Z", "2026-01-02T05:04:05+02:00":
            self.assertEqual(values.instant(text).replace(microsecond=0), datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc))

    def test_money_has_one_currency(self):
        self.assertEqual(str(xrm.Money("12.50", "EUR") * 3 + xrm.Money("0.01", "EUR")), "37.51 EUR")
        with self.assertRaisesRegex(ValueError, "two currencies"):
            xrm.Money("1", "EUR") + xrm.Money("1", "CHF")


if __name__ == "__main__":
    unittest.main()
