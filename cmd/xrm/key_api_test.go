package main

import (
	"strings"
	"testing"
)

func TestAnAdministratorIssuesAndRevokesKeysThroughTheAPI(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"sqlite", "memory"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			p := spawn(t, t.TempDir(), nil, "--store", store).ready()
			const create = `mutation ($roles: [String!]!, $party: ID) { createApiKey(roles: $roles, name: "Web shop", party: $party) { apiKey { id name roles party } secret } }`
			var made struct {
				CreateCustomer struct{ Customer struct{ ID string } }
				CreateAPIKey   struct {
					APIKey struct{ ID, Name, Party string }
					Secret string
				}
			}
			read := func(secret string) string {
				t.Helper()
				return refusal(p.askWith(secret, `{ customers { nodes { displayName } } }`, nil, new(rawText)))
			}
			if err := p.ask(`mutation { createCustomer(data: {kind: organization, displayName: "Kiosk"}) { customer { id } } }`, nil, &made); err != nil {
				t.Fatal(err)
			}
			if err := p.ask(create, map[string]any{"roles": []string{"reader"}, "party": made.CreateCustomer.Customer.ID}, &made); err != nil {
				t.Fatal(err)
			}
			key, secret := made.CreateAPIKey.APIKey, made.CreateAPIKey.Secret
			if got := read(secret); got != "no error" || key.Name != "Web shop" || key.Party != made.CreateCustomer.Customer.ID {
				t.Errorf("the key %+v: %s", key, got)
			}
			list := p.must(`{ apiKeys { id name roles } }`, nil)
			if want := `{"id":"` + key.ID + `","name":"Web shop","roles":["reader"]}`; !strings.Contains(list, want) || strings.Contains(list, secret) {
				t.Errorf("apiKeys: %s, want %s", list, want)
			}
			for query, want := range map[string]string{
				create:               `INVALID Your roles allow no mutation; ask an administrator.`,
				`{ apiKeys { id } }`: `INVALID Cannot query field "apiKeys" on type "Query". If it exists, your roles do not allow it; ask an administrator.`,
			} {
				if got := refusal(p.askWith(secret, query, map[string]any{"roles": []string{"admin"}}, new(rawText))); !strings.HasPrefix(got, want) {
					t.Errorf("a reader asks %s: %s, want %s", query, got, want)
				}
			}
			const wrong = `INVALID The key was not made: some arguments need attention. roles must exist: there is no role "raeder"; did you mean "reader"?; party must exist: there is no party with the id nobody`
			if got := refusal(p.ask(create, map[string]any{"roles": []string{"raeder"}, "party": "nobody"}, new(rawText))); got != wrong {
				t.Errorf("a key for nobody: %s\nwant %s", got, wrong)
			}
			const powerless = "INVALID The key was not made: some arguments need attention. roles must name at least one role: a key without any may do nothing"
			if got := refusal(p.ask(create, map[string]any{"roles": []string{}}, new(rawText))); got != powerless {
				t.Errorf("a key without roles: %s\nwant %s", got, powerless)
			}
			for name, variables := range map[string]map[string]any{"lines": {"name": "a\nb"}, "length": {"name": strings.Repeat("x", 201)}} {
				const want = "INVALID The key was not made: some arguments need attention. name must have 200 printable characters at most"
				if got := refusal(p.ask(`mutation ($name: String!) { createApiKey(roles: ["reader"], name: $name) { secret } }`, variables, new(rawText))); got != want {
					t.Errorf("a name of many %s: %s\nwant %s", name, got, want)
				}
			}
			var all struct{ APIKeys []struct{ ID, Name string } }
			if err := p.ask(`{ apiKeys { id name } }`, nil, &all); err != nil || len(all.APIKeys) != 2 {
				t.Fatalf("apiKeys: %v, %v", all, err)
			}
			for _, k := range all.APIKeys {
				if k.Name != "administrator" {
					continue
				}
				const last = "CONFLICT This is the last key of an administrator. Make another one first, and revoke this one with it."
				if got := refusal(p.ask(`mutation { revokeApiKey(id: "`+k.ID+`") }`, nil, new(rawText))); got != last {
					t.Errorf("the last administrator revokes itself: %s\nwant %s", got, last)
				}
			}
			revoke := `mutation { revokeApiKey(id: "` + key.ID + `") }`
			if got := p.must(revoke, nil); got != `{"revokeApiKey":true}` {
				t.Errorf("revoke: %s", got)
			}
			eventually(t, func() string { // which the server remembers for a moment
				if got := read(secret); !strings.HasPrefix(got, "UNAUTHENTICATED ") {
					return "the revoked key: " + got
				}
				return ""
			})
			if got, want := refusal(p.ask(revoke, nil, new(rawText))), "NOT_FOUND There is no API key with the id "+key.ID+"; apiKeys lists them."; got != want {
				t.Errorf("revoke again: %s, want %s", got, want)
			}
			p.stop()
		})
	}
}

func TestAServerInMemoryForgetsAllButTheKeyOfItsAdministrator(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := spawn(t, data, nil, "--store", "memory").ready()
	p.must(`mutation { createCustomer(data: {kind: organization, displayName: "Kiosk"}) { outcome } }`, nil)
	p.stop()
	p = spawn(t, data, nil, "--store", "memory").ready()
	if got, want := p.must(`{ customers { totalCount } }`, nil), `{"customers":{"totalCount":0}}`; got != want {
		t.Errorf("after a restart: %s, want %s", got, want)
	}
	if !strings.Contains(p.out.String(), "store    in memory: nothing is kept when the server ends\n") {
		t.Errorf("the server says %s", p.out.String())
	}
	p.stop()

	const want = "the store of a server that keeps everything in memory (--store, XRM_STORE) is its own; ask the server itself: its API has apiKeys, createApiKey and revokeApiKey\n"
	for _, args := range [][]string{{"create", "--role", "reader"}, {"list"}, {"revoke", "x"}} {
		if status, _, got := command(t, []string{"XRM_STORE=memory"}, append([]string{"key"}, args...)...); status != 1 || got != want {
			t.Errorf("key %v: status %d, %swant %s", args, status, got, want)
		}
	}
}
