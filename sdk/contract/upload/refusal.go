package upload

import "github.com/openxrm/xrm/schema"

// NoName refuses an upload of which nothing is left of the name.
func NoName() error {
	return &schema.Refusal{Code: schema.Invalid, Message: "Nothing was uploaded: the file needs a name, such as contract.pdf; over HTTP, POST /files?name=contract.pdf."}
}

// NotThere is the answer for a file that no such record has, or not for whoever asks.
func NotThere() error {
	return &schema.Refusal{Code: schema.NotFound, Message: "There is no such file, or you may not read it."}
}
