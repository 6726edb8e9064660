// Package integrity looks for what should not be in the database: references that lead
// nowhere, values that do not fit their fields, unique values that records share, texts
// that filters and orders miss, duplicates that lead nowhere, keys whose party is gone,
// and what was begun and is not done. It changes nothing.
// It reads everything, so it is for administrators, a part at a time.
package integrity
