import unittest

import plugin


class Check(unittest.TestCase):
    def test_what_is_done_needs_a_report(self):
        self.assertEqual([v.field for v in plugin.check({"state": "done"})], ["report"])
        self.assertEqual(plugin.check({"state": "done", "report": "All is well."}), [])
        self.assertEqual(plugin.check({"state": "planned"}), [])


if __name__ == "__main__":
    unittest.main()
