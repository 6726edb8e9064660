package conformance

import (
	"context"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func eventChecks() []check {
	try := func(kind string) func(context.Context, *bench) error {
		return func(ctx context.Context, b *bench) error { return b.try(ctx, kind) }
	}
	return []check{
		{
			name: "events are received", expected: "one receipt for each event, in order: ACK, or RETRY or DEAD with a reason",
			remedy: "give every event a receipt",
			run:    try("event"),
		},
		{
			name: "an event that comes twice", expected: "after the second time the records are the same as after the first",
			remedy: "write with Save's by or guard, under a value made of the event's id; events come at least once",
			run:    eventsComeTwice,
		},
		{
			name: "an event of another topic", expected: "a receipt",
			remedy: "acknowledge what you do not subscribe to: an earlier version of the plugin may have",
			run:    otherEvents,
		},
		{
			name: "timers answer", expected: "FireTimer answers, with or without an error in band",
			remedy: "what fails belongs into the answer, as Error",
			run:    try("timer"),
		},
		{
			name: "jobs run", expected: "RunJob ends by itself, or goes on until it is canceled; a failure is the Error of the last report",
			remedy: "end the stream with the job, and look at its context while it runs",
			run:    try("job"),
		},
		{
			name: "services go on", expected: "a service goes on until it is canceled",
			remedy: "wait for the end of its context, and try again what has failed before you return with an error",
			run:    servicesGoOn,
		},
		{
			name: "records migrate", expected: "Migrate answers for each record, also for one without values, and the same when it is asked again",
			remedy: "look at nothing but the record, and refuse one that cannot be migrated with an error",
			run:    recordsMigrate,
		},
		{
			name: "endpoints answer", expected: "the head with a status from 200 to 599 first, then the body, then the end of the stream",
			remedy: "send the head before the first part of the body",
			run:    try("endpoint"),
		},
		{
			name: "pages are handed out", expected: "the index.html of each page, and 404 for what is no file of it",
			remedy: "answer GET /.pages/NAME/PATH with the file of the folder, and with nothing outside of it",
			run:    pagesAreHandedOut,
		},
		{
			name: "hands out what it keeps", expected: "Export answers with JSON, or with nothing, also about a party that it does not know",
			remedy: "answer what you do not know with an empty message",
			run:    try("export"),
		},
	}
}

const noEvents inapplicable = "the plugin has no event"

func eventsComeTwice(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if len(d.GetSubscriptions()) == 0 {
		return noEvents
	}
	var wrong []error
	looked := 0
	for _, topic := range d.GetSubscriptions() {
		again, err := b.deliverTwice(ctx, l, topic)
		if err != nil {
			wrong = append(wrong, err)
		}
		if again {
			looked++
		}
	}
	if looked == 0 {
		return inapplicable("the plugin acknowledged none of the events that were made up")
	}
	return errors.Join(wrong...)
}

// deliverTwice says whether the plugin took the event at first, and what is
// wrong with the second time.
func (b *bench) deliverTwice(ctx context.Context, l *link, topic string) (bool, error) {
	id, end := b.host.begin(ctx)
	defer end()
	event := b.sampleEvents(topic, 1)
	event[0].Id += "-twice"
	receipt, err := deliver(ctx, l.plugin, id, event)
	if err != nil || receipt.GetOutcome() != pluginpb.Receipt_ACK {
		return false, err
	}
	before := b.host.snapshot()
	event[0].Attempt = 2
	if _, err := deliver(ctx, l.plugin, id, event); err != nil {
		return true, err
	}
	if b.host.snapshot() != before {
		return true, fmt.Errorf("the second %s changed records again", topic)
	}
	return true, nil
}

func otherEvents(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	if len(d.GetSubscriptions()) == 0 {
		return noEvents
	}
	id, end := b.host.begin(ctx)
	defer end()
	_, err = deliver(ctx, l.plugin, id, b.sampleEvents("noSuchPlugin.happened", 1))
	return err
}
