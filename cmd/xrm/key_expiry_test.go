package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheEndOfAKeyIsReadInManyForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 2, 28, 12, 30, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"90d": "2026-05-29T12:30:00Z", "2w": "2026-03-14T12:30:00Z", "12h": "2026-03-01T00:30:00Z", "90m": "2026-02-28T14:00:00Z",
		"2027-01-31": "2027-01-31T00:00:00Z", "2027-01-31T08:00:00+02:00": "2027-01-31T06:00:00Z", "36500d": "2126-02-04T12:30:00Z",
	} {
		if at, err := parseExpiry(text, now); err != nil || at.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v; want %s", text, at, err, want)
		}
	}
	for _, text := range []string{"90", "d", "-1d", "0d", "1.5d", "soon", "31.1.2027", "2027-02-30", "36501d", "99999999999999999999d", "-5h"} {
		want := `--expires "` + text + `": write a while of at most 36500d, such as 90d or 12h, a day such as 2027-01-31, or an instant such as 2027-01-31T08:00:00Z`
		if at, err := parseExpiry(text, now); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v; want %s", text, at, err, want)
		}
	}
}

func TestAKeyIsCreatedWithAnEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	environ := []string{"XRM_DATA=" + data}
	file := filepath.Join(t.TempDir(), "shop.key")
	status, _, told := command(t, environ, "key", "create", "--role", "reader", "--name", "Web shop", "--expires", "2126-01-31", "--out", file)
	if status != 0 || !strings.HasSuffix(told, " is in "+file+". It expires at 2126-01-31T00:00:00Z.\n") {
		t.Fatalf("create: status %d, %s", status, told)
	}
	if _, out, _ := command(t, environ, "key", "create", "--role", "reader", "--expires", "2126-01-31", "--json"); !strings.Contains(out, `"expiresAt":"2126-01-31T00:00:00Z"`) {
		t.Errorf("create --json: %s", out)
	}
	if status, _, told := command(t, environ, "key", "create", "--role", "reader", "--expires", "2020-01-31"); status != 1 || told != "The key was not made: some arguments need attention. expiresAt must be in the future, not 2020-01-31T00:00:00.000Z\n" {
		t.Errorf("an end that has passed: status %d, %s", status, told)
	}
	_, out, _ := command(t, environ, "key", "list", "--json")
	var keys []listedKey
	if err := json.Unmarshal([]byte(out), &keys); err != nil || len(keys) != 2 || keys[0].ExpiresAt.Format(time.DateOnly) != "2126-01-31" || strings.Contains(out, "lastUsedAt") {
		t.Errorf("list: %s (%v)", out, err)
	}
	if _, table, _ := command(t, environ, "key", "list"); !strings.Contains(table, "EXPIRES              LAST USED\n") || !strings.Contains(table, "2126-01-31 00:00:00  -\n") {
		t.Errorf("list: %s", table)
	}
}

func TestAKeyOfTheAPIEndsAndItsUseIsNoted(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"sqlite", "memory"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			p := spawn(t, t.TempDir(), nil, "--store", store).ready()
			const create = `mutation ($expires: DateTime) { createApiKey(roles: ["reader"], name: "Web shop", expiresAt: $expires) { apiKey { id expiresAt lastUsedAt } secret } }`
			type made struct {
				CreateAPIKey struct {
					APIKey struct{ ID, ExpiresAt, LastUsedAt string }
					Secret string
				}
			}
			var long, short made
			if err := p.ask(create, map[string]any{"expires": "2126-01-31T00:00:00+01:00"}, &long); err != nil {
				t.Fatal(err)
			}
			if k := long.CreateAPIKey.APIKey; k.ExpiresAt != "2126-01-30T23:00:00.000Z" || k.LastUsedAt != "" {
				t.Errorf("the key: %+v", k)
			}
			for expires, want := range map[string]string{
				"tomorrow":             "INVALID expiresAt must be an instant such as 2027-01-31T00:00:00Z, not tomorrow",
				"2020-01-31T00:00:00Z": "INVALID The key was not made: some arguments need attention. expiresAt must be in the future, not 2020-01-31T00:00:00.000Z",
			} {
				if got := refusal(p.ask(create, map[string]any{"expires": expires}, new(rawText))); !strings.HasSuffix(got, strings.TrimPrefix(want, "INVALID ")) || !strings.HasPrefix(got, "INVALID ") {
					t.Errorf("an end at %s: %s\nwant %s", expires, got, want)
				}
			}
			if err := p.askWith(long.CreateAPIKey.Secret, `{ entities { name } }`, nil, new(rawText)); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() string { // it is written beside the request
				var all struct {
					APIKeys []struct{ ID, LastUsedAt string }
				}
				if err := p.ask(`{ apiKeys { id lastUsedAt } }`, nil, &all); err != nil {
					return err.Error()
				}
				for _, k := range all.APIKeys {
					if k.ID == long.CreateAPIKey.APIKey.ID && k.LastUsedAt == "" {
						return "the key is used, and nobody knows"
					}
				}
				return ""
			})
			if err := p.ask(create, map[string]any{"expires": time.Now().Add(time.Second).Format(time.RFC3339Nano)}, &short); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() string {
				const want = "UNAUTHENTICATED This API key has expired. Ask an administrator for a new one."
				if got := refusal(p.askWith(short.CreateAPIKey.Secret, `{ entities { name } }`, nil, new(rawText))); got != want {
					return got + ", want " + want
				}
				return ""
			})
			p.stop()
		})
	}
}
