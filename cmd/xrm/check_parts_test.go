package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// checkServer answers each part of a check by a function of how many records are asked
// for; "" leaves the client without an answer until it goes.
func checkServer(t *testing.T, answer func(n, records int) string) *httptest.Server {
	t.Helper()
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Variables struct{ Records int } }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		n++
		text := answer(n, asked.Variables.Records)
		if text == "" {
			<-r.Context().Done()
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	return s
}

func checkedSome(records int, findings, cursor string) string {
	return fmt.Sprintf(`{"data":{"checkDatabase":{"checked":%d,"findings":[%s],"endCursor":%s}}}`, records, findings, cursor)
}

const oneFound = `{"kind":"MISSING","entity":"activity","id":"1","path":"party","value":"x","message":"party is the party x, which does not exist"}`

func TestACheckThatIsInterruptedSaysHowFarItCame(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := checkServer(t, func(n, _ int) string {
		if n == 2 {
			cancel()
			return ""
		}
		return checkedSome(1000, oneFound, `"activity/1"`)
	})
	var out, complaints bytes.Buffer
	p := &program{out: &out, err: &complaints, environ: []string{"XRM_SERVER=" + s.URL, "XRM_KEY=xrm_x"}}
	status := p.run(ctx, []string{"check"})
	if want := "activity\n  1 reference leads to no record\n    1: party is the party x, which does not exist\n"; status != 1 || out.String() != want ||
		complaints.String() != "stopped after 1000 records; the rest was not looked at\n" {
		t.Errorf("status %d: %s%s", status, out.String(), complaints.String())
	}
}

func TestACheckAsksForFewerRecordsWhereTheyAreTooLarge(t *testing.T) {
	var asked []int
	s := checkServer(t, func(n, records int) string {
		asked = append(asked, records)
		switch {
		case records > 300:
			return `{"errors":[{"message":"The request would hold more than 64 MiB of memory, which is its limit.","extensions":{"code":"INVALID"}}]}`
		case n == 5:
			return checkedSome(records, "", "null")
		}
		return checkedSome(records, "", `"a/1"`)
	})
	var out, complaints bytes.Buffer
	p := &program{out: &out, err: &complaints, environ: []string{"XRM_SERVER=" + s.URL, "XRM_KEY=xrm_x"}}
	if status := p.run(t.Context(), []string{"check", "--json"}); status != 0 || out.String() != `{"checked":500,"found":{}}`+"\n" || complaints.String() != "" {
		t.Errorf("status %d: %s%s", status, out.String(), complaints.String())
	}
	if want := []int{1000, 500, 250, 500, 250}; !slices.Equal(asked, want) {
		t.Errorf("it has asked for %v records, want %v", asked, want)
	}
}

func TestACheckTellsWhatANewerServerFinds(t *testing.T) {
	s := checkServer(t, func(int, int) string {
		return checkedSome(7, `{"kind":"ODD","entity":"activity","id":"1","message":"it is odd"}`, "null")
	})
	var out, complaints bytes.Buffer
	p := &program{out: &out, err: &complaints, environ: []string{"XRM_SERVER=" + s.URL, "XRM_KEY=xrm_x"}}
	status := p.run(t.Context(), []string{"check"})
	if want := "activity\n  1 finding of the kind ODD\n    1: it is odd\n"; status != 2 || out.String() != want ||
		!strings.HasPrefix(complaints.String(), "7 records checked: 1 finding of the kind ODD. ") {
		t.Errorf("status %d: %s%s", status, out.String(), complaints.String())
	}
}
