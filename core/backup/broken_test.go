package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/schema"
)

// packed is a file of these lines, with the checksum that they have.
func packed(t testing.TB, lines ...string) []byte {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	sum := sha256.Sum256([]byte(text))
	return pack(t, text+`{"sha256":"`+hex.EncodeToString(sum[:])+`"}`+"\n")
}

func pack(t testing.TB, text string) []byte {
	t.Helper()
	var file bytes.Buffer
	z, err := zstd.NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

const (
	header   = `{"xrm":{"format":1,"version":"v1","store":"sqlite","madeAt":"2026-02-28T09:30:00Z"}}`
	oneThing = `{"record":{"entity":"thing","id":"1","version":1,"createdAt":"2026-02-28T09:30:00Z","createdBy":"u","updatedAt":"2026-02-28T09:30:00Z","updatedBy":"u","values":{"number":7}}}`
	oneEntry = `{"entry":{"position":1,"entity":"thing","record":"1","version":1,"action":"created","at":"2026-02-28T09:30:00Z","actor":{"id":"u"},"diffs":[{"path":"number","to":7}]}}`
	oneEnd   = `{"end":{"position":1,"lines":2,"counts":{"entry":1,"record":1}}}`
)

func TestAFileThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file []byte
		want string
	}{
		"nothing":              {nil, "it is no backup of xrm, or not the beginning of one: it ends in the middle"},
		"another file":         {[]byte("SQLite format 3\x00"), "it is no backup of xrm, or not the beginning of one: it is damaged behind line 0: invalid input: magic number mismatch"},
		"another packed file":  {pack(t, "{}\n"), "it is no backup of xrm, or not the beginning of one: line 1: it is not one thing"},
		"no header":            {packed(t, oneThing, oneEntry, oneEnd), "it is no backup of xrm: it does not begin like one"},
		"a later format":       {packed(t, strings.Replace(header, `"format":1,"version":"v1"`, `"format":3,"version":"v9.1"`, 1)), "it was made by a newer xrm, v9.1, in the format 3; this one reads up to 2: restore it with that version or a later one"},
		"no end":               {pack(t, header+"\n"+oneThing+"\n"), "it ends in the middle"},
		"half a line":          {pack(t, header+"\n"+oneThing[:20]), "it ends in the middle"},
		"no checksum":          {pack(t, strings.Join([]string{header, oneThing, oneEntry, oneEnd}, "\n")+"\n"), "it ends in the middle"},
		"another checksum":     {pack(t, strings.Join([]string{header, oneThing, oneEntry, oneEnd, `{"sha256":"00"}`}, "\n")+"\n"), "its checksum is another one: it was changed after it was made"},
		"a line is missing":    {packed(t, header, oneEntry, oneEnd), "it has 1 lines up to position 1, and should have 2 up to 1"},
		"an entry is missing":  {packed(t, header, oneThing, strings.Replace(oneEntry, `"position":1`, `"position":2`, 1), oneEnd), "line 3: the journal goes from 0 to 2"},
		"half a record":        {packed(t, header, strings.Replace(oneThing, `"version":1`, `"version":0`, 1), oneEnd), "line 2: it is half a record"},
		"a name of ours":       {packed(t, header, strings.Replace(oneThing, `"thing"`, `"xrm.keys"`, 1), oneEnd), "line 2: it is half a record"},
		"a fraction":           {packed(t, header, strings.Replace(oneThing, "7", "7.5", 1), oneEnd), "line 2: thing 1: 7.5 is no number of 64 bits"},
		"another type":         {packed(t, header, strings.Replace(oneThing, "7", `{"$where":"1"}`, 1), oneEnd), "line 2: thing 1: $where is no type of a value"},
		"two things":           {packed(t, header, `{"counter":{"name":"a","last":1},"timer":{"plugin":"p"}}`, oneEnd), "line 2: it is not one thing"},
		"what nobody knows":    {packed(t, header, `{"key":{"hash":"a"}}`, oneEnd), "line 2: it is not what xrm writes"},
		"two headers":          {packed(t, header, header, oneEnd), "line 2 is not where it belongs"},
		"something behind it":  {append(packed(t, header, oneThing, oneEntry, oneEnd), pack(t, "x")...), "there is something behind its end"},
		"a strange file":       {packed(t, header, `{"content":{"file":"../../admin.key","n":0,"data":"eA==","end":true}}`, oneEnd), "line 2: it is no part of a file"},
		"a delivery of nobody": {packed(t, header, `{"delivery":{"subscriber":"s","due":"2026-02-28T09:30:00Z"}}`, oneEnd), "line 2: it is half a delivery"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := backup.Verify(t.Context(), bytes.NewReader(tt.file), nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("Verify says %v\nwant %s", err, tt.want)
			}
		})
	}
	if _, err := backup.Verify(t.Context(), bytes.NewReader(packed(t, header, oneThing, oneEntry, oneEnd)), nil); err != nil {
		t.Errorf("the file of which these are parts: %v", err)
	}
}

func TestEveryByteOfABackupCounts(t *testing.T) {
	t.Parallel()
	db := kinds()["SQLite"](t)
	fill(t, db)
	file, _ := take(t, db)
	want, err := backup.Verify(t.Context(), bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	text := plain(t, file)
	for i := range file {
		broken := bytes.Clone(file)
		broken[i] ^= 1 << (i % 8)
		if got, err := backup.Verify(t.Context(), bytes.NewReader(broken), nil); err == nil && (plain(t, broken) != text || got.Position != want.Position) {
			t.Errorf("byte %d of %d is another one, and nobody notices", i, len(file))
		}
		if _, err := backup.Verify(t.Context(), bytes.NewReader(file[:i]), nil); err == nil {
			t.Errorf("with %d bytes of %d it is whole", i, len(file))
		}
	}
}

// FuzzVerify reads lines that were never written by anybody, with a checksum that is
// theirs.
func FuzzVerify(f *testing.F) {
	f.Add(header + "\n" + oneThing + "\n" + oneEntry + "\n" + oneEnd)
	f.Add(header + "\n" + `{"delivery":{"subscriber":"s","change":{"entity":"thing","record":"1","version":1},"due":"2026-02-28T09:30:00Z"}}`)
	f.Add(header + "\n" + `{"plugin":{"name":"p","generation":1,"is":{"force":{"description":"AAA="}}}}`)
	f.Add(header + "\n" + strings.Replace(oneThing, "7", `{"$decimal":"1.5"}`, 1))
	f.Fuzz(func(t *testing.T, lines string) {
		file := packed(t, lines)
		if _, err := backup.Verify(t.Context(), bytes.NewReader(file), nil); err != nil {
			return
		}
		// What is whole can be put: every item is one thing.
		err := backup.Restore(t.Context(), bytes.NewReader(file), looking{t}, nil, nil)
		if err != nil {
			t.Errorf("it is whole, and cannot be read: %v", err)
		}
	})
}

// looking is a target that only looks at what it gets.
type looking struct{ t *testing.T }

func (looking) Holdings(context.Context) (map[core.ItemKind]int64, error) { return nil, nil }

func (l looking) Restore(_ context.Context, _ *schema.Model, fill func(func(context.Context, []core.Item) error) error) error {
	return fill(func(_ context.Context, items []core.Item) error {
		for _, i := range items {
			if i.Kind() == "" || i.Kind() != items[0].Kind() {
				return errors.New("an item is nothing, or of another kind than those beside it")
			}
		}
		return nil
	})
}
