package conformance

import "time"

// AnswersWithin sets how long the answers to much at once may take.
func AnswersWithin(d time.Duration) { answersWithin = d }
