package pluginhost_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/sdk"
)

// reaching is a plugin that reaches what it is told to.
func reaching() sdk.Plugin {
	type address struct {
		URL  string `json:"url"`
		Body string `json:"body"`
	}
	type count struct {
		Name string `json:"name"`
		Most int64  `json:"most"`
	}
	type line struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	return sdk.Plugin{Name: "p", Version: "1.0.0", Operations: []sdk.Operation{
		sdk.Mutation("fetch", func(ctx context.Context, host sdk.Host, in address) (string, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, in.URL, strings.NewReader(in.Body))
			if err != nil {
				return "", err
			}
			r.Header.Set("X-Signature", "s3")
			answer, err := host.HTTP().Do(r)
			if err != nil {
				return "", err
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			return answer.Status + " " + string(body), err
		}).ForEverybody(),
		sdk.Mutation("open", func(ctx context.Context, host sdk.Host, in count) (string, error) {
			for n := range in.Most {
				if _, err := host.Dial(ctx, in.Name); err != nil {
					return fmt.Sprint(n, " and then ", err), nil
				}
			}
			return fmt.Sprint(in.Most), nil
		}).ForEverybody(),
		sdk.Mutation("stall", func(_ context.Context, host sdk.Host, in address) (string, error) {
			never, _ := io.Pipe()
			for range 40 {
				go func() {
					r, err := http.NewRequest(http.MethodPost, in.URL, never) //nolint:noctx // it forgets the call's
					if err == nil {
						if answer, err := host.HTTP().Do(r); err == nil {
							answer.Body.Close()
						}
					}
				}()
			}
			return "", nil
		}).ForEverybody(),
		sdk.Mutation("leave", func(ctx context.Context, host sdk.Host, in line) (string, error) {
			conn, err := host.Dial(ctx, in.Name)
			if err != nil {
				return "", err
			}
			_, err = io.WriteString(conn, in.Text)
			return "", errors.Join(err, conn.Close())
		}).ForEverybody(),
		sdk.Mutation("say", func(ctx context.Context, host sdk.Host, in line) (string, error) {
			conn, err := host.Dial(ctx, in.Name)
			if err != nil {
				return "", err
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, in.Text); err != nil {
				return "", err
			}
			said := make([]byte, len(in.Text))
			_, err = io.ReadFull(conn, said)
			return string(said), err
		}).ForEverybody(),
	}}
}

// reacher starts the plugin with connections and settings of the site's.
func reacher(t *testing.T, connections, site string) (call func(operation string, arguments map[string]any) string) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "reaches", "1.0.0", "needs: {connections: {"+connections+"}}\n")
	write(t, filepath.Join(dir, "p.yaml"), site)
	h := start(t, pluginhost.Config{Dir: dir})
	await(t, h, "p", in(pluginhost.Serving))
	return func(name string, arguments map[string]any) string {
		answer, err := h.Call(t.Context(), record.Basis{}, agent, operation(t, h, name), arguments, record.Key{})
		var refused *core.Error
		if errors.As(err, &refused) {
			return string(refused.Code) + ": " + refused.Message
		}
		said, _ := answer.(string)
		return said
	}
}

func TestAPluginReachesTheHostsThatWereApproved(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/elsewhere":
			http.Redirect(w, r, "http://127.0.0.1:9/", http.StatusTemporaryRedirect)
		case "/breaks":
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "some")
		default:
			body, err := io.ReadAll(r.Body)
			if err != nil {
				body = []byte(err.Error())
			}
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, r.Host+" "+r.Method+" "+r.URL.String()+" "+r.Header.Get("X-Signature")+" "+string(body))
		}
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	call := reacher(t, `shop: "`+address+`", local: "localhost:80", world: "*:443"`, "")
	notHere := "FORBIDDEN: The plugin p may not connect to 127.0.0.1:9: nobody has approved that. Under needs its plugin.yaml has to have connections: {NAME: 127.0.0.1:9}. Then approve it: xrm plugin approve p."
	notPublic := func(address string) string {
		return "FORBIDDEN: The plugin p may not connect to " + address + ": that is no public address. If it is meant, an administrator names it in p.yaml: connections: {NAME: " + address + "}."
	}
	for url, want := range map[string]string{
		server.URL + "/v1?open=1":        "202 Accepted " + address + " POST /v1?open=1 s3 some text",
		server.URL + "/elsewhere":        notHere,
		server.URL + "/breaks":           "UNAVAILABLE: " + address + " cannot be reached: the connection failed.",
		"http://127.0.0.1:9/":            notHere,
		"http://localhost/":              notPublic("localhost:80"),
		"https://127.0.0.1/":             notPublic("127.0.0.1:443"),
		"https://169.254.169.254/latest": notPublic("169.254.169.254:443"),
		"https://[::ffff:10.0.0.1]/":     notPublic("10.0.0.1:443"),
		"ftp://example.com/":             `INVALID: "ftp://example.com/" is no address of a request such as https://api.example.com/v1.`,
		"https://no-such-host.invalid/":  "UNAVAILABLE: no-such-host.invalid:443 cannot be reached: there is no such host.",
	} {
		if got := call("fetch", map[string]any{"url": url, "body": "some text"}); got != want {
			t.Errorf("%s: %s\nwant %s", url, got, want)
		}
	}
}

