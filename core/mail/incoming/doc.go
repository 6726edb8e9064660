// Package incoming reads mails as they come: from anybody, by any program, broken or meant
// to break something. It says what a mail says and what kind it is (RFC 5322, 2045, 3464,
// 3834), and always says something. It knows no mailbox and no records, and proves nothing
// of what a mail says.
package incoming
