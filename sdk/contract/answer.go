package contract

import (
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Told is the message with which a plugin refuses something. what completes one that
// it has left out: "The complaint was not saved".
func Told(refused *pluginpb.Error, what string) string {
	switch {
	case refused.GetMessage() != "":
		return refused.GetMessage()
	case refused.GetCode() == string(schema.Invalid):
		return what + ": some fields need attention."
	}
	return what + "."
}

// NotCarriedOut is what is told of a query or mutation, for Told like those below.
func NotCarriedOut(operation string) string { return operation + " was not carried out" }

// NotGoneOn is what is told of a subscription.
func NotGoneOn(operation string) string { return operation + " has ended" }

// NotComputed is what is told of a field: "customer.mood".
func NotComputed(field string) string { return field + " could not be computed" }

// NotSaved is what is told of a rule.
func NotSaved(view *schema.Entity) string { return "The " + view.Name + " was not saved" }

// NotDeleted is what is told of a rule about deletions.
func NotDeleted(view *schema.Entity) string { return "The " + view.Name + " was not deleted" }
