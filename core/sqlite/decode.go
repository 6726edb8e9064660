package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// decode reads what encode has written. Texts without escapes are parts of
// the input and keep it in memory.
func decode(document string) (any, error) {
	p := parser{in: document}
	value, err := p.value(nil)
	if err == nil && p.at != len(p.in) {
		err = p.fault()
	}
	return value, err
}

// decodeObject is decode for what must be an object.
func decodeObject(document string) (map[string]any, error) { return decodeSelected(document, nil) }

// decodeSelected is decodeObject for a part of it. Of a long document it keeps
// that part alone in memory.
func decodeSelected(document string, reads selection) (map[string]any, error) {
	p := parser{in: document, apart: reads != nil && len(document) > shortDocument}
	value, err := p.value(reads)
	if err == nil && p.at != len(p.in) {
		err = p.fault()
	}
	object, ok := value.(map[string]any)
	if err == nil && !ok {
		err = errors.New("it is no object")
	}
	return object, err
}

// parser reads JSON as encode writes it: without white space and fractions.
type parser struct {
	in    string
	at    int
	apart bool // texts are copies, and keep nothing of the input in memory
}

// shortDocument is how many bytes of a document may stay in memory for the sake
// of a text in it: a copy of each costs more.
const shortDocument = 4 << 10

func (p *parser) fault() error {
	return fmt.Errorf("it is not what xrm has written, from byte %d of %d on", min(p.at, len(p.in)), len(p.in))
}

// is says whether c comes next, and steps over it.
func (p *parser) is(c byte) bool {
	if p.at < len(p.in) && p.in[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) value(reads selection) (any, error) {
	if p.at == len(p.in) {
		return nil, p.fault()
	}
	switch p.in[p.at] {
	case '"':
		return p.text()
	case '{':
		return p.object(reads)
	case '[':
		return p.list(reads)
	}
	switch rest := p.in[p.at:]; {
	case strings.HasPrefix(rest, "true"):
		p.at += len("true")
		return true, nil
	case strings.HasPrefix(rest, "false"):
		p.at += len("false")
		return false, nil
	}
	return p.integer()
}

func (p *parser) integer() (any, error) {
	start := p.at
	for p.at < len(p.in) && (p.in[p.at] == '-' || p.in[p.at] >= '0' && p.in[p.at] <= '9') {
		p.at++
	}
	n, err := strconv.ParseInt(p.in[start:p.at], 10, 64)
	if err != nil {
		return nil, p.fault()
	}
	return n, nil
}

func (p *parser) text() (string, error) {
	start := p.at
	for p.at++; p.at < len(p.in); p.at++ {
		switch p.in[p.at] {
		case '"':
			p.at++
			text := p.in[start+1 : p.at-1]
			if p.apart {
				text = strings.Clone(text)
			}
			return text, nil
		case '\\':
			return p.escapedText(start)
		}
	}
	return "", p.fault()
}

func (p *parser) escapedText(start int) (string, error) {
	for p.at < len(p.in) && p.in[p.at] != '"' {
		if p.in[p.at] == '\\' {
			p.at++
		}
		p.at++
	}
	if !p.is('"') {
		return "", p.fault()
	}
	var s string
	if err := json.Unmarshal([]byte(p.in[start:p.at]), &s); err != nil {
		return "", p.fault()
	}
	return s, nil
}

func (p *parser) list(reads selection) (any, error) {
	list := []any{}
	p.at++
	if p.is(']') {
		return list, nil
	}
	for {
		item, err := p.value(reads)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
		switch {
		case p.is(']'):
			return list, nil
		case !p.is(','):
			return nil, p.fault()
		}
	}
}

func (p *parser) object(reads selection) (any, error) {
	object := map[string]any{}
	p.at++
	if p.is('}') {
		return object, nil
	}
	for {
		if p.at == len(p.in) || p.in[p.at] != '"' {
			return nil, p.fault()
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		if !p.is(':') {
			return nil, p.fault()
		}
		inner, read := reads.of(name)
		if !read {
			err = p.skip()
		} else {
			object[name], err = p.value(inner)
		}
		if err != nil {
			return nil, err
		}
		switch {
		case p.is('}'):
			return object, nil
		case !p.is(','):
			return nil, p.fault()
		}
	}
}
