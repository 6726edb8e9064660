package sdk_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func answering(t *testing.T, answer sdk.HTTPFunc) *plugintest.Host {
	t.Helper()
	return plugintest.Start(t, sdk.Plugin{Name: "hooks", Version: "1", Endpoints: []sdk.Endpoint{sdk.HTTP("POST /erp", answer)}})
}

func TestABodyArrivesByteByByte(t *testing.T) {
	h := answering(t, func(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.ContentLength != int64(len(body)) {
			t.Errorf("%d bytes, said to be %d: %v", len(body), r.ContentLength, err)
		}
		fmt.Fprintf(w, "%x", sha256.Sum256(body))
		_, _ = w.Write(body)
	})
	body := make([]byte, 300<<10)
	for i := range body {
		body[i] = byte(rand.IntN(256))
	}
	answer := h.HTTP(httptest.NewRequest(http.MethodPost, "/erp", strings.NewReader(string(body))))
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if want := fmt.Sprintf("%x", sha256.Sum256(body)) + string(body); err != nil || string(got) != want || answer.StatusCode != http.StatusOK {
		t.Errorf("%s, %d bytes, %v; want 200 and the %d bytes that were sent, with their sum", answer.Status, len(got), err, len(want))
	}
}

func TestBothBodiesStream(t *testing.T) {
	h := answering(t, func(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != -1 {
			t.Errorf("a body without a known end is said to be %d bytes", r.ContentLength)
		}
		part := make([]byte, 100)
		for {
			n, err := r.Body.Read(part)
			if err != nil {
				return
			}
			fmt.Fprintf(w, "%s!", part[:n])
			w.(http.Flusher).Flush()
		}
	})
	body, send := io.Pipe()
	request := httptest.NewRequest(http.MethodPost, "/erp", body)
	go func() { _, _ = io.WriteString(send, "one") }()
	answer := h.HTTP(request)
	defer answer.Body.Close()
	for _, next := range []string{"two", "three", ""} {
		got := make([]byte, 100)
		n, err := answer.Body.Read(got)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("got %s", got[:n]) // before the next part is sent
		if next == "" {
			break
		}
		if _, err := io.WriteString(send, next); err != nil {
			t.Fatal(err)
		}
	}
	send.Close()
	if rest, err := io.ReadAll(answer.Body); err != nil || len(rest) > 0 {
		t.Errorf("in the end %q, %v; want nothing more", rest, err)
	}
}

func TestAPanicOfAnEndpointTellsTheClientNothing(t *testing.T) {
	h := answering(t, func(_ sdk.Host, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Secret", "1234")
		panic("the password is 1234")
	})
	answer := h.HTTP(httptest.NewRequest(http.MethodPost, "/erp", nil))
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "1234") || len(answer.Header) > 0 {
		t.Errorf("%s %v %q, %v; want 500 and nothing else", answer.Status, answer.Header, body, err)
	}
}

func TestAPanicInTheMiddleOfABodyBreaksItOff(t *testing.T) {
	h := answering(t, func(_ sdk.Host, w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		panic("the password is 1234")
	})
	answer := h.HTTP(httptest.NewRequest(http.MethodPost, "/erp", nil))
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err == nil || string(body) != "half" {
		t.Errorf("%q, %v; want half of it, and an error", body, err)
	}
}

func TestAnEndpointActsForThePluginAlone(t *testing.T) {
	h := answering(t, func(host sdk.Host, _ http.ResponseWriter, r *http.Request) {
		if host.User() != nil {
			t.Errorf("the endpoint acts for %v, want nobody", host.User())
		}
		if _, err := host.Create(r.Context(), &sdk.Record{Entity: "product", Values: map[string]any{"name": "Leash", "sku": "L1"}}); err != nil {
			t.Error(err)
		}
	})
	h.HTTP(httptest.NewRequest(http.MethodPost, "/erp", nil)).Body.Close()
	if made := h.Find("product", sdk.Filter{"sku": sdk.Filter{"eq": "L1"}}); len(made) != 1 || made[0].CreatedBy != "hooks" {
		t.Errorf("products %v, want one that was created by hooks", made)
	}
}
