package schema

import "golang.org/x/text/language"

type languageType struct{ plain }

func (languageType) Name() string { return "language" }
func (languageType) Doc() string  { return "A language (BCP 47), such as de or pt-BR." }

func (languageType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	s, _ := raw.(string)
	tag, err := language.Parse(s)
	if err != nil || s == "" || tag == language.Und {
		return nil, mustBe("a language such as de or pt-BR", raw)
	}
	return tag.String(), nil
}
