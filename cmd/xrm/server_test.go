package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const oneProduct = `mutation { createProduct(data: {sku: "P-1", name: "Dog food"}) { product { sku version } } }`

func TestTheFirstStartMakesAKeyAndTheSecondDoesNot(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	first := spawn(t, data, nil).ready()
	file := filepath.Join(data, "admin.key")
	// Read only after the last line, which comes with the others in one write.
	if got, want := after(first.out.String(), " ms\n"), fmt.Sprintf("  GraphQL  %s/graphql (GraphiQL in a browser)\n  store    SQLite in %s\n  key      a new administrator's key is in %s\n", first.url, data, file); got != want {
		t.Errorf("the first start prints\n%swant\n%s", got, want)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("the key's file: %v, %v; want it for its owner only", info, err)
	}
	secret, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first.must(oneProduct, nil)
	first.stop()

	second := spawn(t, data, nil).ready()
	if got, want := after(second.out.String(), " ms\n"), fmt.Sprintf("  GraphQL  %s/graphql (GraphiQL in a browser)\n  store    SQLite in %s\n", second.url, data); got != want {
		t.Errorf("the second start prints\n%swant\n%s", got, want)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(secret) {
		t.Errorf("the second start changed the key: %v", err)
	}
	if got, want := second.must(`{ productBy(key: {sku: "P-1"}) { sku name } }`, nil), `{"productBy":{"sku":"P-1","name":"Dog food"}}`; got != want {
		t.Errorf("after the second start %s, want %s", got, want)
	}
}

func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

func TestWithoutAKeyNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil).ready()
	for path, want := range map[string]string{"/healthz": `{"status":"alive"}`, "/readyz": `{"status":"ready"}`} {
		if status, body := p.get(path); status != http.StatusOK || strings.TrimSpace(body) != want {
			t.Errorf("%s answers %d %s, want 200 %s", path, status, body, want)
		}
	}
	tests := map[string]struct{ header, want string }{
		"no key":          {"", "An API key is needed: send it in the header Authorization: Bearer xrm_…"},
		"another scheme":  {"Basic eHJtOnhybQ==", "The Authorization header must have the form Bearer xrm_…"},
		"something else":  {"Bearer secret", "This is no API key: a key begins with xrm_. Send it in the header Authorization: Bearer xrm_…"},
		"a key of nobody": {"Bearer xrm_00", "This API key is not known: it was mistyped, or it is revoked. Ask an administrator for a new one."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/graphql", strings.NewReader(`{"query":"{ products { totalCount } }"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			if tt.header != "" {
				request.Header.Set("Authorization", tt.header)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			want := `{"errors":[{"message":"` + tt.want + `","extensions":{"code":"UNAUTHENTICATED"}}]}`
			if err != nil || response.StatusCode != http.StatusUnauthorized || string(body) != want {
				t.Errorf("%d %s, %v\nwant 401 %s", response.StatusCode, body, err, want)
			}
			if got := response.Header.Get("WWW-Authenticate"); got != "Bearer" {
				t.Errorf("WWW-Authenticate is %q, want Bearer", got)
			}
		})
	}
}

func TestAKeyThatIsMadeBesideTheServerWorksAtOnce(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil).ready()
	p.must(oneProduct, nil)
	status, out, complaints := command(t, nil, "key", "create", "--role", "reader", "--name", "Web shop", "--data", p.data)
	if status != 0 || complaints != "" {
		t.Fatalf("status %d\n%s%s", status, out, complaints)
	}
	key := strings.TrimSpace(out)
	var data rawText
	if err := p.askWith(key, `{ products { nodes { name } } }`, nil, &data); err != nil || data != `{"products":{"nodes":[{"name":"Dog food"}]}}` {
		t.Errorf("the reader reads %s, %v", data, err)
	}
	err := p.askWith(key, `mutation { createProduct(data: {sku: "P-2", name: "Cat food"}) { product { id } } }`, nil, &data)
	if got, want := refusal(err), "INVALID Your roles allow no mutation; ask an administrator."; got != want {
		t.Errorf("the reader writes: %s\nwant %s", got, want)
	}
	status, out, complaints = command(t, nil, "key", "create", "--role", "raeder", "--data", p.data)
	if want := "there is no role \"raeder\"; did you mean \"reader\"?\n"; status != 1 || out != "" || complaints != want {
		t.Errorf("an unknown role: status %d, %q, %q; want 1, nothing, %q", status, out, complaints, want)
	}
}

func TestAServerThatIsToldToStopLetsARequestEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := spawn(t, data, nil).ready()
	key, err := readKey(Config{Data: data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(p.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := fmt.Sprintf(`{"query":%q}`, oneProduct)
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", address, key, len(body))
	answers := bufio.NewReader(conn)
	// The server asks for the body when it has begun with the request.
	if line, err := answers.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := answers.Discard(len("\r\n")); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	p.await(p.log, `msg="stopping: waiting for what still runs" "at most"=10s`)
	eventually(t, func() string {
		late, err := net.Dial("tcp", address)
		if err != nil {
			return ""
		}
		late.Close()
		return "the server that stops takes new connections"
	})
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("the request was cut off: %v", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if want := `{"data":{"createProduct":{"product":{"sku":"P-1","version":1}}}`; err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(string(text), want) {
		t.Errorf("the request got %d %s, %v; want 200 %s", response.StatusCode, text, err, want)
	}
	if status := p.status(); status != 0 {
		t.Errorf("the server ended with status %d", status)
	}
	again := spawn(t, data, nil).ready()
	if got, want := again.must(`{ products { totalCount } }`, nil), `{"products":{"totalCount":1}}`; got != want {
		t.Errorf("after a restart %s, want %s", got, want)
	}
}
