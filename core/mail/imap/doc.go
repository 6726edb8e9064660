// Package imap reads a mailbox over IMAP (RFC 3501, 9051): what lies in it, and what comes,
// as it comes. It opens the mailbox to read alone, so nothing in it is ever changed: no
// mail is marked, moved or deleted.
package imap
