package contract

// Features are what a host and a plugin may agree upon beyond the first release
// of the protocol. A name, once given, keeps its meaning for ever.
func Features() []string {
	return []string{"broadcasts", "config", "deletes", "events", "http", "jobs", "mails", "migrations", "pages", "parties", "services", "subscriptions", "timers"}
}
