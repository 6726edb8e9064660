package mail

// The layer of the definitions, the entities, and the states of a mail that are not only for people.
const (
	layer       = "shipped"
	entity      = "mail"
	suppression = "suppression"

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
)
