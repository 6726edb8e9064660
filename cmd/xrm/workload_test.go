package main

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/cmd/make/compare/workload"
)

func TestTheWorkloadOfTheBenchmarksIsAnswered(t *testing.T) {
	t.Parallel()
	server := start(t, "--store", "memory")
	key := strings.TrimSpace(read(t, server.data+"/admin.key"))
	client := workload.NewClient(server.url, key, 2)
	world, err := workload.Fill(t.Context(), client, 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, scenario := range workload.Scenarios() {
		for i := range 3 {
			body := scenario.Request(world, i)
			answer, err := client.Post(t.Context(), body)
			if err == nil {
				err = scenario.Check(answer)
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", scenario.Name, err, body)
			}
			if again := scenario.Request(world, i+1); strings.Contains(scenario.Name, "create") && string(again) == string(body) {
				t.Errorf("%s writes the same twice", scenario.Name)
			}
		}
		if len(scenario.Clients) == 0 {
			t.Errorf("%s is measured with no clients", scenario.Name)
		}
	}
}
