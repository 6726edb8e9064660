package contract

import (
	"github.com/openxrm/xrm/sdk/contract/wording"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Texts are what a plugin says in other languages than English, with an error that has
// every mistake in them.
func Texts(d *pluginpb.DescribeResponse) (wording.Catalog, error) {
	if len(d.GetTexts()) == 0 {
		return nil, nil
	}
	var files []wording.File
	for _, f := range d.GetTexts() {
		files = append(files, wording.File{Path: f.GetPath(), Data: f.GetData()})
	}
	c, problems := wording.Load(files)
	return c, problems.Err()
}
