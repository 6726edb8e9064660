package importer

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestReadmeExplainsEveryKeyOfAMap(t *testing.T) {
	text := readme(t)
	for _, keys := range []reflect.Type{reflect.TypeFor[Map](), reflect.TypeFor[CSV](), reflect.TypeFor[Source]()} {
		for i := range keys.NumField() {
			key := keys.Field(i).Tag.Get("yaml")
			if key != "" && !strings.Contains(text, "`"+key+"`") && !strings.Contains(text, "`"+key+":") {
				t.Errorf("%s.%s is not explained", keys.Name(), key)
			}
		}
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func TestMapsInTheReadmeWork(t *testing.T) {
	blocks := yamlBlock.FindAllStringSubmatch(readme(t), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d maps", len(blocks))
	}
	s := newFakeServer(t)
	s.records["party"] = []map[string]any{{"id": "party-1", "externalId": "mm"}}
	customers := &importing{mapping: blocks[0][1], file: "" +
		"Kundennr;Firma;Zusatz;Land;Merkmale;Lieferort;Internet;Betreuer;Kreditlimit;Kunde seit;Bemerkung\n" +
		"7;Groß KG;Filiale;Österreich;a; b;Wien;siehe https://gross.example;mm;1.234,50;01.02.2020;x\n" +
		"8;Klein;;n/a;;;keine;;;;y\n"}
	customers.mapping = strings.Replace(customers.mapping, `split: ";"`, `split: "+"`, 1)
	customers.file = strings.Replace(customers.file, "a; b", "a+ b", 1)
	if got := customers.mustRun(t, s); got.Created != 2 {
		t.Errorf("%+v %v", got, customers.reasons)
	}
	want := map[string]any{
		"id": "customer-1", "number": "7", "kind": "organization", "displayName": "Groß KG / Filiale", "externalId": "erp-7",
		"country": "AT", "tags": []any{"a", "b"}, "addresses": []any{map[string]any{"use": "delivery", "city": "Wien"}},
		"website": "https://gross.example", "accountManager": "party-1",
		"creditLimit": map[string]any{"amount": "1234.5", "currency": "EUR"}, "customerSince": "2020-02-01",
	}
	if !reflect.DeepEqual(s.records["customer"][0], want) {
		t.Errorf("got  %v\nwant %v", s.records["customer"][0], want)
	}
	want = map[string]any{"id": "customer-2", "number": "8", "kind": "organization", "displayName": "Klein", "externalId": "erp-8", "country": "DE"}
	if !reflect.DeepEqual(s.records["customer"][1], want) {
		t.Errorf("got  %v\nwant %v", s.records["customer"][1], want)
	}
	if _, err := ReadMap("orders.yaml", []byte(blocks[1][1])); err != nil {
		t.Error(err)
	}
}
