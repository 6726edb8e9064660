package conformance

import "time"

// BePatient sets how long the answers to much at once may take, and how long what lasts
// may take to begin.
func BePatient(answers, begin time.Duration) { answersWithin, beginPatience = answers, begin }
