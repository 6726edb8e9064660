package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// prepare is told about every model before it becomes the current one, and
// refuses one that the API has no names for. While the database is down the
// model is accepted, and keepReady prepares for it later.
func (s *server) prepare(m *schema.Model) error {
	if err := graphql.Check(m); err != nil {
		return err
	}
	if s.down.Load() {
		return nil // whoever offers a model does not wait for the database again
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	if before := s.prepared.Load(); before != nil {
		err = record.CheckStored(ctx, s.store, before, m)
	}
	if err == nil {
		err = s.store.Prepare(ctx, m)
	}
	if core.CodeOf(err) == core.Unavailable {
		s.down.Store(true)
		return nil
	}
	if err == nil {
		s.prepared.Store(m)
	}
	return err
}

// keepReady prepares the database, now and whenever the model has changed
// without it, and calls first when that is done for the first time.
func (s *server) keepReady(ctx context.Context, first func()) {
	for s.makeReady(ctx) {
		if first != nil {
			first()
			first = nil
		}
		select {
		case <-s.api.changed:
		case <-ctx.Done():
		}
	}
}

// makeReady prepares the database, for as long as it takes. It returns false
// when ctx is done before.
func (s *server) makeReady(ctx context.Context) bool {
	waiting := backoff.NewExponentialBackOff()
	waiting.MaxInterval = 5 * time.Second
	told := false
	for ctx.Err() == nil {
		err := s.tryToBeReady(ctx)
		if err == nil {
			if told {
				s.log.Info("the database is back; ready")
			}
			return true
		}
		if !told && ctx.Err() == nil {
			s.tellNotReady(err)
			told = true
		}
		select {
		case <-time.After(waiting.NextBackOff()):
		case <-ctx.Done():
		}
	}
	return false
}

func (s *server) tryToBeReady(ctx context.Context) error {
	for m := s.api.catalog.Model(); s.prepared.Load() != m; m = s.api.catalog.Model() {
		if err := s.store.Prepare(ctx, m); err != nil {
			return err
		}
		s.down.Store(false)
		s.prepared.Store(m)
	}
	if s.keyed.Load() {
		return nil
	}
	made, err := adminKey(ctx, s.store, adminKeyFile(s.config))
	if made {
		s.newKey.Store(true)
	}
	s.keyed.Store(err == nil)
	return err
}

func (s *server) tellNotReady(err error) {
	var known *core.Error
	if !errors.As(err, &known) || known.Code != core.Unavailable || known.Cause == nil {
		s.log.Error("the server is not ready; trying on", "error", err)
		return
	}
	s.log.Error("the server is not ready, because the database cannot be reached; trying on. See that it runs, and that --store (XRM_STORE) names it", "error", known.Cause)
}

// ready says why the server cannot answer now, or nil.
func (s *server) ready(ctx context.Context) error {
	if !s.keyed.Load() || s.prepared.Load() != s.api.catalog.Model() {
		return errors.New("the database is not prepared yet")
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout.Store)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return nil
}
