package graphql_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestTheRequestsOfReadmeWork(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, nil, nil)
	blocks := regexp.MustCompile("(?s)```graphql\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 5 {
		t.Fatalf("README has %d requests", len(blocks))
	}
	for _, block := range blocks {
		variables := ""
		if strings.Contains(block[1], "$id: ID!") {
			variables = `{"id": "id-000001", "duplicate": "id-000003"}` // the first record that is created, and its duplicate
		}
		if answer := s.ask(block[1], variables, ""); strings.Contains(answer, `"errors"`) {
			t.Errorf("%s\nis answered with\n%s", block[1], answer)
		}
	}
}
