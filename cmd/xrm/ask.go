package main

import (
	"context"
	"net/http"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
)

// ask sends one request to the running server, once.
func (p *program) ask(ctx context.Context, c Config, r client.Request, into any) error {
	key, err := readKey(c, p.environ)
	if err != nil {
		return err
	}
	server := client.Client{Server: c.ServerURL(), Key: key, HTTP: &http.Client{Timeout: time.Minute}}
	return explainKey(server.Send(ctx, r, into), c)
}
