package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// hiddenName begins the names of what none of the blind may know of.
const hiddenName = "zq7"

const introspection = `{ __schema { types { name kind fields { name args { name } } inputFields { name } enumValues { name } } } entities { name fields { name } } }`

// breath is a pause between two requests: there is one machine for all.
const breath = 40 * time.Millisecond

// intrude tries one operation of the API after the other, until ctx is done.
func (s stranger) intrude(ctx context.Context, h *house) {
	for n := 0; ctx.Err() == nil; n++ {
		query := introspection
		switch {
		case n%50 == 0:
		case n%2 == 0: // most of it is not there for the stranger
			query = s.all.any(&h.ledger)
		default:
			query = s.own.any(&h.ledger)
		}
		text, err := s.send(ctx, h.any(), query)
		time.Sleep(breath)
		if err != nil {
			continue // it is being killed
		}
		if h.strange.add(); !s.blind {
			continue
		}
		if strings.Contains(text, told) {
			h.faults.add("%s was told a secret by %s:\n  %.2000s", s.name, query, text)
		}
		if query == introspection && strings.Contains(strings.ToLower(text), hiddenName) {
			at := strings.Index(strings.ToLower(text), hiddenName)
			h.faults.add("%s was shown the name of what is hidden: ...%s...", s.name, text[max(0, at-100):min(len(text), at+100)])
		}
	}
}

func (s stranger) send(ctx context.Context, url, query string) (string, error) {
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.key)
	answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}
