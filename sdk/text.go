package sdk

import (
	"io/fs"
	"path"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func textFiles(t *typer, p Plugin) []*pluginpb.TextFile {
	if p.Texts == nil {
		return nil
	}
	var files []*pluginpb.TextFile
	err := fs.WalkDir(p.Texts, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		content, err := fs.ReadFile(p.Texts, name)
		files = append(files, &pluginpb.TextFile{Path: name, Data: content})
		return err
	})
	if err != nil {
		t.mistake("Texts cannot be read: %w", err)
	} else if len(files) == 0 {
		t.mistake("Texts holds no *.yaml file")
	}
	return files
}
