package record_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// becomes changes what becomes of parts when their owner is deleted.
func (l *land) becomes(rule string) {
	l.Helper()
	var sources []schema.Source
	for i, text := range referringEntities {
		text = strings.Replace(text, "owner: {type: reference, to: owner, required: true, onDelete: cascade}", "owner: {type: reference, to: owner, onDelete: "+rule+"}", 1)
		sources = append(sources, schema.Source{Layer: "site", File: string(rune('a'+i)) + ".yaml", Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		l.Fatal(err)
	}
	if err := l.store.Prepare(l.Context(), m); err != nil {
		l.Fatal(err)
	}
	l.model, l.on.Model = m, m
}

// dying makes a write in a process that is killed before a step, and leaves its timer.
func (l *land) dying(entity string, d record.Draft, at string) {
	l.Helper()
	killed := false
	_ = l.by(l.instance(func(step string) error {
		if killed = killed || step == at; killed {
			return errKilled
		}
		return nil
	}), admin, entity, d)
	if !killed {
		l.Errorf("the process did not come to %q", at)
	}
}

// leaving makes a write in a process that is killed when all is done but for its timer.
func (l *land) leaving(entity string, d record.Draft) {
	l.Helper()
	if err := l.by(l.instance(func(step string) error {
		if step == "cancel" {
			return errKilled
		}
		return nil
	}), admin, entity, d); err != nil {
		l.Fatalf("%s %s: %v", d.Action, entity, err)
	}
}

// A timer fires a minute after what it is for. Until then the record may have been
// restored or deleted again, and the model may say something else.
func TestATimerThatComesLateChangesNothing(t *testing.T) {
	tests := map[string]struct {
		before      func(l *land, owner, part string)
		owner, part bool // which of them is to live
	}{
		"deleted, kept, and then a cascade": {before: func(l *land, owner, _ string) {
			l.becomes("keep")
			l.leaving("owner", deletion(owner))
			l.becomes("cascade")
		}, part: true},
		"taken, left where it was, and then a cascade": {before: func(l *land, owner, _ string) {
			l.becomes("cascade")
			l.leaving("owner", deletion(owner))
			l.becomes("keep")
			l.leaving("owner", restoration(owner))
			l.becomes("cascade")
		}, owner: true},
		"taken, restored and deleted by another rule, and then a cascade": {before: func(l *land, owner, _ string) {
			l.becomes("cascade")
			l.leaving("owner", deletion(owner))
			l.leaving("owner", restoration(owner))
			l.becomes("keep")
			l.leaving("owner", deletion(owner))
			l.becomes("cascade")
		}, part: true},
		"taken by half, and then kept": {before: func(l *land, owner, _ string) {
			l.becomes("cascade")
			l.dying("owner", deletion(owner), "commit deleted owner")
			l.becomes("keep")
		}},
		"taken by half, undone by a change, restored and deleted by another rule": {before: func(l *land, owner, part string) {
			l.becomes("cascade")
			l.dying("owner", deletion(owner), "commit deleted owner")
			l.must("part", restoration(part))
			l.must("owner", changing(owner, map[string]any{"name": "other"}))
			l.becomes("keep")
			l.leaving("owner", deletion(owner))
		}, part: true},
		"a restoration that never was, and then a cascade": {before: func(l *land, owner, part string) {
			l.becomes("cascade")
			l.leaving("owner", deletion(owner))
			l.dying("owner", restoration(owner), "commit restored owner")
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
				l := open(t)
				owner := l.create("owner", nil)
				part := l.create("part", map[string]any{"owner": owner})
				tt.before(l, owner, part)
				l.fire()
				if lives := !l.get("owner", owner).Deleted(); lives != tt.owner {
					t.Errorf("the owner lives: %v; want %v", lives, tt.owner)
				}
				if lives := !l.get("part", part).Deleted(); lives != tt.part {
					t.Errorf("the part lives: %v; want %v", lives, tt.part)
				}
			})
		})
	}
}
