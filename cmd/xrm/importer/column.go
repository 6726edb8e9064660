package importer

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

func (b *binder) columnsOf(names []string) ([]int, error) {
	var columns []int
	for _, name := range names {
		column, err := b.column(name)
		if err != nil {
			return nil, err
		}
		columns = append(columns, column)
	}
	return columns, nil
}

var numberedColumn = regexp.MustCompile(`^(.+)#([1-9][0-9]{0,2})$`)

// column finds a column by its header. Of several with the same header the
// map says which one: tag#2 is the second.
func (b *binder) column(name string) (int, error) {
	at := allIndexes(b.header, name)
	if form := numberedColumn.FindStringSubmatch(name); at == nil && form != nil {
		at = allIndexes(b.header, form[1])
		n, _ := strconv.Atoi(form[2])
		if len(at) > 0 && n > len(at) {
			return 0, fmt.Errorf("%d of the file's columns are called %q, so that there is no %s", len(at), form[1], name)
		}
		if len(at) > 0 {
			at = at[n-1 : n]
		}
	}
	switch len(at) {
	case 0:
		return 0, fmt.Errorf("the file has no column %q%s", name, strictyaml.Suggest(name, b.header))
	case 1:
		b.used[at[0]] = true
		return at[0], nil
	}
	return 0, errors.New(b.sameHeader(at))
}

// sameHeader says that several columns have one header, and what to do.
func (b *binder) sameHeader(at []int) string {
	name := b.header[at[0]]
	var places []string
	for _, i := range at {
		places = append(places, strconv.Itoa(i+1))
	}
	last := len(places) - 1
	return fmt.Sprintf("columns %s and %s are all called %q; say in the map which one is meant: %s#1 is the first, %s#%d the last",
		strings.Join(places[:last], ", "), places[last], name, name, name, len(at))
}

func allIndexes(header []string, name string) []int {
	var at []int
	for i, other := range header {
		if other == name {
			at = append(at, i)
		}
	}
	return at
}
