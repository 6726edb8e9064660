package identity

import (
	"context"
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

// EnsureAdministrator sees to it that somebody can get in: a database without a
// key of an administrator that does not expire gets one, which is written to a file that only the
// server's user can read. made says that the file is new.
func EnsureAdministrator(ctx context.Context, s Keyring, file string) (made bool, err error) {
	keys, err := s.Keys(ctx)
	if err != nil || slices.ContainsFunc(keys, func(k core.Key) bool { return isAdmin(k) && lasts(k) }) {
		return false, err
	}
	secret, hash := NewKey()
	switch old, err := os.ReadFile(file); {
	case err == nil: // of an earlier database: it goes on to be the key
		secret = strings.TrimSpace(string(old))
		hash = HashKey(secret)
		if slices.ContainsFunc(keys, func(k core.Key) bool { return k.Hash == hash }) {
			return false, fmt.Errorf("no administrator has a key that does not expire, and %s holds another one: move it away, and the server makes one", file)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("read the administrator's key: %w", err)
	default:
		made = true
		if err := WriteSecret(file, secret); err != nil {
			return false, err
		}
	}
	return made, s.SaveKey(ctx, newKey("administrator", hash, []string{core.AdminRole}, "system", time.Now()))
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
