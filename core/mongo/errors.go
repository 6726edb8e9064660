package mongo

import (
	"context"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/core"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	wire "go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

const (
	unreachable = "The database cannot be reached at the moment. Nothing was changed; try again in a few seconds."
	tooLate     = "The database did not answer in time. Nothing was changed; try again in a few seconds."
	deadlocked  = "Others were writing the same all the time. Nothing was changed; try again in a few seconds."
	unconfirmed = "The database did not confirm the change, so it may or may not have been saved. Load the record to see which, then try again if need be."
)

// failed says what could not be done. It is an Unavailable error when trying
// again later can help, and otherwise one that only the log gets to see.
func (s *Store) failed(what string, err error) error {
	if ours := (*core.Error)(nil); err == nil || errors.As(err, &ours) {
		return err
	}
	err = fmt.Errorf("%s in MongoDB at %s: %w", what, s.hosts, err)
	if isFull(err) {
		s.full.Store(true)
		return &core.Error{Code: core.Unavailable, Message: core.DiskFull, Cause: err}
	}
	if isDeadlock(err) {
		return &core.Error{Code: core.Unavailable, Message: deadlocked, Cause: err}
	}
	if !passing(err) {
		return err
	}
	message := unreachable
	if noServer := (topology.ServerSelectionError{}); driver.IsTimeout(err) && !errors.As(err, &noServer) {
		message = tooLate
	}
	return &core.Error{Code: core.Unavailable, Message: message, Cause: err}
}

// writeFailed is failed for a write, which may have been carried out although
// its answer was lost.
func (s *Store) writeFailed(what string, err error) error {
	err = s.failed(what, err)
	var ours *core.Error
	if errors.As(err, &ours) && !neverSent(err) && !isFull(err) && !isDeadlock(err) {
		ours.Message = unconfirmed
	}
	return err
}

// tookTooLong says whether the server gave up an operation because of the time
// that it took. One that is not reached in time is another matter.
func tookTooLong(err error) bool {
	var server driver.ServerError
	return errors.As(err, &server) && server.HasErrorCode(maxTimeExpired)
}

// neverSent says whether a command surely did not reach the server.
func neverSent(err error) bool {
	var (
		noServer topology.ServerSelectionError
		noTurn   topology.WaitQueueTimeoutError
	)
	return errors.As(err, &noServer) || errors.As(err, &noTurn) || errors.Is(err, wire.ErrDeadlineWouldBeExceeded)
}

// passing says whether an error is about the connection or the state of the
// server, not about what was asked.
func passing(err error) bool {
	var (
		noServer     topology.ServerSelectionError
		noConnection topology.ConnectionError
		server       driver.ServerError
	)
	switch {
	case driver.IsTimeout(err), driver.IsNetworkError(err),
		errors.Is(err, context.Canceled), errors.Is(err, driver.ErrClientDisconnected),
		errors.As(err, &noServer), errors.As(err, &noConnection):
		return true
	case !errors.As(err, &server):
		return false
	}
	for _, code := range passingCodes() {
		if server.HasErrorCode(code) {
			return true
		}
	}
	// FerretDB that has lost its PostgreSQL calls that an internal error, and what
	// PostgreSQL says while it starts, stops or recovers.
	if server.HasErrorCodeWithMessage(1, "failed to connect to ") || server.HasErrorCodeWithMessage(1, "the database system is ") {
		return true
	}
	return server.HasErrorLabel("RetryableWriteError") || server.HasErrorLabel("TransientTransactionError")
}

const (
	failedToParse  = 9
	maxTimeExpired = 50 // MaxTimeMSExpired
)

// passingCodes are what a server answers while it starts, stops, elects a
// primary or has too much to do.
func passingCodes() []int {
	return []int{
		6, // HostUnreachable
		7, // HostNotFound
		maxTimeExpired,
		64,    // WriteConcernTimeout
		89,    // NetworkTimeout
		91,    // ShutdownInProgress
		100,   // UnsatisfiableWriteConcern
		189,   // PrimarySteppedDown
		262,   // ExceededTimeLimit
		9001,  // SocketException
		10107, // NotWritablePrimary
		11600, // InterruptedAtShutdown
		11602, // InterruptedDueToReplStateChange
		13435, // NotPrimaryNoSecondaryOk
		13436, // NotPrimaryOrSecondary
	}
}

// withoutDuplicates is nil when an insert left nothing out but what was there
// already.
func withoutDuplicates(err error) error {
	var some driver.BulkWriteException
	if !errors.As(err, &some) || some.WriteConcernError != nil {
		return err
	}
	for _, refused := range some.WriteErrors {
		if !isDuplicate(refused.WriteError) {
			return err
		}
	}
	return nil
}
