// Package mail sends the mails of a site through its mail server. Each is a record of
// the entity mail, written by the pipelines as every other one: so it has a history,
// rights, events and a place in the backup, and whoever may create one sends one.
//
// One instance at a time sends, see Sender. What was perhaps handed over is never sent
// again by itself: SMTP has no way to ask a server what has become of a mail whose
// acknowledgement was lost (RFC 5321, 4.2.5 and 6.1; RFC 1047).
package mail
