package contract

import (
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/mailing"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Mails are the templates of a plugin, with an error that has every mistake in them.
func Mails(d *pluginpb.DescribeResponse) (files []mailing.File, err error) {
	for _, f := range d.GetMails() {
		files = append(files, mailing.File{Path: f.GetPath(), Data: f.GetData()})
	}
	_, problems := mailing.Read(files)
	return files, problems.Err()
}

// maxKey is how long the key of a mail may be, in bytes.
const maxKey = 200

// MailText is what a plugin wants to send: made of one of its Mails, or in its own words.
func MailText(files []mailing.File, r *pluginpb.SendMailRequest) (mailing.Text, error) {
	words := mailing.Text{Language: r.GetLanguage(), Subject: r.GetSubject(), Body: r.GetText(), HTML: r.GetHtml()}
	name := r.GetTemplate()
	switch {
	case r.GetKey() == "":
		return words, invalid("A mail needs a key, so that it is not sent twice when its cause comes again: the id of the event, or that of the record that it is about.")
	case len(r.GetKey()) > maxKey:
		return words, invalid(fmt.Sprintf("The key of a mail may have %d bytes, and this one has %d.", maxKey, len(r.GetKey())))
	case len(r.GetTo())+len(r.GetCc())+len(r.GetBcc()) == 0:
		return words, invalid("A mail needs somebody who gets it.")
	case name == "":
		return words, nil
	case words.Subject != "" || words.Body != "" || words.HTML != "":
		return words, invalid("A mail is made of a template, or has words of its own; this one has both.")
	}
	templates, _ := mailing.Read(files) // without mistakes, or the plugin would not serve
	template := templates[name]
	if template == nil {
		meant := strictyaml.Suggest(name, slices.Sorted(maps.Keys(templates)))
		if meant == "" {
			meant = "."
		}
		return words, invalid(fmt.Sprintf("The plugin has no mail %q%s", name, meant))
	}
	values, err := pluginpb.Decode(r.GetValues())
	if err != nil {
		return words, err
	}
	text, err := template.Render(r.GetLanguage(), values)
	if err != nil {
		return text, &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf("The mail %s was not sent: %s.", name, err)}
	}
	return text, nil
}

// Unmailed refuses a mail of a plugin that may send none.
func Unmailed(plugin string) error {
	return &schema.Refusal{Code: schema.Forbidden, Message: fmt.Sprintf(
		"The plugin %[1]s may not send mails: nobody has granted that. Under needs its plugin.yaml has to have mail: true. Then approve it: xrm plugin approve %[1]s.", plugin)}
}
