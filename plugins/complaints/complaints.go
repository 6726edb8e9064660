// Complaints is a plugin for what customers are not happy with: it keeps
// complaints, sees to it that nobody is turned down without a reason, shows the
// open ones with every customer, and enters them into the customer's timeline.
package main

import (
	"context"
	"embed"
	"fmt"

	"github.com/openxrm/xrm/sdk"
)

//go:embed entities/*.yaml
var entities embed.FS

func main() { sdk.Serve(plugin()) }

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Name:       "complaints",
		Version:    "1.0.0",
		Entities:   entities,
		PartyData:  sdk.OnlyRecords(),
		BeforeSave: map[string]sdk.SaveFunc{"complaint": requireReason},
		Operations: []sdk.Operation{
			sdk.Mutation("closeComplaint", closeComplaint).Returns("complaint").Needs("complaint.update").
				Doc("Closes a complaint with what was done about it."),
		},
		Fields: []sdk.Field{
			sdk.Computed("customer", "openComplaints", openComplaints).Returns("complaint").
				Doc("The complaints that nobody has settled yet, oldest first."),
		},
		Timeline: map[string]sdk.TimelineFunc{"complaint.created": received, "complaint.updated": settled},
	}
}

// requireReason makes sure a customer never gets a "no" without a "because".
func requireReason(_ context.Context, _ sdk.Host, complaint *sdk.Record) error {
	if complaint.Text("state") == "rejected" && complaint.Text("reason") == "" {
		return sdk.Reject("reason", "is required when a complaint is rejected")
	}
	return nil
}

type closing struct {
	ID         sdk.ID `json:"id" doc:"The complaint."`
	Resolution string `json:"resolution" doc:"What was done about it, in the words that the customer was told."`
}

// closeComplaint settles a complaint, once.
func closeComplaint(ctx context.Context, host sdk.Host, in closing) (*sdk.Record, error) {
	complaint, err := host.Get(ctx, "complaint", string(in.ID))
	if err != nil {
		return nil, err
	}
	if complaint.Text("state") == "closed" {
		return nil, &sdk.Error{Code: sdk.CodeConflict, Message: "The complaint was closed before. Read its resolution, or open it again first."}
	}
	complaint.Values["state"] = "closed"
	complaint.Values["resolution"] = in.Resolution
	return host.Update(ctx, complaint)
}

// openComplaints asks once for all customers.
func openComplaints(ctx context.Context, host sdk.Host, customers []*sdk.Record) ([][]*sdk.Record, error) {
	open, err := host.Find(ctx, sdk.Criteria{
		Entity: "complaint",
		Filter: sdk.Filter{
			"customer": sdk.Filter{"in": sdk.IDs(customers)},
			"state":    sdk.Filter{"in": []string{"received", "investigating"}},
		},
		OrderBy: []string{"receivedOn"},
	})
	return sdk.GroupBy(open, "customer", customers), err
}

// received is the first line about a complaint in the customer's timeline.
func received(ctx context.Context, host sdk.Host, e *sdk.Event) (*sdk.TimelineEntry, error) {
	return entry(ctx, host, e, "Complaint %s received: %s", "inbound")
}

// settled is the last one.
func settled(ctx context.Context, host sdk.Host, e *sdk.Event) (*sdk.TimelineEntry, error) {
	for _, c := range e.Changes {
		if c.Path == "state" && (c.To == "closed" || c.To == "rejected") {
			return entry(ctx, host, e, "Complaint %s "+c.To.(string)+": %s", "outbound")
		}
	}
	return nil, nil
}

func entry(ctx context.Context, host sdk.Host, e *sdk.Event, subject, direction string) (*sdk.TimelineEntry, error) {
	complaint, err := host.Get(ctx, "complaint", e.RecordID)
	if err != nil {
		return nil, err
	}
	return &sdk.TimelineEntry{
		Party: sdk.ID(complaint.Text("customer")), Direction: direction,
		Subject: fmt.Sprintf(subject, complaint.Text("number"), complaint.Text("subject")),
	}, nil
}
