package contract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// ReadEvent returns the topic of what a plugin publishes, or refuses it.
func ReadEvent(plugin string, r *pluginpb.PublishRequest) (topic string, err error) {
	switch name := r.GetName(); {
	case naming.IsAction(name):
		return "", invalid(fmt.Sprintf("%q cannot be the name of an event: it is what happens to records. Use another, such as escalated.", name))
	case !isEventName(name):
		return "", invalid(fmt.Sprintf("%q cannot be the name of an event; use letters and digits, such as escalated.", name))
	case len(r.GetPayload()) > 0 && !json.Valid(r.GetPayload()):
		return "", invalid(fmt.Sprintf("The payload of %s is no JSON.", name))
	}
	topic = plugin + "." + r.GetName()
	return topic, kept.CheckEvent(topic, r.GetKey(), r.GetPayload())
}

func isEventName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0
}

// ReadTimer returns when a timer is due that a plugin sets, which handles those
// that are known, or refuses it.
func ReadTimer(plugin string, known []string, r *pluginpb.ScheduleRequest) (due time.Time, err error) {
	if !slices.Contains(known, r.GetName()) {
		meant := strictyaml.Suggest(r.GetName(), known)
		if meant == "" {
			meant = "."
		}
		return due, invalid(fmt.Sprintf("The plugin %s handles no timer %q%s", plugin, r.GetName(), meant))
	}
	if due, err = time.Parse(time.RFC3339Nano, r.GetDueAt()); err != nil {
		return due, invalid(fmt.Sprintf("%q is no time such as 2026-01-02T15:04:05Z.", r.GetDueAt()))
	}
	return due, kept.Check(kept.TimerKey(r.GetName(), r.GetKey()), r.GetPayload())
}
