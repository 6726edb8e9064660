package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// importing is one run of an import in a folder of its own.
type importing struct {
	file, mapping  string
	entity, key    string
	dryRun         bool
	batch          int
	ctx            context.Context
	notes, reasons []string
	dir            string
	rejectedFile   string
}

func (i *importing) run(t *testing.T, s *fakeServer) (Summary, error) {
	t.Helper()
	if i.dir == "" {
		i.dir = t.TempDir()
	}
	file := filepath.Join(i.dir, "rows.csv")
	if i.file != "" {
		if err := os.WriteFile(file, []byte(i.file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := &Map{}
	if i.mapping != "" {
		var err error
		if m, err = ReadMap("map.yaml", []byte(i.mapping)); err != nil {
			return Summary{}, err
		}
	}
	if i.batch == 0 {
		i.batch = 200
	}
	if i.ctx == nil {
		i.ctx = t.Context()
	}
	return Run(i.ctx, Options{
		File: file, Map: m, Entity: i.entity, Key: i.key, DryRun: i.dryRun, Batch: i.batch, RejectedFile: i.rejectedFile, Client: s.client(),
		Note:     func(text string) { i.notes = append(i.notes, text) },
		Progress: func(read, total int64) {},
		Rejected: func(r Reason) { i.reasons = append(i.reasons, r.Text) },
	})
}

// mustRun fails the test when the import does not come to its end.
func (i *importing) mustRun(t *testing.T, s *fakeServer) Summary {
	t.Helper()
	summary, err := i.run(t, s)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

func (i *importing) rejected(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(i.dir, "rows.rejected.csv"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

var anySeconds = cmpopts.IgnoreFields(Summary{}, "Seconds", "RejectedFile")

func TestHeadersFindTheirFieldsByNameAndByLabel(t *testing.T) {
	s := newFakeServer(t)
	i := &importing{entity: "customer", key: "number", file: "Kundennummer,Display_name,KIND,postal code,E-Mail,Shoe size\nC-1,Ann,Person,10115,ANN@example.org,38\n"}
	got := i.mustRun(t, s)
	if diff := cmp.Diff(Summary{Rows: 1, Created: 1}, got, anySeconds); diff != "" {
		t.Error(diff)
	}
	want := []map[string]any{{"id": "customer-1", "number": "C-1", "displayName": "Ann", "kind": "person", "postalCode": "10115", "email": "ann@example.org"}}
	if diff := cmp.Diff(want, s.records["customer"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`column "Shoe size" is not imported: customer has no field of that name; a map file (--map) can say where it goes`}, i.notes); diff != "" {
		t.Error(diff)
	}
	if i.rejected(t) != "" {
		t.Error("a file for rejected rows is there, though none was rejected")
	}
}

func TestASecondImportChangesNothing(t *testing.T) {
	s := newFakeServer(t)
	i := &importing{entity: "product", key: "sku", file: "sku,name,unitsInStock\n1,Chai,39\n2,Chang,17\n"}
	i.mustRun(t, s)
	if diff := cmp.Diff(Summary{Rows: 2, Unchanged: 2}, i.mustRun(t, s), anySeconds); diff != "" {
		t.Error(diff)
	}
	i.file = "sku,name,unitsInStock\n1,Chai,38\n2,Chang,17\n3,Aniseed Syrup,13\n"
	if diff := cmp.Diff(Summary{Rows: 3, Created: 1, Updated: 1, Unchanged: 1}, i.mustRun(t, s), anySeconds); diff != "" {
		t.Error(diff)
	}
}

func TestADryRunSaysWhatWouldBeAndWritesNothing(t *testing.T) {
	s := newFakeServer(t)
	i := &importing{entity: "product", key: "sku", file: "sku,name\n1,Chai\n2,\n", dryRun: true}
	if diff := cmp.Diff(Summary{Rows: 2, Created: 1, Rejected: 1, DryRun: true}, i.mustRun(t, s), anySeconds); diff != "" {
		t.Error(diff)
	}
	if len(s.records["product"]) != 0 {
		t.Errorf("records were written: %v", s.records["product"])
	}
	if diff := cmp.Diff([]string{"name is required"}, i.reasons); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"rows.csv"}, i.folder(t)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

const ordersMap = `
entity: order
key: number
group: lines
currency: USD
fields:
  number: orderID
  lines.product: productID
`

func TestRowsOfOneKeyAreOneRecord(t *testing.T) {
	s := newFakeServer(t)
	s.records["product"] = []map[string]any{{"id": "product-a", "sku": "11"}, {"id": "product-b", "sku": "42"}}
	s.records["order"] = []map[string]any{{"id": "order-1", "number": "10248", "customer": "customer-1"}}
	i := &importing{mapping: ordersMap, file: "orderID,productID,unitPrice,quantity,discount\n10248,11,14.00,12,0\n10248,42,9.80,10,0.05\n"}
	if diff := cmp.Diff(Summary{Rows: 2, Updated: 1}, i.mustRun(t, s), anySeconds); diff != "" {
		t.Error(diff)
	}
	want := []any{
		map[string]any{"product": "product-a", "quantity": "12", "discount": "0", "unitPrice": map[string]any{"amount": "14", "currency": "USD"}},
		map[string]any{"product": "product-b", "quantity": "10", "discount": "0.05", "unitPrice": map[string]any{"amount": "9.8", "currency": "USD"}},
	}
	if diff := cmp.Diff(want, s.records["order"][0]["lines"]); diff != "" {
		t.Error(diff)
	}
}

func TestARecordThatLacksARowDoesNotGetIn(t *testing.T) {
	header := "orderID,productID,unitPrice,quantity\n"
	const of = "is of the record that begins in line 2, which was rejected"
	tests := map[string]struct {
		file string
		want []string
	}{
		"a row that cannot be read, in the middle": {
			file: "1,11,14,12\n\"1,11,14\n1,11,3,4\n",
			want: []string{of, "a quote opens in column 1 and never closes", of},
		},
		"a row that is too short, at the end": {
			file: "1,11,14,12\n1,11,14\n2,11,3,4\n",
			want: []string{of, "has 3 columns where the header has 4"},
		},
		"a row that cannot be read, at the beginning": {
			file: "1,11,\"14,12\n1,11,3,4\n2,11,3,4\n",
			want: []string{"a quote opens in column 3 and never closes", of},
		},
		"a row whose value does not fit": {
			file: "1,11,14,12\n1,11,14,many\n2,11,3,4\n",
			want: []string{of, "lines.quantity (column quantity) must be a decimal number such as 12.50, not many"},
		},
		"a row that the server refuses": {
			file: "1,11,14,12\n1,11,14,-1\n2,11,3,4\n",
			want: []string{of, "lines.quantity (column quantity) must be at least 0, not -1"},
		},
		"a row that refers to nothing": {
			file: "1,11,14,12\n1,99,14,1\n2,11,3,4\n",
			want: []string{of, `lines.product (column productID) refers to the product with sku "99", which does not exist`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			s.records["product"] = []map[string]any{{"id": "product-a", "sku": "11"}}
			s.records["order"] = []map[string]any{
				{"id": "order-1", "number": "1", "customer": "customer-1"}, {"id": "order-2", "number": "2", "customer": "customer-1"},
			}
			i := &importing{mapping: ordersMap, file: header + tt.file}
			i.mustRun(t, s)
			if diff := cmp.Diff(tt.want, i.reasons); diff != "" {
				t.Error(diff)
			}
			if s.records["order"][0]["lines"] != nil {
				t.Errorf("order 1 has lines: %v", s.records["order"][0]["lines"])
			}
		})
	}
}

func TestAKeyCountsOnlyForTheLineThatGotIn(t *testing.T) {
	const twice = `sku is "1" in line 3 already; leave one of the two out`
	tests := map[string]struct {
		rows  string
		batch int
		want  []string
		name  string // of the product
	}{
		"the first does not fit": {
			rows: "1,Old,many\n1,New,2\n1,Newer,3\n", name: "New",
			want: []string{"unitsOnOrder must be a whole number, not many", twice},
		},
		"the server refuses the first": {
			rows: "1,Old,-1\n1,New,2\n1,Newer,3\n", name: "New",
			want: []string{"unitsOnOrder must be at least 0, not -1", twice},
		},
		"in batches of their own": {
			rows: "1,Old,-1\n1,New,2\n1,Newer,3\n", name: "New", batch: 1,
			want: []string{"unitsOnOrder must be at least 0, not -1", twice},
		},
		"none gets in": {
			rows: "1,Old,-1\n1,New,-2\n",
			want: []string{"unitsOnOrder must be at least 0, not -1", "unitsOnOrder must be at least 0, not -2"},
		},
	}
	for name, tt := range tests {
		for _, dryRun := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, dry run %v", name, dryRun), func(t *testing.T) {
				s := newFakeServer(t)
				i := &importing{entity: "product", key: "sku", batch: tt.batch, dryRun: dryRun, file: "sku,name,unitsOnOrder\n" + tt.rows}
				i.mustRun(t, s)
				if diff := cmp.Diff(tt.want, i.reasons); diff != "" {
					t.Error(diff)
				}
				name := ""
				for _, product := range s.records["product"] {
					name += product["name"].(string)
				}
				if want := tt.name; !dryRun && name != want {
					t.Errorf("the products are %q, want %q", name, want)
				}
			})
		}
	}
}

func TestAPartOfARejectedRecordDoesNotGetInByItself(t *testing.T) {
	s := newFakeServer(t)
	s.records["product"] = []map[string]any{{"id": "product-a", "sku": "11"}}
	s.records["order"] = []map[string]any{{"id": "order-1", "number": "1", "customer": "c"}, {"id": "order-2", "number": "2", "customer": "c"}}
	i := &importing{mapping: ordersMap, file: "orderID,productID,unitPrice,quantity\n1,11,1,-1\n2,11,1,1\n1,11,1,1\n"}
	i.mustRun(t, s)
	want := []string{
		"lines.quantity (column quantity) must be at least 0, not -1",
		`number (column orderID) is "1" in line 2 already; the rows of one record must stand together`,
	}
	if diff := cmp.Diff(want, i.reasons); diff != "" {
		t.Error(diff)
	}
	if s.records["order"][0]["lines"] != nil {
		t.Errorf("order 1 has lines: %v", s.records["order"][0]["lines"])
	}
}

func TestRowsOfOneRecordMustStandTogether(t *testing.T) {
	s := newFakeServer(t)
	s.records["product"] = []map[string]any{{"id": "product-a", "sku": "11"}}
	s.records["order"] = []map[string]any{{"id": "order-1", "number": "1", "customer": "c"}, {"id": "order-2", "number": "2", "customer": "c"}}
	i := &importing{mapping: ordersMap, file: "orderID,productID,unitPrice,quantity\n1,11,1,1\n2,11,1,1\n1,11,1,1\n"}
	i.mustRun(t, s)
	want := []string{`number (column orderID) is "1" in line 2 already; the rows of one record must stand together`}
	if diff := cmp.Diff(want, i.reasons); diff != "" {
		t.Error(diff)
	}
}

func TestARejectedRowHasEveryReasonAndCanBeCorrected(t *testing.T) {
	s := newFakeServer(t)
	s.records["product"] = []map[string]any{{"id": "product-1", "sku": "7", "name": "Old"}}
	i := &importing{
		mapping: "entity: product\nkey: sku\nmissing: [\"NULL\"]\ncurrency: EUR\n",
		file: "sku,name,unitsOnOrder,unitPrice,discontinued,supplier\n" +
			"1,Chai,5,9.99,no,\n" +
			"2,NULL,many,cheap,perhaps,S-1\n" +
			",Chang,5,9.99,no,\n" +
			"1,Chai again,5,9.99,no,\n" +
			"3,\"Open,5,9.99,no,\n" +
			"4,Ikura,5\n" +
			"5,Konbu,-1,9.99,no,\n" +
			"7,NULL,6,9.99,no,\n",
	}
	got := i.mustRun(t, s)
	if diff := cmp.Diff(Summary{Rows: 8, Created: 1, Updated: 1, Rejected: 6}, got, anySeconds); diff != "" {
		t.Error(diff)
	}
	want := strings.Join([]string{
		"rejected line,rejected because,sku,name,unitsOnOrder,unitPrice,discontinued,supplier",
		"3,\"unitsOnOrder must be a whole number, not many; unitPrice must be an amount such as 12.50, not cheap; " +
			"discontinued must be true or false, yes or no, or 1 or 0, not \"\"perhaps\"\"; other words are translated by values: in the map; " +
			"supplier refers to the supplier with number \"\"S-1\"\", which does not exist; name is required\",2,NULL,many,cheap,perhaps,S-1",
		"4,sku is the key and needs a value,,Chang,5,9.99,no,",
		"5,\"sku is \"\"1\"\" in line 2 already; leave one of the two out\",1,Chai again,5,9.99,no,",
		"6,a quote opens in column 2 and never closes,\"3,\"\"Open,5,9.99,no,\"",
		"7,has 3 columns where the header has 6,4,Ikura,5",
		"8,\"unitsOnOrder must be at least 0, not -1\",5,Konbu,-1,9.99,no,",
		"",
	}, "\n")
	if diff := cmp.Diff(want, i.rejected(t)); diff != "" {
		t.Error(diff)
	}

	again := &importing{mapping: i.mapping, file: strings.Replace(want, "must be at least 0, not -1\",5,Konbu,-1", "was wrong\",5,Konbu,1", 1)}
	if diff := cmp.Diff(Summary{Rows: 6, Created: 1, Updated: 1, Rejected: 4}, again.mustRun(t, s), anySeconds); diff != "" {
		t.Error(diff)
	}
	if len(again.notes) != 0 {
		t.Errorf("notes: %v", again.notes)
	}
	if header, _, _ := strings.Cut(again.rejected(t), "\n"); header != "rejected line,rejected because,sku,name,unitsOnOrder,unitPrice,discontinued,supplier" {
		t.Errorf("header of the second rejection: %s", header)
	}
}

func TestLookupsAskOnceForEachBatch(t *testing.T) {
	s := newFakeServer(t)
	s.records["supplier"] = []map[string]any{{"id": "party-1", "number": "S-1"}, {"id": "party-2", "number": "S-2"}}
	i := &importing{entity: "product", key: "sku", batch: 2, file: "sku,name,supplier\n1,a,S-1\n2,b,S-2\n3,c,S-1\n4,d,S-2\n"}
	i.mustRun(t, s)
	// The product, the supplier's definition, and then two batches, of which
	// the second finds what it needs in memory.
	want := []string{"ImportEntity", "ImportEntity", "ImportLookup", "Import", "Import"}
	if diff := cmp.Diff(want, s.requests); diff != "" {
		t.Error(diff)
	}
	if s.records["product"][3]["supplier"] != "party-2" {
		t.Errorf("product 4: %v", s.records["product"][3])
	}
}

func TestOnlyWhatNoLiveRecordHasIsAskedForAmongMergedOnes(t *testing.T) {
	s := newFakeServer(t)
	s.records["supplier"] = []map[string]any{{"id": "party-1", "number": "S-1"}, {"id": "party-2", "number": "S-2"}}
	s.merged = map[string]string{"supplier number S-0": "party-2"}
	i := &importing{entity: "product", key: "sku", batch: 4, file: "sku,name,supplier\n1,a,S-1\n2,b,S-0\n3,c,S-2\n4,d,S-1\n5,e,S-0\n6,f,S-9\n"}
	summary := i.mustRun(t, s)
	// The second batch remembers S-0, and asks for S-9 alone.
	want := []string{"ImportLookup", "ImportMerged k0 supplier", "ImportLookup", "ImportMerged k0 supplier"}
	asked := slices.DeleteFunc(s.requests, func(operation string) bool { return operation == "Import" || operation == "ImportEntity" })
	if diff := cmp.Diff(want, asked); diff != "" || summary.Created != 5 || summary.Rejected != 1 {
		t.Errorf("%+v %q\n%s", summary, i.reasons, diff)
	}
	for n, id := range map[int]string{1: "party-2", 2: "party-2", 4: "party-2"} {
		if got := s.records["product"][n]["supplier"]; got != id {
			t.Errorf("product %d has the supplier %v, want %s", n+1, got, id)
		}
	}
}

func TestWhatManyDuplicatesHadIsAskedForInPages(t *testing.T) {
	s := newFakeServer(t)
	s.merged = map[string]string{}
	file := "sku,name,supplier\n"
	for n := range 2*keysAtOnce + 1 {
		s.merged[fmt.Sprint("supplier number S-", n)] = "party-1"
		file += fmt.Sprintf("%d,a,S-%d\n", n, n)
	}
	i := &importing{entity: "product", key: "sku", batch: 1000, file: file}
	summary := i.mustRun(t, s)
	asked := strings.Join(s.requests, "\n")
	if summary.Created != 2*keysAtOnce+1 || strings.Count(asked, "ImportMerged") != 3 || !strings.Contains(asked, fmt.Sprintf("ImportMerged k%d supplier", keysAtOnce-1)) {
		t.Errorf("%+v %q\n%s", summary, i.reasons, asked)
	}
}

func TestAnImportGoesOnWhenTheServerIsBack(t *testing.T) {
	s := newFakeServer(t)
	tries := 0
	s.before = func(w http.ResponseWriter, operation string) bool {
		if operation != "Import" {
			return false
		}
		switch tries++; tries {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2: // the connection is cut
			connection, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				connection.Close()
			}
		case 3:
			writeAnswer(w, map[string]any{"data": nil, "errors": []any{map[string]any{"message": "The database is down.", "extensions": map[string]any{"code": "UNAVAILABLE"}}}})
		case 4: // one record of the two could not be saved for the moment
			writeAnswer(w, map[string]any{
				"data":   map[string]any{"result": []any{map[string]any{"outcome": "created"}, nil}},
				"errors": []any{map[string]any{"message": "The database is down.", "path": []any{"result", 1}, "extensions": map[string]any{"code": "UNAVAILABLE"}}},
			})
		default:
			return false
		}
		return true
	}
	i := &importing{entity: "product", key: "sku", file: "sku,name\n1,Chai\n2,Chang\n"}
	if diff := cmp.Diff(Summary{Rows: 2, Created: 2}, i.mustRun(t, s), anySeconds); diff != "" {
		t.Error(diff)
	}
	if len(s.records["product"]) != 1 || s.records["product"][0]["sku"] != "2" {
		t.Errorf("the last request was not for the second record alone: %v", s.records["product"])
	}
}

func TestAnImportThatStopsSaysHowFarItCame(t *testing.T) {
	tests := map[string]struct {
		key  string
		want string
	}{
		"with a key": {
			key:  "sku",
			want: "rows.csv is imported up to line 3, then stopped: The key was withdrawn.\nrun the same command again to go on: what is in already is found unchanged",
		},
		"without": {
			want: "rows.csv is imported up to line 3, then stopped: The key was withdrawn.\nthe map names no key, so look which rows are in and take them out of the file before you run it again",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			batches := 0
			s.before = func(w http.ResponseWriter, operation string) bool {
				if operation == "Import" {
					batches++
				}
				if batches == 2 {
					writeAnswer(w, map[string]any{"errors": []any{map[string]any{"message": "The key was withdrawn.", "extensions": map[string]any{"code": "UNAUTHENTICATED"}}}})
				}
				return batches == 2
			}
			i := &importing{entity: "product", key: tt.key, batch: 2, file: "sku,name\n1,a\n2,b\n3,c\n4,d\n5,e\n"}
			summary, err := i.run(t, s)
			var stopped *Stopped
			if !errors.As(err, &stopped) {
				t.Fatalf("got %v", err)
			}
			stopped.File = filepath.Base(stopped.File)
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
			if diff := cmp.Diff(Summary{Rows: 2, Created: 2}, summary, anySeconds); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnInterruptEndsTheImportBehindTheBatch(t *testing.T) {
	s := newFakeServer(t)
	ctx, interrupt := context.WithCancel(t.Context())
	s.before = func(_ http.ResponseWriter, operation string) bool {
		if operation == "Import" {
			interrupt()
		}
		return false
	}
	i := &importing{ctx: ctx, entity: "product", key: "sku", batch: 2, file: "sku,name\n1,a\n2,b\n3,c\n"}
	summary, err := i.run(t, s)
	if err == nil || !strings.Contains(err.Error(), "is imported up to line 3, then stopped: it was interrupted") {
		t.Errorf("got %v", err)
	}
	if summary.Created != 2 || len(s.records["product"]) != 2 {
		t.Errorf("summary %+v, %d records", summary, len(s.records["product"]))
	}
}

func TestACreationIsNeverSentTwice(t *testing.T) {
	s := newFakeServer(t)
	s.before = func(w http.ResponseWriter, operation string) bool {
		if operation != "Import" {
			return false
		}
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			connection.Close()
		}
		return true
	}
	i := &importing{entity: "product", file: "sku,name\n1,a\n"}
	_, err := i.run(t, s)
	want := "rows.csv is stopped in its first batch: cannot reach the server at " + s.URL + ": EOF; start it with `xrm serve`, or say where it is with --server\n" +
		"the map names no key, so look which rows are in and take them out of the file before you run it again"
	var stopped *Stopped
	if !errors.As(err, &stopped) {
		t.Fatalf("got %v", err)
	}
	if stopped.File = filepath.Base(stopped.File); err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff([]string{"ImportEntity", "Import"}, s.requests); diff != "" {
		t.Error(diff)
	}
}
