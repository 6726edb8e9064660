package main

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/openxrm/xrm/sdk"
)

// playFiling puts files into records, and reads them.
func playFiling(s *stage) {
	upload := func(name, content string) sdk.File {
		f, err := s.UploadFile(s, name, strings.NewReader(content))
		if err == nil {
			s.ids = append(s.ids, f.ID)
		}
		s.say("upload "+name, f, err)
		return f
	}
	create := func(what string, values map[string]any) *sdk.Record {
		r, err := s.Create(s, &sdk.Record{Entity: "alike", Values: values})
		s.saved(what, r, err)
		return r
	}
	read := func(what, entity, id, file string) {
		f, err := s.OpenFile(s, entity, id, file)
		if err != nil {
			s.say(what, nil, err)
			return
		}
		content, err := io.ReadAll(f)
		s.say(what, f.Name+" "+string(content[:min(20, len(content))]), errors.Join(err, f.Close()))
	}
	hello, long, picture := upload(`C:\files\hello.txt`, "Hello"), upload("long.txt", strings.Repeat("a", 200_000)), upload("a.png", "\x89PNG\r\n\x1a\n")
	upload("../..", "nothing")
	upload("empty.txt", "")

	r := create("a file", map[string]any{"code": "filed-1", "paper": hello.ID, "papers": []any{map[string]any{"copy": long.ID}, map[string]any{"copy": map[string]any{"id": picture.ID, "name": "b.png"}}}})
	create("a file that is too large", map[string]any{"code": "filed-2", "paper": long.ID})
	create("a file of another type", map[string]any{"code": "filed-2", "paper": picture.ID})
	create("no such file", map[string]any{"code": "filed-2", "paper": "01909be0-0000-7000-8000-000000000000"})
	create("no id", map[string]any{"code": "filed-2", "paper": "hello.txt"})
	create("more than an id", map[string]any{"code": "filed-2", "paper": map[string]any{"id": hello.ID, "path": "/etc"}})

	read("read", "alike", r.ID, hello.ID)
	read("read an inner one", "alike", r.ID, long.ID)
	read("of another record", "alike", "nowhere", hello.ID)
	read("of an entity that is not there", "alik", r.ID, hello.ID)
	read("of one without files", "customer", r.ID, hello.ID)
	read("what it does not have", "alike", r.ID, "01909be0-0000-7000-8000-000000000000")

	got, err := s.Get(s, "alike", r.ID)
	s.say("what the record says", []any{got.File("paper"), got.File("papers"), got.File("none")}, err)
	s.update("a field beside it", r, map[string]any{"note": "x"}, 0)
	s.update("sent back as it was read", r, map[string]any{"paper": got.Values["paper"]}, 0)
	s.update("away with it", r, map[string]any{"paper": nil}, 0)
	read("what it had", "alike", r.ID, hello.ID)

	whole, err := s.OpenFile(s, "alike", r.ID, long.ID)
	if err == nil {
		var content []byte
		content, err = io.ReadAll(io.MultiReader(io.LimitReader(whole, 3), whole))
		s.say("all of it", bytes.Equal(content, bytes.Repeat([]byte("a"), 200_000)), err)
		err = whole.Close()
	}
	s.say("closed", nil, err)
}
