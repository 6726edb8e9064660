package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/cmd/xrm/importer"
)

func TestAnImportThatWaitsSaysWhyInAFewWords(t *testing.T) {
	tests := map[string]struct {
		why  error
		want string
	}{
		"the server is away": {
			&client.Unreachable{Server: "http://127.0.0.1:8080", Cause: syscall.ECONNREFUSED},
			"the server does not answer (connection refused); trying again in 310ms\n",
		},
		"the server cannot": {
			errors.New("The database cannot be reached."),
			"The database cannot be reached; trying again in 310ms\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			newProgressView(&out, false).waiting(tt.why, 312*time.Millisecond)
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
		})
	}
}

func TestADryRunShowsTenRejectedRowsAndAnImportFive(t *testing.T) {
	for dryRun, shown := range map[bool]int{true: 10, false: 5} {
		var out bytes.Buffer
		view := newProgressView(&out, dryRun)
		for line := range 12 {
			view.rejected(importer.Reason{Line: line + 2, Text: "name is required"})
		}
		want := ""
		for line := range shown {
			want += fmt.Sprintf("line %d is rejected: name is required\n", line+2)
		}
		if diff := cmp.Diff(strings.Split(want+"more rows are rejected\n", "\n"), strings.Split(out.String(), "\n")); diff != "" {
			t.Errorf("dry run %v (-want +got):\n%s", dryRun, diff)
		}
	}
}

func TestTheSummaryNamesTheFileOfRejectedRows(t *testing.T) {
	tests := map[string]struct {
		summary importer.Summary
		want    string
	}{
		"an import": {
			importer.Summary{Rows: 2, Created: 1, Rejected: 1, RejectedFile: "a.rejected-2.csv"},
			"a.csv: 2 rows imported: 1 created, 0 updated, 0 unchanged; 1 row rejected, in 0.0 s\n" +
				"The rejected rows are in a.rejected-2.csv, each with its reasons. Correct them there and import that file.\n",
		},
		"a dry run": {
			importer.Summary{Rows: 2, Created: 1, Rejected: 1, DryRun: true},
			"a.csv: 2 rows checked, nothing is written; it would be: 1 created, 0 updated, 0 unchanged; 1 row rejected, in 0.0 s\n" +
				"An import without --dry-run writes the rejected rows to a file, each with its reasons.\n",
		},
		"nothing rejected": {
			importer.Summary{Rows: 1, Created: 1},
			"a.csv: 1 row imported: 1 created, 0 updated, 0 unchanged; 0 rows rejected, in 0.0 s\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := printSummary(&out, "a.csv", tt.summary); err != nil || out.String() != tt.want {
				t.Errorf("%v: got %q, want %q", err, out.String(), tt.want)
			}
		})
	}
}
