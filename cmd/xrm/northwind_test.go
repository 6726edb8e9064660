package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/cmd/xrm/importer"
	"github.com/shopspring/decimal"
)

// northwind is the folder with the Northwind files, copied so that rejected
// rows could be written beside them.
func northwind(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("XRM_TEST_NORTHWIND")
	if dir == "" {
		t.Skip("XRM_TEST_NORTHWIND is not set: it names the folder with the Northwind files, which are no part of the project")
	}
	if _, err := os.Stat(filepath.Join(dir, "orders.csv")); err != nil {
		t.Fatalf("XRM_TEST_NORTHWIND names a folder without the Northwind files: %v", err)
	}
	copied := t.TempDir()
	if err := os.CopyFS(filepath.Join(copied, "data"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(copied, "data")
}

// runScript runs the script of an example and returns what each of its imports
// came to. It fails the test when a row is rejected or a note is made.
func runScript(t *testing.T, server running, name string, args ...string) []importer.Summary {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), name, append(args, "--json")...)
	script.Env = append(server.environ(), "XRM="+self, "REJECTED="+t.TempDir(), asProgram+"=1", "PATH="+os.Getenv("PATH"),
		"GORACE=atexit_sleep_ms=0") // or every import would take a second longer
	var said, complained strings.Builder
	script.Stdout, script.Stderr = &said, &complained
	if err := script.Run(); err != nil || complained.Len() > 0 {
		t.Fatalf("%v\n%s\n%s", err, complained.String(), said.String())
	}
	var summaries []importer.Summary
	decoder := json.NewDecoder(strings.NewReader(said.String()))
	for decoder.More() {
		var s importer.Summary
		if err := decoder.Decode(&s); err != nil {
			t.Fatal(err)
		}
		s.Seconds = 0
		summaries = append(summaries, s)
	}
	return summaries
}

func TestNorthwindComesInAsAWhole(t *testing.T) {
	t.Parallel()
	data := northwind(t)
	script := filepath.Join("..", "..", "examples", "northwind", "import.sh")
	stores(t, func(t *testing.T, flags ...string) {
		server := start(t, flags...)
		want := []importer.Summary{
			{Rows: 29, Created: 29}, {Rows: 29, Created: 29}, {Rows: 29, Created: 29}, // suppliers, their contacts
			{Rows: 91, Created: 91}, {Rows: 91, Created: 91}, {Rows: 91, Created: 91}, // customers, their contacts
			{Rows: 3, Created: 3}, {Rows: 77, Created: 77}, {Rows: 830, Created: 830}, {Rows: 2155, Updated: 830},
		}
		if diff := cmp.Diff(want, runScript(t, server, script, data)); diff != "" {
			t.Fatal(diff)
		}
		for i := range want {
			want[i] = importer.Summary{Rows: want[i].Rows, Unchanged: want[i].Created + want[i].Updated}
		}
		if diff := cmp.Diff(want, runScript(t, server, script, data)); diff != "" {
			t.Errorf("the second import changed something: %s", diff)
		}
		ask := newAsker(t, server)
		checkCounts(t, ask)
		checkPartners(t, ask)
		checkOrders(t, ask)
	})
}

// asker asks the server as its administrator and keeps every answer.
type asker struct {
	t      *testing.T
	client *client.Client
}

