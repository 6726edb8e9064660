package backup_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// plain unpacks a backup.
func plain(t testing.TB, file []byte) string {
	t.Helper()
	z, err := zstd.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
