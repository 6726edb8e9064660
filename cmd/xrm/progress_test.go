package main

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
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
			newProgressView(&out).waiting(tt.why, 312*time.Millisecond)
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
		})
	}
}
