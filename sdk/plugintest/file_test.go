package plugintest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func archive() sdk.Plugin {
	type letter struct {
		Text string `json:"text"`
	}
	return sdk.Plugin{
		Name: "archive", Version: "1.0.0", PartyData: sdk.OnlyRecords(),
		Entities: fstest.MapFS{"entities/letter.yaml": {Data: []byte("entity: letter\nfields:\n  paper: {type: file}\n")}},
		Operations: []sdk.Operation{
			sdk.Mutation("write", func(ctx context.Context, host sdk.Host, in letter) (*sdk.Record, error) {
				paper, err := host.UploadFile(ctx, "letter.txt", strings.NewReader(in.Text))
				if err != nil {
					return nil, err
				}
				return host.Create(ctx, &sdk.Record{Entity: "letter", Values: map[string]any{"paper": paper.ID}})
			}).Returns("letter"),
			sdk.Query("read", func(ctx context.Context, host sdk.Host, in struct {
				ID sdk.ID `json:"id"`
			}) (string, error) {
				r, err := host.Get(ctx, "letter", string(in.ID))
				if err != nil {
					return "", err
				}
				f, err := host.OpenFile(ctx, "letter", r.ID, r.File("paper").ID)
				if err != nil {
					return "", err
				}
				defer f.Close()
				content, err := io.ReadAll(f)
				return f.Name + ": " + string(content), err
			}),
			sdk.Mutation("break", func(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) {
				cut := errors.New("the scanner has no paper")
				_, err := host.UploadFile(ctx, "scan.pdf", io.MultiReader(strings.NewReader("%PDF-1.7"), iotest.ErrReader(cut)))
				return errors.Is(err, cut), nil
			}),
		},
	}
}

func TestFilesGoIntoRecordsAndComeBack(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, archive())
	long := strings.Repeat("Dear Ada. ", 50_000)
	made, err := h.Call("write", map[string]any{"text": long})
	if err != nil {
		t.Fatal(err)
	}
	letter := h.Get("letter", made.(string))
	if content := h.Content(letter.File("paper").ID); string(content) != long {
		t.Errorf("there are %d bytes, want %d", len(content), len(long))
	}
	if got, err := h.Call("read", map[string]any{"id": letter.ID}); err != nil || got != "letter.txt: "+long {
		t.Errorf("it reads %.40v..., %v", got, err)
	}
}

func TestAnUploadIsItsUsersAndNobodyElses(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, archive())
	mine := h.Upload("mine.txt", []byte("mine"))
	h.As(sdk.User{ID: "ben", Name: "Ben", Roles: []string{"admin"}})
	_, err := h.Save(&sdk.Record{Entity: "letter", Values: map[string]any{"paper": mine.ID}})
	if err == nil || !strings.Contains(err.Error(), "must be an upload of your own") {
		t.Errorf("somebody else takes it: %v", err)
	}
	h.As(sdk.User{ID: "tester", Name: "Tester", Roles: []string{"admin"}})
	if _, err := h.Save(&sdk.Record{Entity: "letter", Values: map[string]any{"paper": mine.ID}}); err != nil {
		t.Error(err)
	}
}

func TestAnUploadThatBreaksOffIsTheErrorOfItsReader(t *testing.T) {
	t.Parallel()
	h := plugintest.Start(t, archive())
	if told, err := h.Call("break", nil); err != nil || told != true {
		t.Errorf("it answers %v, %v", told, err)
	}
}