func TestAHostOfTheSitesOwnNetworkIsNamedInItsSettings(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn) }()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	call := reacher(t, `pbx: site, none: site, named: "localhost:`+port+`", wide: "*:443"`, "connections: {pbx: \"localhost:"+port+"\"}\n")
	long := strings.Repeat("0123456789", 30_000) // more than one part
	for name, tt := range map[string]struct{ text, want string }{
		"pbx":   {long, long},
		"named": {"x", "FORBIDDEN: The plugin p may not connect to localhost:" + port + ": that is no public address. If it is meant, an administrator names it in p.yaml: connections: {NAME: localhost:" + port + "}."},
		"none":  {"x", "UNAVAILABLE: The connection none of the plugin p has no address. An administrator puts it into p.yaml: connections: {none: HOST:PORT}."},
		"wide":  {"x", "INVALID: The connection wide of the plugin p leads to *:443, which is no single host. Only HTTP requests can go there."},
		"other": {"x", `FORBIDDEN: The plugin p may not open the connection "other": nobody has approved that. Under needs its plugin.yaml has to have connections: {other: HOST:PORT}. Then approve it: xrm plugin approve p.`},
	} {
		if got := call("say", map[string]any{"name": name, "text": tt.text}); got != tt.want {
			t.Errorf("%s: %.300s\nwant %.300s", name, got, tt.want)
		}
	}
}

func TestWhatACallHasOpenedEndsWithIt(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	ended := make(chan error, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, err := io.Copy(io.Discard, conn)
				ended <- err
			}()
		}
	}()
	call := reacher(t, `pbx: "`+listener.Addr().String()+`"`, "")
	for range 2 { // there is room again for the second
		got := call("open", map[string]any{"name": "pbx", "most": int64(40)})
		if want := "32 and then The plugin p has 32 requests and connections open, which is the most; close some, or try again in a second."; got != want {
			t.Fatalf("it opened %s\nwant %s", got, want)
		}
		for range 32 {
			<-ended
		}
	}
}

func TestWhatAPluginHasWrittenArrivesAlsoWhenItLeavesAtOnce(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	heard := make(chan string, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			said, _ := io.ReadAll(conn)
			heard <- string(said)
			conn.Close()
		}
	}()
	call := reacher(t, `pbx: "`+listener.Addr().String()+`"`, "")
	want := strings.Repeat("0123456789", 30_000)
	for range 5 {
		call("leave", map[string]any{"name": "pbx", "text": want})
		if got := <-heard; got != want {
			t.Fatalf("%d bytes arrived, want %d", len(got), len(want))
		}
	}
}

func TestARequestThatIsNeverSentEndsWithItsCall(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Name", "Pr\xfcfung")
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	call := reacher(t, `shop: "`+server.Listener.Addr().String()+`"`, "")
	for range 3 {
		call("stall", map[string]any{"url": server.URL, "body": ""})
	}
	for got := ""; !strings.HasPrefix(got, "200 OK"); {
		if got = call("fetch", map[string]any{"url": server.URL, "body": "x"}); !strings.HasPrefix(got, "200 OK") && !strings.HasPrefix(got, "RATE_LIMITED") {
			t.Fatal(got)
		}
	}
}

func TestWhoseCertificateIsNotValidIsNotReached(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	got := reacher(t, `shop: "`+address+`"`, "")("fetch", map[string]any{"url": server.URL, "body": ""})
	if want := "UNAVAILABLE: " + address + " cannot be reached: its certificate is not valid: x509: certificate signed by unknown authority."; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestTheSiteNamesConnectionsThatThePluginAsksFor(t *testing.T) {
	t.Parallel()
	for site, want := range map[string]string{
		"connections: {pbxx: \"10.0.0.1:5038\"}\n": `connections: the plugin p asks for no connection "pbxx"; did you mean "pbx"?`,
		"connections: {pbx: \"*:5038\"}\n":         `connections: pbx is "*:5038"; name a host and its port, such as pbx.example.com:5038`,
		"connections: {pbx: 10.0.0.1}\n":           `"10.0.0.1" where an address such as api.example.com:443, "*.example.com:443" or "*:443" is expected`,
	} {
		dir := t.TempDir()
		put(t, dir, "reaches", "1.0.0", "needs: {connections: {pbx: site}}\n")
		write(t, filepath.Join(dir, "p.yaml"), site)
		h := start(t, pluginhost.Config{Dir: dir})
		status := await(t, h, "p", in(pluginhost.Misconfigured))
		if !strings.Contains(status.LastError, want) || !strings.Contains(status.LastError, "p.yaml") {
			t.Errorf("%s: %s\nwant %s", site, status.LastError, want)
		}
	}
}
