package transport

import (
	"mime"
	"strconv"
	"strings"
)

const (
	graphqlResponse = "application/graphql-response+json"
	plainJSON       = "application/json"
	html            = "text/html"
)

// negotiate picks the media type of the answer. A client that does not mind
// gets application/json, as clients from before the specification expect.
func negotiate(ranges mediaRanges) (mediaType string, ok bool) {
	if len(ranges) == 0 {
		return plainJSON, true
	}
	response, plain := ranges.quality(graphqlResponse), ranges.quality(plainJSON)
	switch {
	case response <= 0 && plain <= 0:
		return plainJSON, false
	case response > plain, response == plain && ranges.names(graphqlResponse):
		return graphqlResponse, true
	}
	return plainJSON, true
}

// prefersHTML tells a browser's address bar from a program.
func prefersHTML(accept []string) bool {
	ranges := parseAccept(accept)
	return ranges.names(html) && ranges.quality(html) > max(ranges.quality(graphqlResponse), ranges.quality(plainJSON))
}

type mediaRange struct {
	name    string
	quality float64
}

type mediaRanges []mediaRange

// parseAccept leaves out what cannot be parsed, as if it was not accepted.
func parseAccept(values []string) (ranges mediaRanges) {
	for _, part := range strings.Split(strings.Join(values, ","), ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			name = ""
		}
		quality := 1.0
		if q, ok := parameters["q"]; ok {
			if quality, err = strconv.ParseFloat(q, 64); err != nil {
				quality = 0
			}
		}
		ranges = append(ranges, mediaRange{name, quality})
	}
	return ranges
}

func (r mediaRanges) names(mediaType string) bool {
	for _, accepted := range r {
		if accepted.name == mediaType && accepted.quality > 0 {
			return true
		}
	}
	return false
}

// quality is that of the most specific range that fits; 0 when none does.
func (r mediaRanges) quality(mediaType string) float64 {
	group, _, _ := strings.Cut(mediaType, "/")
	for _, name := range []string{mediaType, group + "/*", "*/*"} {
		for _, accepted := range r {
			if accepted.name == name {
				return accepted.quality
			}
		}
	}
	return 0
}
