package importer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/schema"
)

// sender sends records to the server.
type sender struct {
	client *client.Client
	plan   *plan
}

// mutation is the upsert by the key, or the creation without one.
func (s *sender) mutation(keyed bool) string {
	e := s.plan.entity
	name, by := "create"+typeName(e.Plural), ""
	if keyed {
		name, by = "upsert"+typeName(e.Plural), "by: "+s.plan.key.path+", "
	}
	return fmt.Sprintf("mutation Import($data: [%sInput!]!, $dryRun: Boolean) { result: %s(%sdata: $data, dryRun: $dryRun) { outcome } }", typeName(e.Name), name, by)
}

// answer is what the server says about one record.
type answer struct {
	Outcome string // created, updated or unchanged; "" when it was refused
	refusal *client.Error
	fault   *fault // why it was not sent at all
}

// send returns an answer for every record, in their order. Records that the
// server could not take for the moment are sent again as long as the client
// tries, but never twice where that would create them twice.
func (s *sender) send(ctx context.Context, records []*record, keyed, dryRun bool) ([]answer, error) {
	answers := make([]answer, len(records))
	open := make([]int, len(records))
	for i := range records {
		open[i] = i
	}
	once := !keyed && !dryRun
	err := s.client.Try(ctx, once, func() error {
		data := make([]map[string]any, len(open))
		for i, n := range open {
			data[i] = records[n].values
		}
		var got struct {
			Result []*struct {
				Outcome string `json:"outcome"`
			} `json:"result"`
		}
		// A request that is under way is seen through, so that it is known
		// what became of it; ctx only ends the waiting between two tries.
		err := s.client.Send(context.WithoutCancel(ctx), client.Request{
			Query: s.mutation(keyed), Variables: map[string]any{"data": data, "dryRun": dryRun},
		}, &got)
		var refused client.Errors
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if len(got.Result) != len(open) {
			if refused != nil {
				return refused
			}
			return fmt.Errorf("the server answered %d of %d records; is it another version of xrm?", len(got.Result), len(open))
		}
		for i, n := range open {
			if got.Result[i] != nil {
				answers[n] = answer{Outcome: got.Result[i].Outcome}
			}
		}
		var again client.Errors
		open, again = refuse(answers, open, refused, once)
		if len(again) > 0 {
			return again
		}
		return nil
	})
	return answers, err
}

// refuse notes what was refused for good, and returns what to send again.
func refuse(answers []answer, open []int, refused client.Errors, once bool) (left []int, again client.Errors) {
	for i, e := range refused {
		item, ok := e.Index()
		if !ok || item >= len(open) {
			continue
		}
		if e.Temporary() && !once {
			left, again = append(left, open[item]), append(again, e)
			continue
		}
		answers[open[item]] = answer{refusal: &refused[i]}
	}
	return left, again
}

var itemPath = regexp.MustCompile(`^(\w+)\[(\d+)\]`)

// explain adds what the server has against a record to its faults. A field
// that has a fault already is left out: it was not sent.
func (s *sender) explain(r *record, refusal *client.Error) {
	if len(refusal.Extensions.Violations) == 0 && !refusal.Temporary() {
		r.fault(0, "", refusal.Message)
	}
	known := len(r.faults)
	for _, v := range refusal.Extensions.Violations {
		if r.assumed[v.Field] && v.Rule == "required" {
			continue
		}
		path, row := v.Field, 0
		if at := itemPath.FindStringSubmatch(path); at != nil && at[1] == s.plan.group {
			if n, _ := strconv.Atoi(at[2]); n < len(r.rows) {
				path, row = at[1]+path[len(at[0]):], n
			}
		}
		if !concerns(r.faults[:known], row, path) {
			message := v.Message + advice(path, v.Message)
			if b := s.plan.binding(path); b != nil {
				message = b.label + " " + b.asInFile(message, r.rows[row].Cells)
			} else {
				message = path + " " + message
			}
			r.fault(row, path, message)
		}
	}
}

// advice says in the words of a map what the server says in those of the API.
func advice(path, message string) string {
	money := &schema.Field{Type: "money"}
	_, err := money.Kind().Parse(money, "1", schema.Scope{})
	if err == nil || message != err.Error() {
		return ""
	}
	return fmt.Sprintf("; give it by currency: EUR in the map, or by a column %s.currency", path)
}

// concerns says whether a fault is about a field, a part of it, or the object
// that it lies in.
func concerns(faults []fault, row int, path string) bool {
	for _, f := range faults {
		inside := strings.HasPrefix(f.path+".", path+".") || strings.HasPrefix(path+".", f.path+".")
		if f.path != "" && f.row == row && inside {
			return true
		}
	}
	return false
}
