package file

import (
	"context"
	"io"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// Contents are where the bytes lie. Both stores are some; storetest says what they
// promise.
type Contents interface {
	PutContent(ctx context.Context, id string, from io.Reader) (size int64, err error)
	OpenContent(ctx context.Context, id string, from int64) (io.ReadCloser, error)
	RemoveContent(ctx context.Context, id string) error
}

// State keeps the notes about loose files; see the plugins' state.
type State interface {
	State(ctx context.Context, owner, key string) (value []byte, version int64, err error)
	PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error)
	DeleteState(ctx context.Context, owner, key string, ifVersion int64) error
}

// Store is all that is asked of a database.
type Store interface {
	Contents
	State
	record.Timers
}

// Owner is whose the notes and timers are. It is no name that a plugin can have.
const Owner = core.OwnPrefix + "files"

// DefaultMaxSize is how many bytes an upload has at most where nothing else is said.
const DefaultMaxSize = 1 << 30

// Service is what is done with files. Its fields are set once; safe for concurrent use.
type Service struct {
	Store   Store
	Records *record.Service
	Now     func() time.Time
	NewID   func() string // a UUID
	MaxSize int64         // of an upload, in bytes
}

var _ record.Files = (*Service)(nil)
