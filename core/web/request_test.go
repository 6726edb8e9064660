package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	var log bytes.Buffer
	handler := withRequestID(recovered(slog.New(slog.NewTextHandler(&log, nil)), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })))
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql", nil))
	id := answer.Header().Get("X-Request-Id")
	want := "Something went wrong on our side; the details are in the server's log under " + id + ".\n"
	if answer.Code != http.StatusInternalServerError || answer.Body.String() != want {
		t.Errorf("the answer is %d %q, want 500 %q", answer.Code, answer.Body, want)
	}
	if got := log.String(); !strings.Contains(got, `msg="a request panicked" request=`+id+` panic="a bug" stack=`) {
		t.Errorf("the log says %s", got)
	}
}

func TestAHandlerCanBreakTheConnection(t *testing.T) {
	server := httptest.NewServer(recovered(slog.New(slog.DiscardHandler), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an ans")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})))
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("the client takes %q for the whole answer", text)
	}
}
