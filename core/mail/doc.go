// Package mail sends the mails of a site through its mail server, and takes in those that
// come into its mailbox. Each is a record of the entity mail or receivedMail, written by the
// pipelines as every other one: so it has a history, rights, events and a place in the
// backup, and whoever may create a mail sends one.
//
// One instance at a time sends, and one takes in: see Sender and Receiver. What was perhaps
// handed over is never sent again by itself: SMTP has no way to ask a server what has become
// of a mail whose acknowledgement was lost (RFC 5321, 4.2.5 and 6.1; RFC 1047).
package mail
