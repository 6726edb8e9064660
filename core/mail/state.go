package mail

// The layer of the definitions, the entities, and the states of a mail that are not only for people.
const (
	layer       = "shipped"
	entity      = "mail"
	suppression = "suppression"
	received    = "receivedMail"

	queued     = "queued"
	sending    = "sending"
	sent       = "sent"
	failed     = "failed"
	unknown    = "unknown"
	suppressed = "suppressed"
)

// The states of a recipient that are not of the same name as those of a mail.
const (
	pending  = "pending"
	accepted = "accepted"
	refused  = "refused"
	bounced  = "bounced" // it came back, which is why its address is suppressed
)

// kindOwn is the kind of a mail of ours that came back.
const kindOwn = "own"
