package core

// MailboxOwner is under whose name a store keeps how far the mailbox of the site was read,
// beside the state of plugins. It is no name that a plugin can have. What is kept there is
// never ahead of the records: what lies beyond it is read again, and known by its key.
const MailboxOwner = OwnPrefix + "inbox"

// Mail is a mail that a plugin has sent.
type Mail struct {
	Plugin string
	Key    string // of all with this key of the plugin one is sent; "" for no key

	To, Cc, Bcc []string // each as RFC 5322 has it: "ada@example.org", "Ada <ada@example.org>"
	Party       string   // the id of whom it is about; "" for nobody
	Subject     string
	Text        string
	HTML        string // "" for none
	Language    string // BCP 47; "" where nobody knows
	Template    string // that it was made of; "" for none
	ReplyTo     string // "" for the sender's address
	InReplyTo   string // Message-ID of the mail that it answers; "" for none
	ByHand      bool   // a person has written it
}
