package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
)

// Vault is where the keys of all servers of one database are kept, of which one at a
// time makes the first.
type Vault interface {
	Keyring

	// Acquire takes a lease for ttl or renews it, and says whether the holder
	// has it now.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error)

	// Release gives a lease back that the holder may have.
	Release(ctx context.Context, name, holder string) error
}

// KeyFile says what the file for the administrator's key has to do with the keys of
// the database.
type KeyFile int

// What a file can be.
const (
	KeyUnknown   KeyFile = iota // nobody has looked yet
	KeyThere                    // it holds one of them
	KeyWritten                  // it is new, and so is the key
	KeyElsewhere                // it is not there: another server wrote the key, or somebody has moved it
	KeyStrange                  // it holds none of them
)

// FirstKeyLease is held by whoever makes the first key.
const FirstKeyLease = "first key"

const (
	firstKeyLease = 30 * time.Second
	firstKeyTime  = 20 * time.Second       // after which it is not stored any more, before another server begins
	firstKeyLook  = 100 * time.Millisecond // how often one looks who waits for another
)

// EnsureAdministrator sees to it that somebody can get in: a database without a
// key of an administrator that does not expire gets one, which is written to a file that only the
// server's user can read. Of several servers that start at once, one does so, and the
// others wait for it.
func EnsureAdministrator(ctx context.Context, v Vault, file string) (KeyFile, error) {
	holder := rand.Text()
	for {
		keys, err := v.Keys(ctx)
		if err != nil {
			return KeyUnknown, err
		}
		if administered(keys) {
			return compare(keys, file), nil
		}
		held, err := v.Acquire(ctx, FirstKeyLease, holder, firstKeyLease)
		if err != nil {
			return KeyUnknown, err
		}
		if held {
			return first(ctx, v, holder, file)
		}
		select {
		case <-time.After(firstKeyLook):
		case <-ctx.Done():
			return KeyUnknown, ctx.Err()
		}
	}
}

// administered says whether an administrator can get in for good.
func administered(keys []core.Key) bool {
	return slices.ContainsFunc(keys, func(k core.Key) bool { return isAdmin(k) && lasts(k) })
}

// first makes the first key, unless another server was quicker.
func first(ctx context.Context, v Vault, holder, file string) (KeyFile, error) {
	ctx, cancel := context.WithTimeout(ctx, firstKeyTime)
	defer cancel()
	defer func() {
		_ = v.Release(context.WithoutCancel(ctx), FirstKeyLease, holder) // or else it ends by itself
	}()
	keys, err := v.Keys(ctx)
	if err != nil {
		return KeyUnknown, err
	}
	if administered(keys) {
		return compare(keys, file), nil
	}
	hash, state, err := keyFor(keys, file)
	if err != nil {
		return KeyUnknown, err
	}
	return state, v.SaveKey(ctx, newKey("administrator", hash, []string{core.AdminRole}, "system", time.Now()))
}

// keyFor returns the hash of the key that is to be the first: of the one in the file,
// or of a new one, which is in the file then.
func keyFor(keys []core.Key, file string) (hash string, state KeyFile, err error) {
	old, err := readHash(file)
	switch {
	case err != nil:
		return "", KeyUnknown, err
	case old == "":
		secret, hash := NewKey()
		return hash, KeyWritten, WriteSecret(file, secret)
	case slices.ContainsFunc(keys, func(k core.Key) bool { return k.Hash == old }):
		return "", KeyUnknown, fmt.Errorf("no administrator has a key that does not expire, and %s holds another one: move it away, and the server makes one", file)
	}
	return old, KeyThere, nil // of an earlier database: it goes on to be the key
}

// compare says what a file is to keys that are enough. One that cannot be read is
// not needed either.
func compare(keys []core.Key, file string) KeyFile {
	hash, err := readHash(file)
	switch {
	case err != nil:
		return KeyUnknown
	case hash == "":
		return KeyElsewhere
	case slices.ContainsFunc(keys, func(k core.Key) bool { return k.Hash == hash }):
		return KeyThere
	}
	return KeyStrange
}

// readHash returns the hash of the key in a file; "" when there is no file.
func readHash(file string) (string, error) {
	secret, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read the administrator's key: %w", err)
	}
	return HashKey(strings.TrimSpace(string(secret))), nil
}

// WriteSecret makes a file that only its owner can read, never over another.
func WriteSecret(file, secret string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("the folder for %s cannot be made: %w", file, err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("the key cannot be written: %w", err)
	}
	if _, err := fmt.Fprintln(f, secret); err != nil {
		return errors.Join(fmt.Errorf("the key cannot be written to %s: %w", file, err), f.Close())
	}
	return f.Close()
}
