package execution

import "time"

// Limits bound what one request may cost. A zero field means that of
// [DefaultLimits].
type Limits struct {
	DocumentBytes   int // length of the document's text
	Tokens          int // names, punctuators and values in the document
	Fields          int // fields and fragment spreads written in the document
	Aliases         int // aliases written in the document
	Depth           int // fields inside one another, introspection aside
	Cost            int // values of the answer as far as page sizes and arguments tell
	Values          int // values of the answer as they come, where nothing tells before
	CachedDocuments int // prepared documents that are kept

	EventTime time.Duration // to answer one event of a subscription
}

// DefaultLimits are enough for the documents of clients that people write, and
// too little for one that is made to do harm.
func DefaultLimits() Limits {
	return Limits{
		DocumentBytes:   100_000,
		Tokens:          10_000,
		Fields:          1_000,
		Aliases:         100,
		Depth:           15,
		Cost:            100_000,
		Values:          200_000,
		CachedDocuments: 512,
		EventTime:       30 * time.Second,
	}
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
	defaults := DefaultLimits()
	for _, d := range []struct{ limit, fallback *int }{
		{&l.DocumentBytes, &defaults.DocumentBytes},
		{&l.Tokens, &defaults.Tokens},
		{&l.Fields, &defaults.Fields},
		{&l.Aliases, &defaults.Aliases},
		{&l.Depth, &defaults.Depth},
		{&l.Cost, &defaults.Cost},
		{&l.Values, &defaults.Values},
		{&l.CachedDocuments, &defaults.CachedDocuments},
	} {
		if *d.limit <= 0 {
			*d.limit = *d.fallback
		}
	}
	if l.EventTime <= 0 {
		l.EventTime = defaults.EventTime
	}
	return l
}
