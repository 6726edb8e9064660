package pluginhost

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// cache keeps the last description of every plugin, so that its entities and
// fields are there when it does not start, and its entities when it is gone.
type cache string

const descriptionSuffix = ".description"

func (c cache) path(name string) string { return filepath.Join(string(c), name+descriptionSuffix) }

// load returns nil when there is nothing of use.
func (c cache) load(name string) *pluginpb.DescribeResponse {
	data, err := os.ReadFile(c.path(name))
	if err != nil {
		return nil
	}
	var d pluginpb.DescribeResponse
	if proto.Unmarshal(data, &d) != nil {
		return nil
	}
	return &d
}

// names lists the plugins that something is known of.
func (c cache) names() []string {
	files, _ := filepath.Glob(c.path("*")) // the pattern is valid
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), descriptionSuffix)
	}
	return files
}

func (c cache) store(name string, d *pluginpb.DescribeResponse) error {
	data, err := proto.Marshal(d)
	if err == nil {
		err = replace(c.path(name), data)
	}
	if err != nil {
		return fmt.Errorf("keep the description of plugin %s: %w", name, err)
	}
	return nil
}

// state returns the folder that is a plugin's own, for it to write to.
func (c cache) state(name string) (string, error) {
	dir := filepath.Join(string(c), "state", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the state folder of plugin %s: %w", name, err)
	}
	return dir, nil
}
