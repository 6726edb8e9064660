#!/usr/bin/env bash
# To coder/websocket, a page and the server that it came from are strangers when a proxy writes the port
# of Host in another way than the browser writes that of Origin.
#
# Software: github.com/coder/websocket v1.8.15
# One guesses: hosts are compared, so a port that the proxy drops, or the default port that it adds, does no harm;
# and a name among OriginPatterns is that host on any port.
# It is: host and port are compared as text. https://crm.example is refused with 403 when Host is crm.example:443,
# and https://crm.example:8443 when Host is crm.example. A pattern is held against the port as well: "crm.example"
# does not fit a page on port 8443, and "crm.example:*" does not fit one without a port.
# Who meets it: whoever serves subscriptions behind a proxy that sets Host from a name and a port of its own.
# What helps: pass Host on as it came; for nginx: proxy_set_header Host $http_host.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/coder/websocket"
)

func main() {
	ask("https://crm.example", "crm.example")
	ask("https://crm.example", "crm.example:443")
	ask("https://crm.example:8443", "crm.example:8443")
	ask("https://crm.example:8443", "crm.example")
	ask("https://crm.example", "backend", "crm.example")
	ask("https://crm.example:8443", "backend", "crm.example")
	ask("https://crm.example:8443", "backend", "crm.example:*")
	ask("https://crm.example", "backend", "crm.example:*")
}

func ask(origin, host string, patterns ...string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: patterns}); err == nil {
			c.CloseNow()
		}
	}))
	defer server.Close()
	r, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		panic(err)
	}
	r.Host = host
	for name, value := range map[string]string{
		"Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	answer.Body.Close()
	fmt.Printf("Origin %s, Host %s, patterns %v: %d\n", origin, host, patterns, answer.StatusCode)
}
GO
{
	go mod init finding
	go get github.com/coder/websocket@v1.8.15
} >/dev/null 2>&1 || { echo "the packages cannot be installed" >&2; exit 2; }
go run . | tee seen

diff - seen <<'SEEN' || { echo "This has changed." >&2; exit 1; }
Origin https://crm.example, Host crm.example, patterns []: 101
Origin https://crm.example, Host crm.example:443, patterns []: 403
Origin https://crm.example:8443, Host crm.example:8443, patterns []: 101
Origin https://crm.example:8443, Host crm.example, patterns []: 403
Origin https://crm.example, Host backend, patterns [crm.example]: 101
Origin https://crm.example:8443, Host backend, patterns [crm.example]: 403
Origin https://crm.example:8443, Host backend, patterns [crm.example:*]: 101
Origin https://crm.example, Host backend, patterns [crm.example:*]: 403
SEEN
echo "As described."
