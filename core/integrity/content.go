package integrity

import (
	"context"
	"fmt"
	"io"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Contents are where the contents of files lie.
type Contents interface {
	// OpenContent reads a content from an offset on. NotFound says that there is none.
	OpenContent(ctx context.Context, id string, from int64) (io.ReadCloser, error)
}

// files looks for files whose content is not there, or has another length. What is in it
// is held against its checksum by whoever reads it.
func (c *check) files(ctx context.Context, e *schema.Entity, found []*core.Record) (err error) {
	if c.contents == nil || !e.HasFiles() {
		return nil
	}
	for _, r := range found {
		e.EachFile(r.Values, func(at string, value any) any {
			stored, is := value.(map[string]any)
			f := core.FileOf(stored)
			if !is || f.ID == "" || err != nil {
				return value
			}
			var whole bool
			if whole, err = c.whole(ctx, f); err == nil && !whole {
				c.add(Finding{Emptied, e.Name, r.ID, at, shown(f.Name),
					fmt.Sprintf("%s has the file %s, whose content is not there, or not whole; upload it again, or take it from a backup", at, f.Name)})
			}
			return value
		})
	}
	return err
}

// whole says whether a content has its last byte, and none after it.
func (c *check) whole(ctx context.Context, f core.File) (bool, error) {
	last := max(0, f.Size-1)
	content, err := c.contents.OpenContent(ctx, f.ID, last)
	if core.CodeOf(err) == core.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(content, 2))
	_ = content.Close() // what was read is read
	if core.CodeOf(err) == core.Unavailable {
		return false, err // which says nothing about the file
	}
	return err == nil && last+n == f.Size, ctx.Err()
}
