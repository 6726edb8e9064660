package schema_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
)

// What is plain is folded in a shorter way, to the same.
func TestAPlainTextFoldsAsItDoesBesideALetterWithAnAccent(t *testing.T) {
	for c := range 128 {
		text := "Tea " + string(rune(c)) + "Z"
		if got, want := schema.Fold(text)+"e", schema.Fold(text+"é"); got != want {
			t.Errorf("Fold(%q) = %q; want %q", text, got, want)
		}
		if got, want := strings.Join(schema.Words(text+" x"), " "), strings.Join(schema.Words(text+" ẍ"), " "); got != want {
			t.Errorf("Words(%q) = %q; want %q", text, got, want)
		}
	}
}
