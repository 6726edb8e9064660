package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openxrm/xrm/core/web"
	"github.com/openxrm/xrm/sdk"
)

const (
	shopNeeds = `needs: {http: [/]}`
	shopKey   = "between the shop and us"
)

// playShop answers webhooks, and does not start while there is a file "broken"
// in its state.
func playShop(p *sdk.Plugin) {
	if _, err := os.Stat(filepath.Join(os.Getenv("STATE_DIRECTORY"), "broken")); err == nil {
		os.Exit(3)
	}
	released := make(chan struct{})
	p.Endpoints = []sdk.Endpoint{
		sdk.HTTP("POST /orders", takeOrder),
		sdk.HTTP("POST /echo", echo),
		sdk.HTTP("GET /half", func(_ sdk.Host, w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic("out of paper")
		}),
		sdk.HTTP("GET /slow", func(_ sdk.Host, w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "first\n")
			w.(http.Flusher).Flush()
			<-released
			_, _ = io.WriteString(w, "last\n")
		}),
		sdk.HTTP("POST /release", func(sdk.Host, http.ResponseWriter, *http.Request) { close(released) }),
	}
}

// takeOrder accepts what is signed, and says how long it is.
func takeOrder(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
	mac := hmac.New(sha256.New, []byte(shopKey))
	if _, err := io.Copy(mac, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if signature, _ := hex.DecodeString(r.Header.Get("X-Signature")); !hmac.Equal(signature, mac.Sum(nil)) {
		http.Error(w, "the signature is not that of the body", http.StatusUnauthorized)
		return
	}
	w.Header().Set("X-Order", r.URL.RawQuery)
	w.WriteHeader(http.StatusAccepted)
}

// echo answers each line before it has read the next.
func echo(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		_, _ = io.WriteString(w, lines.Text()+"\n")
		w.(http.Flusher).Flush()
	}
}

// shop is a server with the shop, which serves.
func shop(t *testing.T) *process {
	t.Helper()
	plugins := t.TempDir()
	cast(t, plugins, "shop", shopNeeds)
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	p.pluginProcess("shop")
	return p
}

func (p *process) send(method, path string, body io.Reader, signature string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("X-Signature", signature)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestAWebhookReachesThePluginByteForByte(t *testing.T) {
	t.Parallel()
	p := shop(t)
	body := make([]byte, 1<<20+7)
	_, _ = rand.Read(body)
	mac := hmac.New(sha256.New, []byte(shopKey))
	mac.Write(body)
	signature := hex.EncodeToString(mac.Sum(nil))
	response := p.send("POST", "/plugins/shop/orders?shop=1&x=%2F", bytes.NewReader(body), signature)
	if got, want := response.Header.Get("X-Order"), "shop=1&x=%2F"; response.StatusCode != http.StatusAccepted || got != want {
		t.Errorf("%s, X-Order %q, want 202 and %q", response.Status, got, want)
	}
	body[len(body)/2] ^= 1
	if response := p.send("POST", "/plugins/shop/orders", bytes.NewReader(body), signature); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("with one bit changed: %s, want 401", response.Status)
	}
	p.stop()
}

func TestAnAnswerIsReadWhileItIsWritten(t *testing.T) {
	t.Parallel()
	p := shop(t)
	lines := bufio.NewReader(p.send("GET", "/plugins/shop/slow", nil, "").Body)
	first, err := lines.ReadString('\n')
	if err != nil || first != "first\n" {
		t.Fatalf("the first part is %q, %v", first, err)
	}
	p.send("POST", "/plugins/shop/release", nil, "")
	if last, err := io.ReadAll(lines); err != nil || string(last) != "last\n" {
		t.Errorf("the last part is %q, %v", last, err)
	}
	p.stop()
}

func TestAnAnswerBeginsBeforeTheRequestHasEnded(t *testing.T) {
	t.Parallel()
	p := shop(t)
	body, lines := io.Pipe()
	go io.WriteString(lines, "one\n")
	answer := bufio.NewReader(p.send("POST", "/plugins/shop/echo", body, "").Body)
	for _, want := range []string{"one\n", "two\n"} {
		if got, err := answer.ReadString('\n'); err != nil || got != want {
			t.Fatalf("the answer is %q, %v; want %q", got, err, want)
		}
		go io.WriteString(lines, "two\n")
	}
	lines.Close()
	p.stop()
}

func TestABodyThatIsCutOffIsNotTakenForTheWhole(t *testing.T) {
	t.Parallel()
	p := shop(t)
	// One byte more than a plugin gets, signed for the plugin that takes the
	// half for the whole.
	mac := hmac.New(sha256.New, []byte(shopKey))
	mac.Write(make([]byte, web.MaxPluginBody))
	response := p.send("POST", "/plugins/shop/orders", bytes.NewReader(make([]byte, web.MaxPluginBody+1)), hex.EncodeToString(mac.Sum(nil)))
	body, err := io.ReadAll(response.Body)
	const want = "The request is too large: its body may have 67108864 bytes.\n"
	if response.StatusCode != http.StatusRequestEntityTooLarge || string(body) != want {
		t.Errorf("%s %s (%v), want 413 %s", response.Status, body, err, want)
	}
	p.stop()
}

func TestRequestsThatNoPluginAnswers(t *testing.T) {
	t.Parallel()
	p := shop(t)
	for _, path := range []string{"/plugins/shop/other", "/plugins/shop/orders" /* by GET */, "/plugins/shop/orders/1", "/plugins/none/orders"} {
		if status, body := p.get(path); status != http.StatusNotFound || body != "There is no such address.\n" {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	response, err := http.Get(p.url + "/plugins/shop/half")
	if err == nil {
		_, err = io.ReadAll(response.Body)
		response.Body.Close()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the half of an answer ends with %v, want %v", err, io.ErrUnexpectedEOF)
	}

	write(t, filepath.Join(p.data, "plugins", "state", "shop", "broken"), "")
	if err := syscall.Kill(p.pluginProcess("shop"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.await(p.log, `msg="plugin failed" plugin=shop state=BACKOFF failures=2`)
	response = p.send("POST", "/plugins/shop/orders", strings.NewReader("{}"), "")
	body, _ := io.ReadAll(response.Body)
	const down = "The plugin shop is not running at the moment. Try again in a few seconds.\n"
	if response.StatusCode != http.StatusServiceUnavailable || string(body) != down || response.Header.Get("Retry-After") == "" {
		t.Errorf("while it is down: %s %s %v", response.Status, body, response.Header)
	}
	p.stop()
}
