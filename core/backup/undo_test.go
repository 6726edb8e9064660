package backup

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
)

func TestChangesAreUndoneToAVersion(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	to := core.Entry{Version: 2, At: at, Actor: core.Actor{ID: "u2"}}
	now := func() *core.Record {
		return &core.Record{
			Entity: "thing", ID: "1", Version: 4, CreatedBy: "u1", UpdatedAt: at.Add(time.Hour), UpdatedBy: "u4", DeletedAt: at.Add(time.Hour),
			Values: map[string]any{"name": "c", "inner": map[string]any{"flag": true}},
		}
	}
	renamed := core.Entry{Version: 3, Action: core.Updated, Diffs: []core.Diff{{Path: "gone", From: []any{"x"}}, {Path: "inner.flag", To: true}, {Path: "name", From: "a", To: "c"}}}
	deleted := core.Entry{Version: 4, Action: core.Deleted}
	tests := map[string]struct {
		entries []core.Entry
		want    *core.Record
		wantErr string
	}{
		"a change and a deletion": {
			entries: []core.Entry{deleted, renamed, renamed},
			want:    &core.Record{Entity: "thing", ID: "1", Version: 2, CreatedBy: "u1", UpdatedAt: at, UpdatedBy: "u2", Values: map[string]any{"name": "a", "gone": []any{"x"}}},
		},
		"an entry that is missing": {entries: []core.Entry{deleted}, wantErr: "the journal has no entry of thing 1, version 3"},
		"an erasure":               {entries: []core.Entry{deleted, {Version: 3, Action: core.Erased}}, wantErr: errErased.Error()},
		"a later erasure":          {entries: []core.Entry{deleted, renamed, {Version: 5, Action: core.Erased}}, wantErr: errErased.Error()},
		"a restoration":            {entries: []core.Entry{deleted, {Version: 3, Action: core.Restored}}, wantErr: errErased.Error()},
		"a restoration of what was deleted meanwhile": {
			entries: []core.Entry{{Version: 3, Action: core.Deleted, At: at.Add(time.Minute)}, {Version: 4, Action: core.Restored}},
			want: &core.Record{Entity: "thing", ID: "1", Version: 2, CreatedBy: "u1", UpdatedAt: at, UpdatedBy: "u2",
				Values: map[string]any{"name": "c", "inner": map[string]any{"flag": true}}},
		},
		"a restoration of what was changed while it was deleted": {entries: []core.Entry{{Version: 3, Action: core.Updated}, {Version: 4, Action: core.Restored}}, wantErr: errErased.Error()},
		"a forgotten history": {entries: []core.Entry{deleted, {Version: 3, Action: core.Updated, Diffs: []core.Diff{{Path: "name"}}}}, wantErr: errErased.Error()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			record := now()
			got, err := undo(record, tt.entries, to)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("undo (-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.wantErr == "") || err != nil && err.Error() != tt.wantErr {
				t.Errorf("undo says %v; want %s", err, tt.wantErr)
			}
			if diff := cmp.Diff(now(), record); diff != "" {
				t.Errorf("the record itself is another one:\n%s", diff)
			}
		})
	}
}

func TestARestorationIsUndoneToTheDeletionBeforeIt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	deleted := core.Entry{Version: 2, Action: core.Deleted, At: at, Actor: core.Actor{ID: "u2"}}
	now := &core.Record{Entity: "thing", ID: "1", Version: 3, Values: map[string]any{"name": "c"}}
	got, err := undo(now, []core.Entry{{Version: 3, Action: core.Restored}}, deleted)
	want := &core.Record{Entity: "thing", ID: "1", Version: 2, UpdatedAt: at, UpdatedBy: "u2", DeletedAt: at, Values: map[string]any{"name": "c"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("undo says %v, and (-want +got):\n%s", err, diff)
	}
}

