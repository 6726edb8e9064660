package mail

import (
	"cmp"

	"github.com/openxrm/xrm/core"
)

// read takes a mail out of its record.
func read(r *core.Record) letter {
	text := func(path string) string { s, _ := r.Values[path].(string); return s }
	l := letter{
		id: r.ID, version: r.Version, subject: text("subject"), text: text("text"), html: text("html"), language: text("language"),
		replyTo: text("replyTo"), inReplyTo: text("inReplyTo"),
	}
	l.automatic, _ = r.Values["automatic"].(bool)
	l.attempts, _ = r.Values["attempts"].(int64)
	list, _ := r.Values["recipients"].([]any)
	for _, item := range list {
		values, _ := item.(map[string]any)
		text := func(name string) string { s, _ := values[name].(string); return s }
		l.recipients = append(l.recipients, recipient{
			address: text("address"), name: text("name"), reply: text("reply"),
			kind: cmp.Or(text("kind"), "to"), state: cmp.Or(text("state"), pending),
		})
	}
	return l
}

// stored are the recipients as a record has them.
func (l letter) stored() []any {
	list := make([]any, len(l.recipients))
	for i, r := range l.recipients {
		values := map[string]any{"address": r.address, "kind": r.kind, "state": r.state}
		if r.name != "" {
			values["name"] = r.name
		}
		if r.reply != "" {
			values["reply"] = r.reply
		}
		list[i] = values
	}
	return list
}
