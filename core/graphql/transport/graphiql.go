package transport

import "net/http"

func serveGraphiQL(w http.ResponseWriter, r *http.Request) bool { return false }
