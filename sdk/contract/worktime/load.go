package worktime

import (
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
)

// file is a calendar as it is written.
type file struct {
	Calendar name        `yaml:"calendar"`
	Zone     zone        `yaml:"zone"`
	Hours    hours       `yaml:"hours"`
	Holidays holidayList `yaml:"holidays"`
	Closed   days        `yaml:"closed"`
	Open     openDays    `yaml:"open"`
	Line     int
}

// Load reads the calendars of a site, one in each source. It returns every mistake
// of every file at once, as strictyaml.Problems.
func Load(sources []schema.Source) (*Calendars, error) {
	s := &Calendars{}
	files := map[string]string{}
	var problems strictyaml.Problems
	for _, source := range sources {
		var f file
		found := strictyaml.Decode(source.File, source.Data, &f)
		problem := func(format string, args ...any) {
			found = append(found, strictyaml.Problem{File: source.File, Line: max(f.Line, 1), Message: fmt.Sprintf(format, args...)})
		}
		read := len(found) == 0
		if read && f.Calendar == "" {
			problem("a file describes one calendar: start with calendar: NAME")
		}
		if read && f.Zone.location == nil {
			problem("a calendar has a time zone, such as zone: Europe/Berlin")
		}
		if read && len(f.Hours.given) == 0 {
			problem("a calendar has hours, such as hours: {mon-fri: [09:00-17:00]}")
		}
		if other := files[string(f.Calendar)]; other != "" {
			problem("the calendar %q is already defined in %s; choose another name", f.Calendar, other)
		}
		for d := range f.Open {
			if slices.Contains(f.Closed.dates, d) {
				problem("%s is both open and closed; take one of them away", d.date().Format(time.DateOnly))
			}
		}
		problems = append(problems, found...)
		files[string(f.Calendar)] = source.File
		s.all = append(s.all, f.calendar())
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

func (f file) calendar() *Calendar {
	return &Calendar{Name: string(f.Calendar), zone: f.Zone.location, week: f.Hours.week, closed: slices.Concat(f.Holidays, f.Closed.rules), open: f.Open}
}

type name string

// DecodeNode implements strictyaml.NodeDecoder.
func (n *name) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	if node.Kind != yaml.ScalarNode || node.Value == "" || len(node.Value) > 64 {
		d.Add(node, "a calendar has a name, such as service")
		return
	}
	*n = name(node.Value)
}

type zone struct{ location *time.Location }

// DecodeNode implements strictyaml.NodeDecoder.
func (z *zone) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	location, err := time.LoadLocation(node.Value)
	if err != nil || node.Value == "Local" || node.Value == "" {
		d.Add(node, "the time zone %q is not known; write it as in the IANA list, for example Europe/Berlin", node.Value)
		return
	}
	z.location = location
}