func newAsker(t *testing.T, server running) asker {
	t.Helper()
	key, err := readKey(Config{Data: server.data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return asker{t: t, client: &client.Client{Server: server.url, Key: key, HTTP: http.DefaultClient}}
}

// ask decodes the answer of a query. Nothing that was imported says NULL.
func (a asker) ask(query string, variables map[string]any, into any) {
	a.t.Helper()
	var raw json.RawMessage
	if err := a.client.Do(a.t.Context(), client.Request{Query: query, Variables: variables}, &raw); err != nil {
		a.t.Fatal(err)
	}
	if strings.Contains(string(raw), "NULL") {
		a.t.Errorf("an answer has a text NULL: %s", raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		a.t.Fatal(err)
	}
}

func checkCounts(t *testing.T, a asker) {
	t.Helper()
	got := map[string]struct{ TotalCount int }{}
	a.ask(`{ parties { totalCount } customers { totalCount } suppliers { totalCount } partners { totalCount }
		relationships { totalCount } products { totalCount } orders { totalCount } }`, nil, &got)
	want := map[string]struct{ TotalCount int }{
		"parties": {91 + 29 + 3 + 91 + 29}, "customers": {91}, "suppliers": {29}, "partners": {3},
		"relationships": {91 + 29}, "products": {77}, "orders": {830},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type phone struct{ Raw, E164 string }

type partner struct {
	Number, DisplayName, Country, City, Region, Website string
	Phone, Fax                                          *phone
	IncomingRelationships                               struct {
		Nodes []struct {
			Type string
			From struct{ DisplayName, FirstName, LastName, JobTitle string }
		}
	}
}

func checkPartners(t *testing.T, a asker) {
	t.Helper()
	var got struct{ Customers, Suppliers, Partners struct{ Nodes []partner } }
	const fields = `nodes { number displayName country city region website phone { raw e164 } fax { raw e164 }
		incomingRelationships(first: 5) { nodes { type from { displayName firstName lastName jobTitle } } } }`
	a.ask(strings.ReplaceAll("{ customers(first: 200) { ALL } suppliers(first: 200) { ALL } partners(first: 200) { ALL } }", "ALL", fields), nil, &got)
	byNumber := map[string]partner{}
	international := 0
	for _, c := range got.Customers.Nodes {
		byNumber[c.Number] = c
		contacts := c.IncomingRelationships.Nodes
		if len(contacts) != 1 || contacts[0].Type != "contactPersonOf" || contacts[0].From.LastName == "" || contacts[0].From.JobTitle == "" {
			t.Errorf("customer %s has the contact persons %+v", c.Number, contacts)
		}
		if c.Phone == nil || c.Phone.Raw == "" || c.Country == "" || c.City == "" {
			t.Errorf("customer %s lacks its phone, country or city: %+v", c.Number, c)
		} else if c.Phone.E164 != "" {
			international++
		}
	}
	if international < 30 || international == 91 {
		t.Errorf("%d of 91 customers have an international phone number", international)
	}
	phones := map[string]phone{
		"ALFKI": {"030-0074321", "+49300074321"},
		"ANATR": {"(5) 555-4729", ""}, // no number of the Mexican plan any more
		"BERGS": {"0921-12 34 65", "+46921123465"},
	}
	for number, want := range phones {
		if diff := cmp.Diff(&want, byNumber[number].Phone); diff != "" {
			t.Errorf("phone of %s: %s", number, diff)
		}
	}
	websites := 0
	for _, s := range got.Suppliers.Nodes {
		if s.Website != "" {
			websites++
		}
		if len(s.IncomingRelationships.Nodes) != 1 {
			t.Errorf("supplier %s has %d contact persons", s.Number, len(s.IncomingRelationships.Nodes))
		}
		if s.Number == "7" && s.DisplayName != "Pavlova, Ltd." {
			t.Errorf("supplier 7 is called %s", s.DisplayName)
		}
	}
	if websites != 3 {
		t.Errorf("%d suppliers have a web address, want 3", websites)
	}
	for _, p := range got.Partners.Nodes {
		if p.Phone == nil || !strings.HasPrefix(p.Phone.E164, "+1503555") {
			t.Errorf("partner %s has the phone %+v", p.DisplayName, p.Phone)
		}
	}
}

type order struct {
	Number, State, PlacedOn, ShippedOn, Responsible string
	Customer, Carrier                               struct{ Number string }
	Freight                                         struct{ Amount, Currency string }
	ShipTo                                          struct{ Name, Street, City, Region, PostalCode, Country string }
	Lines                                           []struct {
		Product            struct{ Sku string }
		Quantity, Discount string
		UnitPrice          struct{ Amount, Currency string }
	}
}

func checkOrders(t *testing.T, a asker) {
	t.Helper()
	const query = `query ($after: String) { orders(first: 200, after: $after) { pageInfo { hasNextPage endCursor } nodes {
		number state placedOn shippedOn responsible customer { number } carrier { number } freight { amount currency }
		shipTo { name street city region postalCode country }
		lines { product { sku } quantity discount unitPrice { amount currency } } } } }`
	orders, lines, shipped, sum := 0, 0, 0, decimal.Zero
	variables := map[string]any{}
	for {
		var page struct {
			Orders struct {
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
				Nodes []order
			}
		}
		a.ask(query, variables, &page)
		for _, o := range page.Orders.Nodes {
			orders++
			lines += len(o.Lines)
			if o.State == "shipped" {
				shipped++
			}
			if (o.State == "shipped") != (o.ShippedOn != "") || o.Customer.Number == "" || o.Carrier.Number == "" || o.ShipTo.Country == "" || o.Responsible == "" {
				t.Errorf("order %s: %+v", o.Number, o)
			}
			for _, l := range o.Lines {
				one := decimal.NewFromInt(1)
				sum = sum.Add(number(t, l.UnitPrice.Amount).Mul(number(t, l.Quantity)).Mul(one.Sub(number(t, l.Discount))))
			}
			if o.Number == "10250" && (o.ShipTo.Street != "Rua do Paço, 67" || o.PlacedOn != "1996-07-08" || o.Freight.Amount != "65.83" || o.Freight.Currency != "USD") {
				t.Errorf("order 10250: %+v", o)
			}
		}
		if !page.Orders.PageInfo.HasNextPage {
			break
		}
		variables["after"] = page.Orders.PageInfo.EndCursor
	}
	if orders != 830 || lines != 2155 || shipped != 809 || sum.String() != "1265793.0395" {
		t.Errorf("%d orders with %d lines, %d shipped, worth %s; want 830, 2155, 809, 1265793.0395", orders, lines, shipped, sum)
	}
}

func number(t *testing.T, text string) decimal.Decimal {
	t.Helper()
	d, err := decimal.NewFromString(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
