package plugintest

import (
	"github.com/openxrm/xrm/sdk/contract"
)

// Text is what users who read a language ("de") see of what the plugin says in English: of
// the message of an error, or of what an operation says of itself. It is the English text
// where the plugin has no other one.
func (h *Host) Text(language, english string) string {
	h.t.Helper()
	texts, err := contract.Texts(h.description)
	if err != nil {
		h.t.Fatal(err)
	}
	return texts.Say(language, english, func(entity string, several bool) string {
		e := h.model.Entity(entity)
		switch {
		case e == nil:
			return ""
		case several:
			return e.Labels[language].Many
		}
		return e.Labels[language].One
	})
}
