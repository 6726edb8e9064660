package gorecords

import (
	"fmt"
	"go/scanner"
	"go/token"
)

// conversions are functions that the declarations call, each written if one does.
var conversions = []struct{ name, source string }{
	{"textValue", "func textValue(text string) any {\nif text == \"\" {\nreturn nil\n}\nreturn text\n}\n"},
	{"timeValue", "func timeValue(at time.Time) any {\nif at.IsZero() {\nreturn nil\n}\nreturn at.UTC().Format(\"2006-01-02T15:04:05.000Z\")\n}\n"},
	{"moneyValue", "func moneyValue(m sdk.Money) any {\nif m == (sdk.Money{}) {\nreturn nil\n}\nreturn map[string]any{\"amount\": string(m.Amount), \"currency\": m.Currency}\n}\n"},
	{"fileValue", "func fileValue(f sdk.File) any {\nswitch {\ncase f.ID == \"\":\nreturn nil\ncase f.SHA256 == \"\":\nreturn f.ID\n}\nreturn map[string]any{\"id\": f.ID, \"name\": f.Name, \"size\": f.Size, \"mediaType\": f.MediaType, \"sha256\": f.SHA256}\n}\n"},
	{"phoneValue", "func phoneValue(typed string) any {\nif typed == \"\" {\nreturn nil\n}\nreturn map[string]any{\"raw\": typed}\n}\n"},
	{"given", "func given[T any](has bool, value T) *T {\nif !has {\nreturn nil\n}\nreturn &value\n}\n"},
	{"givenValue", "func givenValue[T any](value *T) any {\nif value == nil {\nreturn nil\n}\nreturn *value\n}\n"},
	{"objectValue", "func objectValue(values map[string]any) any {\nfor name, value := range values {\nif value == nil {\ndelete(values, name)\n}\n}\nif len(values) == 0 {\nreturn nil\n}\nreturn values\n}\n"},
	{"listValue", "func listValue(list []any) any {\nif len(list) == 0 {\nreturn nil\n}\nreturn list\n}\n"},
	{"itemsOf", "// itemsOf lets the getters of a record read the items of a list.\nfunc itemsOf(value any) []*sdk.Record {\nlist, _ := value.([]any)\nvar items []*sdk.Record\nfor _, item := range list {\nitems = append(items, &sdk.Record{Values: map[string]any{\"item\": item}})\n}\nreturn items\n}\n"},
}

// converting writes the conversions that are used.
func (w *writer) converting() {
	used := identifiers(w.body.Bytes())
	for _, c := range conversions {
		if used[c.name] {
			fmt.Fprintf(&w.body, "\n%s", c.source)
		}
	}
}

// identifiers are the names that a source uses, and not those in its comments and texts.
func identifiers(source []byte) names {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(source)), source, nil, 0)
	used := names{}
	for {
		switch _, tok, text := s.Scan(); tok {
		case token.IDENT:
			used[text] = true
		case token.EOF:
			return used
		}
	}
}
