#!/usr/bin/python3
"""visit is a plugin of xrm. It keeps visits, wants a report of those
that are done, and counts the planned ones of every customer."""
import collections
import json
import pathlib

import plugin_pb2 as pb
import xrm

ENTITIES = sorted((pathlib.Path(__file__).parent / "entities").glob("*.yaml"))


def check(values):
    """Returns what is wrong with a visit that is about to be stored."""
    if values.get("state") == "done" and not values.get("report"):
        return [pb.Violation(field="report", rule="rejected", message="is required when a visit is done")]
    return []


class Plugin(xrm.Plugin):
    name, version = "visit", "0.1.0"

    def Describe(self, request, context):
        return pb.DescribeResponse(
            name=self.name, version=self.version, sdk="python",
            entities=[pb.EntityFile(path="entities/" + file.name, yaml=file.read_bytes()) for file in ENTITIES],
            before_save=["visit"],
            party_data=pb.PartyData(only_records=True),
            fields=[pb.ComputedField(entity="customer", name="plannedVisits", returns=pb.Type(scalar="integer"),
                                     doc="How many visits are planned.")])

    @xrm.call
    def BeforeSave(self, request, context):
        return pb.BeforeSaveResponse(verdicts=[self.verdict(change.after) for change in request.changes])

    def verdict(self, record):
        if record.entity != "visit":
            return pb.Verdict(error=xrm.mistake("there is no rule for " + record.entity))
        violations = check(json.loads(record.values))
        return pb.Verdict(error=pb.Error(code="INVALID", violations=violations)) if violations else pb.Verdict()

    @xrm.call
    def Resolve(self, request, context):
        """Is called once for all the customers of a page, and asks once for all of them."""
        if (request.entity, request.field) != ("customer", "plannedVisits"):
            return pb.ResolveResponse(error=xrm.mistake(f"there is no field {request.entity}.{request.field}"))
        ids = [parent.id for parent in request.parents]
        counts = collections.Counter()
        question = pb.FindRequest(context=request.context, entity="visit", filter=json.dumps(
            {"customer": {"in": ids}, "state": {"eq": "planned"}}).encode())
        while True:
            page = self.ask(context, "Find", question)
            if page.HasField("error"):
                return pb.ResolveResponse(error=page.error)
            counts.update(json.loads(record.values)["customer"] for record in page.records)
            question.after = page.next
            if not page.next:
                return pb.ResolveResponse(values=[json.dumps(counts[id]).encode() for id in ids])


if __name__ == "__main__":
    xrm.serve(Plugin)
