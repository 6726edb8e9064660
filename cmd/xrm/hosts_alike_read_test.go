package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk"
)

// found says the codes of the records that are found, which begin alike.
func (s *stage) found(what string, q sdk.Criteria) {
	found, err := s.Find(s, q)
	var codes []string
	for _, r := range found {
		codes = append(codes, r.Text("code"))
	}
	s.say(what, codes, err)
	codes = nil
	for r, err := range s.Each(s, q) {
		if err != nil {
			s.say(what+", one by one", nil, err)
			return
		}
		codes = append(codes, r.Text("code"))
	}
	s.say(what+", one by one", codes, nil)
}

func (s *stage) grouped(what string, q sdk.Aggregation) {
	groups, err := s.Aggregate(s, q)
	s.say(what, fmt.Sprint(groups), err)
}

// few are the records of one step.
func few(prefix string) sdk.Filter { return sdk.Filter{"code": sdk.Filter{"startsWith": prefix}} }

// playFinding finds records in several orders.
func playFinding(s *stage) {
	euro := func(amount string) map[string]any { return map[string]any{"amount": amount, "currency": "EUR"} }
	s.make("alike", map[string]any{"code": "found-1", "left": 2, "worth": "10", "total": euro("9"), "due": "2026-03-01", "phone": "030 2"})
	s.make("alike", map[string]any{"code": "found-2", "left": 2, "worth": "9", "total": euro("10"), "phone": "030 11"})
	s.make("alike", map[string]any{"code": "found-3", "left": 1, "total": euro("100"), "due": "2026-02-01", "phone": "030 1"})
	s.make("alike", map[string]any{"code": "Found-4", "phone": "+49 30 1234567"})
	find := func(what string, limit int, order ...string) {
		s.found(what, sdk.Criteria{Entity: "alike", Filter: few("found-"), OrderBy: order, Limit: limit})
	}
	find("all", 0)
	find("two of them", 2)
	find("by a number", 0, "left")
	find("descending, and so are those that are alike", 0, "-left")
	find("by a decimal, those without first", 0, "worth")
	find("by money", 0, "total")
	find("by a phone", 0, "-phone")
	find("by two", 2, "-left", "worth")
	find("by a date", 0, "-due")
	find("by a state", 0, "state", "-code")
	find("by a reference", 0, "owner")
	find("by the id", 0, "-id")
	for _, field := range []string{"note", "nothing", "lines", "tags", "total.amount", "", "version"} {
		find("by "+field, 0, field)
	}
	s.found("of an entity that is not there", sdk.Criteria{Entity: "alik"})
}

