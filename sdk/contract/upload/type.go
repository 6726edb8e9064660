package upload

import (
	"bytes"

	"github.com/gabriel-vasile/mimetype"
)

// Beginning keeps the first bytes of what is written to it: as many as are looked at to
// see what it is.
type Beginning struct{ bytes.Buffer }

// most is how many these are.
const most = 3072

// Write implements io.Writer. It takes all.
func (b *Beginning) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), most-b.Len())])
	return len(p), nil
}

// MediaType is what the content is, with a charset for a text: "text/plain; charset=utf-8".
func (b *Beginning) MediaType() string { return mimetype.Detect(b.Bytes()).String() }
