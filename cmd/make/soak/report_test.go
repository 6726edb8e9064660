package main

import (
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// lived is a house whose server took so much, from sample to sample.
func lived(resident ...int64) *house {
	h := &house{name: "SQLite", began: time.Now(), killed: 3}
	for n, r := range resident {
		h.samples = append(h.samples, sample{at: h.began.Add(time.Duration(n) * every), resident: r << 20, files: 30, goroutines: 50})
	}
	return h
}

func TestAServerThatGrowsIsAFault(t *testing.T) {
	for _, tt := range []struct {
		resident []int64
		want     string
	}{
		{[]int64{90, 60, 61, 62, 60, 62, 60, 61}, "nothing lost, nothing told, nothing that grows\n"},
		{[]int64{30, 60, 61, 62, 90, 120, 150, 160}, "FAULT MiB resident grew from 62 to 160\n"},
		{[]int64{10, 10, 10, 10, 10, 10, 40, 40}, "nothing lost, nothing told, nothing that grows\n"}, // so little is noise
	} {
		h := lived(tt.resident...)
		got := h.report()
		if !strings.HasSuffix(got, "  "+tt.want) || !strings.Contains(got, "SQLite, 0s: 0 writes acknowledged, 0 requests of strangers, 3 kills\n") {
			t.Errorf("with %v:\n%s\nwant it to end with %s", tt.resident, got, tt.want)
		}
	}
}

func TestOfOneKindOfFaultOnlyTheFirstAreTold(t *testing.T) {
	var f faults
	for n := range 10 {
		f.add("the deal %d is lost", n)
	}
	f.add("somebody was told %s", "all")
	if len(f.list) != maxFaults+1 || f.list[maxFaults] != "somebody was told all" {
		t.Errorf("the faults are %q", f.list)
	}
}

func TestWhatAStrangerAsksIsGraphQL(t *testing.T) {
	text, list := ref{Kind: "SCALAR", Name: "String"}, ref{Kind: "LIST", OfType: &ref{Kind: "NON_NULL", OfType: &ref{Kind: "OBJECT", Name: "Deal"}}}
	o := operations{
		types: map[string]typ{
			"Deal":   {Name: "Deal", Kind: "OBJECT", Fields: []field{{Name: "title", Type: text}, {Name: "twins", Type: list, Args: []value{{"first", ref{Kind: "SCALAR", Name: "Int"}}}}}},
			"Filter": {Name: "Filter", Kind: "INPUT_OBJECT", InputFields: []value{{"title", text}, {"and", ref{Kind: "LIST", OfType: &ref{Kind: "INPUT_OBJECT", Name: "Filter"}}}, {"state", ref{Kind: "ENUM", Name: "State"}}}},
			"State":  {Name: "State", Kind: "ENUM", EnumValues: []struct{ Name string }{{"OPEN"}}},
			"String": {Name: "String", Kind: "SCALAR"}, "Int": {Name: "Int", Kind: "SCALAR"},
		},
		roots: []root{
			{"query", field{Name: "deals", Type: list, Args: []value{{"filter", ref{Kind: "NON_NULL", OfType: &ref{Kind: "INPUT_OBJECT", Name: "Filter"}}}}}},
			{"mutation", field{Name: "forget", Type: text, Args: []value{{"id", ref{Kind: "NON_NULL", OfType: &text}}}}},
		},
	}
	var known ledger
	known.acknowledged("deal", "0199", 1, true)
	seen := map[string]bool{}
	for range 500 {
		query := o.any(&known)
		if _, err := parser.ParseQuery(&ast.Source{Input: query}); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for _, word := range []string{"deals", "forget", "title", "twins(first: ", "0199", "OPEN", "and: ["} {
			seen[word] = seen[word] || strings.Contains(query, word)
		}
	}
	for word, was := range seen {
		if !was {
			t.Errorf("no request has %s", word)
		}
	}
}