// playSearching finds records by words, and page by page.
func playSearching(s *stage) {
	for i, title := range []string{"Straßenbau Grünwald", "Grunewald", "Stadtwerke", ""} {
		s.make("alike", map[string]any{"code": fmt.Sprint("searched-", i), "title": title})
	}
	for _, words := range []string{"stadt", "straße grü", "STRASSE", "grune", "bau", "nowhere", "straße nowhere", strings.Repeat("a ", 21)} {
		s.found("search "+words, sdk.Criteria{Entity: "alike", Search: words, OrderBy: []string{"code"}})
	}
	s.found("search filtered", sdk.Criteria{Entity: "alike", Search: "gru", Filter: sdk.Filter{"code": "searched-1"}})
	s.found("search a role", sdk.Criteria{Entity: "member", Search: "nobody of this name"})
	q := sdk.Criteria{Entity: "alike", Filter: few("searched-"), OrderBy: []string{"-code"}, Limit: 2}
	for {
		page, err := s.FindPage(s, q)
		var codes []string
		for _, r := range page.Records {
			codes = append(codes, r.Text("code"))
		}
		s.say("a page", codes, err)
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	for _, wrong := range []sdk.Criteria{{Entity: "alike", After: "nowhere"}, {Entity: "alike", Filter: sdk.Filter{"cod": "x"}}, {Entity: "alik"}} {
		_, err := s.FindPage(s, wrong)
		s.say("a wrong page", nil, err)
	}
}

// playCounting counts records, and the items in them.
func playCounting(s *stage) {
	line := func(product string, quantity int, price, currency string) any {
		return map[string]any{"product": product, "quantity": quantity, "price": map[string]any{"amount": price, "currency": currency}}
	}
	s.make("alike", map[string]any{"code": "counted-1", "left": 1, "worth": "0.1", "due": "2026-03-01", "tags": []any{"b", "a"}, "lines": []any{line("tea", 2, "1.10", "EUR"), line("oil", 1, "5", "CHF")}})
	s.make("alike", map[string]any{"code": "counted-2", "left": 2, "worth": "0.2", "tags": []any{"a"}, "lines": []any{line("tea", 3, "1.20", "EUR")}})
	s.make("alike", map[string]any{"code": "counted-3", "left": 2, "due": "2026-02-01"})
	count := func(what string, q sdk.Aggregation) {
		q.Entity = "alike"
		if q.Filter == nil {
			q.Filter = few("counted-")
		}
		s.grouped(what, q)
	}
	count("all", sdk.Aggregation{Measures: []sdk.Measure{sdk.Sum("worth"), sdk.Sum("left"), sdk.Avg("left"), sdk.Min("due"), sdk.Max("code")}})
	count("nothing", sdk.Aggregation{Filter: few("nothing"), Measures: []sdk.Measure{sdk.Sum("worth"), sdk.Avg("left")}})
	count("no group of nothing", sdk.Aggregation{Filter: few("nothing"), By: []string{"left"}})
	count("by a number", sdk.Aggregation{By: []string{"left"}, Measures: []sdk.Measure{sdk.Sum("worth")}})
	count("by two, those without first", sdk.Aggregation{By: []string{"due", "left"}})
	count("items", sdk.Aggregation{Items: "lines", Measures: []sdk.Measure{sdk.Sum("lines.quantity"), sdk.Max("left")}})
	count("items by a part of them", sdk.Aggregation{Items: "lines", By: []string{"lines.product"}, Measures: []sdk.Measure{sdk.Sum("lines.quantity"), sdk.Avg("left")}})
	count("items by their currency", sdk.Aggregation{Items: "lines", By: []string{"lines.price.currency"}, Measures: []sdk.Measure{sdk.Sum("lines.price.amount")}})
	count("plain items", sdk.Aggregation{Items: "tags", By: []string{"tags"}})
	count("items of none", sdk.Aggregation{Items: "tags", Filter: few("counted-3")})
	count("mistakes", sdk.Aggregation{By: []string{"lef", "tags", "lines.product", "total"}, Measures: []sdk.Measure{sdk.Sum("code"), sdk.Sum("total.amount"), sdk.Max("total"), sdk.Min("tags"), sdk.Avg("nothing.at.all")}})
	count("items that are none", sdk.Aggregation{Items: "left", By: []string{"left"}})
	count("items that are not there", sdk.Aggregation{Items: "line", By: []string{"line.product"}})
	count("a wrong filter", sdk.Aggregation{Filter: sdk.Filter{"note": sdk.Filter{"eq": "x"}}})
	count("many keys", sdk.Aggregation{By: []string{"code", "left", "worth", "due"}})
	count("many measures", sdk.Aggregation{Measures: slices.Repeat([]sdk.Measure{sdk.Sum("left")}, 21)})
	s.grouped("of an entity that is not there", sdk.Aggregation{Entity: "alik"})
}

// readingSteps are played in a query.
var readingSteps = map[string]func(*stage){
	"what is asked": func(s *stage) {
		find := func(what string, filter sdk.Filter) {
			s.found(what, sdk.Criteria{Entity: "alike", Filter: filter})
		}
		for _, number := range []string{"030 1", "0049 30 1234567-12", "+4930123456", "anonymous", ""} {
			find("a phone number "+number, sdk.Filter{"phone": sdk.Filter{"matches": number}})
		}
		find("of what is not", sdk.Filter{"cod": sdk.Filter{"eq": "x"}})
		find("without an index", sdk.Filter{"note": sdk.Filter{"eq": "x"}})
		find("null", sdk.Filter{"code": sdk.Filter{"eq": nil}})
		find("nothing", sdk.Filter{"code": nil})
		find("no operator", sdk.Filter{"left": sdk.Filter{"like": 7}})
		find("of another type", sdk.Filter{"left": sdk.Filter{"in": []any{1, "x"}}, "due": sdk.Filter{"lt": "soon"}})
		find("a list", sdk.Filter{"or": "x"})
		find("over a reference", sdk.Filter{"owner": sdk.Filter{"displayNam": sdk.Filter{"eq": "x"}}})
		find("without end", deep(25))
		_, err := s.Get(s, "alike", "nowhere")
		s.say("no record", nil, err)
		_, err = s.Get(s, "alik", "nowhere")
		s.say("no entity", nil, err)
		_, err = s.Get(s, "member", "")
		s.say("no id", nil, err)
	},
	"what a query may not": func(s *stage) {
		r := &sdk.Record{Entity: "alike", ID: "nowhere", Values: map[string]any{"cod": "x"}}
		_, err := s.Create(s, r)
		s.say("create", nil, err)
		_, err = s.UploadFile(s, "a.txt", strings.NewReader("x"))
		s.say("upload", nil, err)
		_, err = s.Update(s, r)
		s.say("update", nil, err)
		_, err = s.Transition(s, "party", "nowhere", "done")
		s.say("move", nil, err)
		_, err = s.Upsert(s, r, "note")
		s.say("upsert", nil, err)
		_, err = s.Create(s, &sdk.Record{Entity: "alik"})
		s.say("create what there is not", nil, err)
		s.say("delete", nil, s.Delete(s, "alike", "nowhere", 0))
		s.say("delete what there is not", nil, s.Delete(s, "alik", "nowhere", 0))
		s.say("publish", nil, s.Publish(s, "created", "", nil))
		s.say("schedule", nil, s.Schedule(s, sdk.Timer{Name: "slo", DueAt: time.Now()}))
		_, err = s.Cancel(s, "slo", "a")
		s.say("cancel", nil, err)
		_, err = s.PutState(s, "", "x", 0, 0)
		s.say("keep", nil, err)
		s.say("forget", nil, s.DeleteState(s, strings.Repeat("k", 201), 0))
		version, err := s.State(s, "never", new(any))
		s.say("read what is kept", version, err)
	},
}

// deep is a filter with so many inside one another.
func deep(n int) sdk.Filter {
	f := sdk.Filter{"left": sdk.Filter{"eq": 1}}
	for range n {
		f = sdk.Filter{"not": f}
	}
	return f
}
