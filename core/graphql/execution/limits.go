package execution

import "time"

// Limits bound what one request may cost. A zero field means the default that
// is named beside it.
type Limits struct {
	DocumentBytes   int // length of the document's text: 100,000
	Tokens          int // names, punctuators and values in the document: 10,000
	Fields          int // fields and fragment spreads written in the document: 1,000
	Aliases         int // aliases written in the document: 100
	Depth           int // fields inside one another, introspection aside: 15
	Cost            int // fields of the answer as far as the page sizes tell: 100,000
	CachedDocuments int // prepared documents that are kept: 512

	EventTime time.Duration // to answer one event of a subscription: 30 seconds
}

const (
	// maxCachedBytes keeps the cache small whatever clients send: a longer
	// document is prepared anew each time.
	maxCachedBytes = 16_000
	// maxIntrospections is how often one document may start at __schema or
	// __type; tools need one.
	maxIntrospections = 10
	// maxValidationErrors ends a validation that would otherwise answer a
	// document of nonsense with one sentence per word.
	maxValidationErrors = 50
)

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		limit *int
		value int
	}{
		{&l.DocumentBytes, 100_000},
		{&l.Tokens, 10_000},
		{&l.Fields, 1_000},
		{&l.Aliases, 100},
		{&l.Depth, 15},
		{&l.Cost, 100_000},
		{&l.CachedDocuments, 512},
	} {
		if *d.limit <= 0 {
			*d.limit = d.value
		}
	}
	if l.EventTime <= 0 {
		l.EventTime = 30 * time.Second
	}
	return l
}
