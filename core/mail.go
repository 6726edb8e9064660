package core

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
