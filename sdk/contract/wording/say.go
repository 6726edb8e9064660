package wording

import "strings"

// depth bounds how far texts lie in each other, and longest is more than a message has.
const (
	depth   = 3
	longest = 4 << 10
)

// Say returns an English text in the language of the texts, and says whether it has it.
// Without, it returns the English one.
func (t *Texts) Say(english string, called Names) (said string, has bool) {
	if t == nil || len(english) > longest {
		return english, false
	}
	return t.say(english, called, 0)
}

func (t *Texts) say(english string, called Names, at int) (string, bool) {
	if said, has := t.whole[english]; has {
		return said, true
	}
	for _, p := range t.patterns {
		found := p.english.FindStringSubmatch(english)
		if found == nil {
			continue
		}
		if said, fits := t.fill(p, found[1:], called, at); fits {
			return said, true
		}
	}
	return t.sentences(english, called, at)
}

// fill fills the holes of what is said. A text inside has to be one that is known too, or
// half of what is read would be in another language.
func (t *Texts) fill(p pattern, contents []string, called Names, at int) (string, bool) {
	said := make([]string, 0, 2*len(contents))
	for i, name := range p.holes {
		content := contents[i]
		switch {
		case strings.HasPrefix(name, textHole):
			if at == depth {
				return "", false
			}
			inner, has := t.say(content, called, at+1)
			if !has {
				return "", false
			}
			content = inner
		case called != nil && (name == entityHole || name == entitiesHole):
			if label := called(content, name == entitiesHole); label != "" {
				content = label
			}
		}
		said = append(said, "{"+name+"}", content)
	}
	return strings.NewReplacer(said...).Replace(p.said), true
}

// sentences says several sentences that come one after the other, if it has all of them.
func (t *Texts) sentences(english string, called Names, at int) (string, bool) {
	first, rest, several := strings.Cut(english, ". ")
	if !several || at == depth {
		return english, false
	}
	first, has := t.say(first+".", called, at+1)
	if !has {
		return english, false
	}
	rest, has = t.say(rest, called, at+1)
	if !has {
		return english, false
	}
	return first + " " + rest, true
}
