package sqlite

import "strings"

// selection is what is read of an object: by name, and of each name all (nil)
// or again a selection. Of a list it holds for every item. The selection nil is
// of everything.
type selection map[string]selection

// newSelection selects storage paths, none of which lies within another; nil
// selects everything.
func newSelection(paths []string) selection {
	if paths == nil {
		return nil
	}
	all := selection{}
	for _, path := range paths {
		within := all
		for {
			name, rest, more := strings.Cut(path, ".")
			if !more {
				within[name] = nil
				break
			}
			if within[name] == nil {
				within[name] = selection{}
			}
			within, path = within[name], rest
		}
	}
	return all
}

// of is the selection within a name, and whether the name is selected at all.
func (s selection) of(name string) (within selection, selected bool) {
	if s == nil {
		return nil, true
	}
	within, selected = s[name]
	return within, selected
}

// skip steps over a value.
func (p *parser) skip() error {
	for depth := 0; ; {
		if p.at == len(p.in) {
			return p.fault()
		}
		switch p.in[p.at] {
		case '"':
			if !p.skipText() {
				return p.fault()
			}
		case '{', '[':
			depth++
			p.at++
			continue
		case '}', ']':
			depth--
			p.at++
		case ',', ':':
			p.at++
			continue
		default:
			for p.at < len(p.in) && strings.IndexByte(`,:{}[]"`, p.in[p.at]) < 0 {
				p.at++
			}
		}
		if depth <= 0 {
			return nil
		}
	}
}

// skipText steps over a text and says whether it ended.
func (p *parser) skipText() bool {
	for p.at++; ; {
		end := strings.IndexByte(p.in[p.at:], '"')
		if end < 0 {
			return false
		}
		escapes := 0
		for i := p.at + end - 1; i >= p.at && p.in[i] == '\\'; i-- {
			escapes++
		}
		p.at += end + 1
		if escapes%2 == 0 {
			return true
		}
	}
}
