package core

import "time"

// File is what is said of a file: what a field of type file has as its value. The
// content lies in the store under the ID, and never changes.
type File struct {
	ID        string
	Name      string
	Size      int64
	MediaType string // found in the content, and not what somebody said
	SHA256    string // in hexadecimal digits
}

// Value is the canonical value of a field of type file.
func (f File) Value() map[string]any {
	return map[string]any{"id": f.ID, "name": f.Name, "size": f.Size, "mediaType": f.MediaType, "sha256": f.SHA256}
}

// FileOf reads a canonical value.
func FileOf(value map[string]any) (f File) {
	f.ID, _ = value["id"].(string)
	f.Name, _ = value["name"].(string)
	f.Size, _ = value["size"].(int64)
	f.MediaType, _ = value["mediaType"].(string)
	f.SHA256, _ = value["sha256"].(string)
	return f
}

// FileKept is how long the content of a file stays that no record has: longer than a
// request can last that puts it into one, and than a backup.
const FileKept = 24 * time.Hour

// NoContent is the NotFound of a file whose content is not there.
func NoContent(id string) error {
	return &Error{Code: NotFound, Message: "The content of the file " + id + " is not there."}
}
