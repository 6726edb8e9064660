package storetest

import (
	"fmt"
	"time"
)

// GrownID is the id of a record of a grown database: one in the size of a company, with
// parties in their roles, and orders of which one customer has every tenth.
func GrownID(i int) string { return fmt.Sprintf("0190b7f2-0000-7000-8000-%012d", i) }

// GrownAt is when that record was created.
func GrownAt(i int) time.Time { return time.Date(2020, 1, 1, 0, 0, i, 0, time.UTC) }

// mixed is a number below n that has nothing to do with the order of i.
func mixed(i, n int) int { return int(uint64(i) * 2654435761 % 4294967291 % uint64(n)) }

// GrownParty are the values of party i of n: nine of ten are customers, one of fifty a
// supplier, one of a thousand a partner; one of twenty is blocked.
func GrownParty(i, n int) map[string]any {
	k := mixed(i, n)
	v := map[string]any{
		"kind": []any{"person", "organization"}[k%2], "displayName": fmt.Sprintf("Party %07d", k), "status": "active",
		"city": fmt.Sprint("City ", k%1000), "country": []any{"DE", "AT", "CH"}[k%3], "industry": fmt.Sprint("Industry ", k%50),
		"email": fmt.Sprintf("party%d@example.com", i),
	}
	if k%20 == 0 {
		v["status"] = "blocked"
	}
	if k%3 == 0 {
		v["externalId"] = fmt.Sprint("x", i)
		v["tags"] = []any{"known"}
	}
	if k%500 == 0 {
		v["tags"] = []any{"known", "vip"}
		v["addresses"] = []any{map[string]any{"city": fmt.Sprint("City ", k%7)}}
	}
	roles := []any{}
	if i%10 != 0 {
		roles = append(roles, "customer")
		v["customer"] = map[string]any{"number": fmt.Sprintf("C-%07d", i), "segment": []any{"A", "B", "C"}[k%3], "since": "2020-01-01T00:00:00.000Z",
			"creditLimit": map[string]any{"amount": fmt.Sprint(k % 5000), "currency": "EUR"}, "accountManager": GrownID(k % 40), "customerSince": fmt.Sprintf("20%02d-%02d-01", k%25, 1+k%12)}
	}
	if k%50 == 7 {
		roles = append(roles, "supplier")
		v["supplier"] = map[string]any{"number": fmt.Sprintf("S-%07d", i), "category": fmt.Sprint("Category ", k%30), "rating": int64(1 + k%5), "since": "2020-01-01T00:00:00.000Z"}
	}
	if k%1000 == 3 {
		roles = append(roles, "partner")
		v["partner"] = map[string]any{"since": "2020-01-01T00:00:00.000Z"}
	}
	v["roles"] = roles
	return v
}

// GrownOrder are those of order i, of one of n parties.
func GrownOrder(i, n int) map[string]any {
	customer := GrownID(1)
	if i%10 != 0 {
		customer = GrownID(mixed(i, n))
	}
	return map[string]any{"number": fmt.Sprintf("O-2026-%07d", i), "customer": customer, "state": []any{"requested", "closed", "closed", "closed"}[i%4],
		"placedOn": fmt.Sprintf("20%02d-%02d-01", mixed(i, 25), 1+i%12), "freight": map[string]any{"amount": fmt.Sprint(i % 300), "currency": "EUR"},
		"lines":       []any{map[string]any{"product": fmt.Sprint("p", i%40), "quantity": "1"}, map[string]any{"product": "p1", "quantity": "2"}},
		"responsible": fmt.Sprint("user ", i%7)}
}
