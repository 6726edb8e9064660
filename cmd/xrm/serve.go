package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/web"
	"github.com/spf13/cobra"
	"golang.org/x/net/netutil"
)

// How long a connection may wait, and for what, and how long the header of a
// request may be.
const (
	headerTimeout  = 10 * time.Second // for a header that has begun
	readTimeout    = time.Minute      // for a request as a whole
	idleTimeout    = 2 * time.Minute  // between requests
	maxHeaderBytes = 64 << 10
)

func (p *program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Runs the server until it is told to stop (Ctrl-C or SIGTERM), when it lets what
runs end. Without settings it keeps its data in ./data and answers on
http://127.0.0.1:8080/graphql, where a browser finds GraphiQL.

The first start writes an administrator's key to DATA/admin.key. Of several
instances that start on one database, one does so.`,
		Example: `  xrm serve
  xrm serve --listen 127.0.0.1:9000 --data /var/lib/xrm
  XRM_STORE=mongodb://127.0.0.1:27017/xrm xrm serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return p.serve(ctx, config)
		},
	}
	configFlags(cmd.Flags(), "listen", "data", "store", "plugins", "trust", "entities", "roles", "calendars")
	return cmd
}

func (p *program) serve(ctx context.Context, c Config) error {
	started := time.Now()
	log := p.logger(c.Log)
	limitMemory(log)
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return cannotListen(c.Listen, err)
	}
	defer listener.Close()
	gate, failed := web.NewGate(), make(chan error, 2)
	server := &http.Server{
		Handler: gate, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	defer func() { _ = server.Close() }() // what was cut off was told before
	bounded := netutil.LimitListener(listener, c.Limits.Connections)
	go func() { failed <- server.Serve(bounded) }() // it says that it lives, and lets nobody in yet
	s, err := newServer(c, log, nil)
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(context.Background())
	defer stop()
	log.Info("listening", "address", listener.Addr().String(), "store", storeName(c))
	var running sync.WaitGroup
	begun := make(chan struct{})
	running.Go(func() {
		if err := s.begin(ctx, gate); err != nil {
			failed <- err
			return
		}
		close(begun)
	})
	running.Go(func() {
		s.readiness.Keep(background, func() {
			select {
			case <-begun:
			case <-background.Done():
				return
			}
			fmt.Fprint(p.out, s.welcome(listener.Addr().String(), time.Since(started)))
			running.Go(func() { s.relay.Run(background) })
			running.Go(func() { s.work.Run(background) })
			running.Go(func() { s.uses.Run(background) })
		})
	})
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("stopping: waiting for what still runs", "at most", c.Timeout.Shutdown.String())
	}
	ending, cancel := context.WithTimeout(context.Background(), c.Timeout.Shutdown)
	defer cancel()
	if shutdown := errors.Join(gate.Shutdown(ending), server.Shutdown(ending)); shutdown != nil {
		log.Warn("some requests were cut off", "error", shutdown)
	}
	stop()
	running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.close(ending))
}

func cannotListen(address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s already; stop it, or choose another address with --listen (XRM_LISTEN)", address)
	}
	return fmt.Errorf("cannot listen on %s (--listen, XRM_LISTEN): %w", address, err)
}

// welcome is what an operator reads when the server is ready.
func (s *server) welcome(address string, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "xrm is ready after %d ms\n", took.Milliseconds())
	fmt.Fprintf(&b, "  GraphQL  http://%s/graphql (GraphiQL in a browser)\n", address)
	fmt.Fprintf(&b, "  store    %s\n", storeName(s.config))
	for _, plugin := range s.work.Desk().Plugins() {
		fmt.Fprintf(&b, "  plugin   %s\n", pluginLine(plugin))
	}
	if line := keyLine(s.config, identity.KeyFile(s.keyFile.Load())); line != "" {
		fmt.Fprintf(&b, "  key      %s\n", line)
	}
	return b.String()
}

// keyLine says where the key of the administrator is, when that is not what it was
// after the start before.
func keyLine(c Config, state identity.KeyFile) string {
	file := adminKeyFile(c)
	switch {
	case state == identity.KeyWritten:
		return "a new administrator's key is in " + file
	case state == identity.KeyThere && c.Store == "memory":
		return "that of the administrator is the one in " + file
	case state == identity.KeyElsewhere:
		return "there is an administrator already, and no " + file + ": another instance has written the key, or it was moved away"
	case state == identity.KeyStrange:
		return "the one in " + file + " is none of this database, which has an administrator already: the key is with another instance, or was revoked"
	}
	return ""
}

// pluginLine says how a plugin is doing and, unless it serves, the first line of
// why; the API has the rest.
func pluginLine(p core.Plugin) string {
	line := strings.TrimSpace(p.Name+" "+p.Version) + ": " + p.State
	if p.State == string(pluginhost.Serving) || p.LastError == "" {
		return line
	}
	reason, _, _ := strings.Cut(p.LastError, "\n")
	return line + ": " + printable(strings.TrimPrefix(reason, strings.ToLower(p.State)+": "))
}

func (p *program) logger(c Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // checked with the configuration
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(p.err, options))
	}
	return slog.New(slog.NewTextHandler(p.err, options))
}