func TestATimerThatFiredMeanwhileFiresAgain(t *testing.T) {
	t.Parallel()
	timer := func(key string, rev int64) core.Item {
		return core.Item{Timer: &core.Timer{Plugin: "p", Key: key, Rev: rev}}
	}
	job := func(outcome core.Outcome) core.Item {
		return core.Item{JobRun: &core.JobRun{Plugin: "p", Job: "j", Outcome: outcome}}
	}
	before := beside{items: []core.Item{job(core.Running), timer("fired", 1), timer("kept", 1)}, sum: [32]byte{1}}
	after := beside{items: []core.Item{job(core.Succeeded), timer("kept", 2), timer("new", 1)}, sum: [32]byte{2}}
	want := []core.Item{timer("kept", 2), timer("new", 1), job(core.Running), timer("fired", 1)}
	if diff := cmp.Diff(want, before.with(after)); diff != "" {
		t.Errorf("between the looks there was (-want +got):\n%s", diff)
	}
}

// A mail that came in between may have no record in the copy.
func TestAMailThatCameMeanwhileIsTakenInAgain(t *testing.T) {
	t.Parallel()
	state := func(owner, value string) core.Item {
		return core.Item{State: &core.State{Plugin: owner, Key: "place", Value: []byte(value)}}
	}
	before := beside{items: []core.Item{state(core.MailboxOwner, "1"), state("p", "1")}, sum: [32]byte{1}}
	after := beside{items: []core.Item{state(core.MailboxOwner, "2"), state("p", "2")}, sum: [32]byte{2}}
	want := []core.Item{state("p", "2"), state(core.MailboxOwner, "1")}
	if diff := cmp.Diff(want, before.with(after)); diff != "" {
		t.Errorf("between the looks there was (-want +got):\n%s", diff)
	}
}

// hot is a source in which a record is erased right after the position at first.
type hot struct {
	journal []core.Entry
	pending []core.Entry
	record  core.Record
}

func (h *hot) Items(context.Context, core.ItemKind, func(core.Item) error) error { return nil }

func (h *hot) Pending(context.Context, int) iter.Seq2[[]core.Entry, error] { return nil }

func (h *hot) EntriesAfter(_ context.Context, position int64, limit int) ([]core.Entry, int64, error) {
	last := int64(len(h.journal))
	if limit == 0 || position >= last {
		return nil, last, nil
	}
	return h.journal[position:min(last, position+int64(limit))], last, nil
}

func (h *hot) EndBatches(context.Context) error { return nil }

func (h *hot) Latest(context.Context, string, []string) ([]core.Latest, error) {
	if len(h.journal) == 1 && len(h.pending) == 0 { // just now
		h.record.Version, h.record.Values = 2, map[string]any{}
		h.pending = []core.Entry{{Entity: "party", RecordID: "1", Version: 2, Action: core.Erased, Diffs: []core.Diff{{Path: "name"}}}}
	}
	return []core.Latest{{Record: h.record.Clone(), Pending: h.pending}}, nil
}

func (h *hot) drain(context.Context) error {
	for _, e := range h.pending {
		e.Position = int64(len(h.journal) + 1)
		h.journal = append(h.journal, e)
	}
	h.pending = nil
	return nil
}

func TestWhoIsErasedMeanwhileIsErasedInTheBackup(t *testing.T) {
	t.Parallel()
	h := &hot{record: core.Record{Entity: "party", ID: "1", Version: 1, Values: map[string]any{"name": "Ada"}}}
	h.pending = []core.Entry{{Entity: "party", RecordID: "1", Version: 1, Action: core.Created, Diffs: []core.Diff{{Path: "name", To: "Ada"}}}}
	rest, position, err := newLive(h, h.drain, nil).settle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []core.Item{{Record: &core.Record{Entity: "party", ID: "1", Version: 2, Values: map[string]any{}}}}
	if diff := cmp.Diff(want, rest); diff != "" || position != 2 {
		t.Errorf("the position is %d, want 2, and (-want +got):\n%s", position, diff)
	}
}
